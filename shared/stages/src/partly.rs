//! Work of several parts: what is wrong with one keeps no other from being done, and all that failed is told.

use crate::{Platform, StageError};

/// What was done of work that was not done as a whole.
#[derive(Debug)]
pub struct Partly<T> {
    /// What was done.
    pub done: T,
    /// What failed first, in order of the parts; the observer was told of all that failed after it.
    pub failed: StageError,
}

impl<T> Partly<T> {
    /// What was done, be it all or a part, and what failed first.
    pub fn split(outcome: Result<T, Self>) -> (T, Option<StageError>) {
        match outcome {
            Ok(done) => (done, None),
            Err(partly) => (partly.done, Some(partly.failed)),
        }
    }
}

impl<T> From<Partly<T>> for StageError {
    fn from(partly: Partly<T>) -> Self {
        partly.failed
    }
}

/// It failed before anything was done.
impl<T: Default> From<StageError> for Partly<T> {
    fn from(failed: StageError) -> Self {
        Self { done: T::default(), failed }
    }
}

/// Keeps what failed first, for whoever asked for all parts, and tells the observer of the others.
#[derive(Debug)]
pub struct Failures<'a> {
    platform: &'a Platform,
    first: Option<StageError>,
}

impl<'a> Failures<'a> {
    /// None yet.
    pub fn new(platform: &'a Platform) -> Self {
        Self { platform, first: None }
    }

    /// Notes what failed.
    pub fn note(&mut self, error: StageError) {
        match self.first {
            None => self.first = Some(error),
            Some(_) => self.platform.observer.failed(&error.to_string()),
        }
    }

    /// The outcome of a part, unless it is a failure.
    pub fn unless<T>(&mut self, outcome: Result<T, StageError>) -> Option<T> {
        outcome.map_err(|error| self.note(error)).ok()
    }

    /// What was done of a part that has parts itself.
    pub fn done_of<T>(&mut self, outcome: Result<T, Partly<T>>) -> T {
        let (done, failed) = Partly::split(outcome);
        if let Some(error) = failed {
            self.note(error);
        }
        done
    }

    /// What failed first.
    pub fn first(self) -> Option<StageError> {
        self.first
    }

    /// How the work ended of which this was done.
    pub fn end<T>(self, done: T) -> Result<T, Partly<T>> {
        match self.first {
            None => Ok(done),
            Some(failed) => Err(Partly { done, failed }),
        }
    }
}
