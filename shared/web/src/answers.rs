//! Answers as they were sent, kept by what they are an answer to.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::etag::ETag;

/// Answers that are kept in a usual process.
const USUAL_ANSWERS: usize = 1000;

/// A body, and the cursor of the page behind it.
#[derive(Debug, Clone)]
pub(crate) struct SentAnswer {
    pub(crate) body: Bytes,
    pub(crate) next: Option<String>,
}

/// Answers by their tags. A tag names the version of the table, so none ever grows old.
#[derive(Debug)]
pub(crate) struct Answers(Cache<ETag, SentAnswer, BodyBytes>);

#[derive(Debug, Clone)]
struct BodyBytes;

impl Weighter<ETag, SentAnswer> for BodyBytes {
    fn weight(&self, tag: &ETag, answer: &SentAnswer) -> u64 {
        let next = answer.next.as_ref().map_or(0, String::len);
        (tag.as_str().len() + answer.body.len() + next) as u64
    }
}

impl Answers {
    /// Keeps answers of so many bytes together.
    pub(crate) fn new(bytes: u64) -> Self {
        Self(Cache::with_weighter(USUAL_ANSWERS, bytes, BodyBytes))
    }

    pub(crate) fn get(&self, tag: &ETag) -> Option<SentAnswer> {
        self.0.get(tag)
    }

    pub(crate) fn keep(&self, tag: ETag, answer: SentAnswer) {
        self.0.insert(tag, answer);
    }
}
