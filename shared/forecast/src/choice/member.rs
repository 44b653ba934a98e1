//! One series of a set, with everything that its models are given.

use super::prepare::{Input, Prepared};
use super::trials::{Known, at_origin};
use crate::Settings;
use crate::holidays::Effects;
use crate::models::{Candidates, Pooled, View, Wanted, candidates};

pub(super) struct Member<'a> {
    pub(super) one: &'a Prepared,
    pub(super) input: Input<'a>,
    pub(super) settings: &'a Settings,
}

impl Member<'_> {
    /// What holidays do, as far as the values before `end` say.
    pub(super) fn effects(&self, end: usize) -> Option<Effects> {
        let known = self.one.skipped + end;
        let Settings { horizon, holidays, .. } = self.settings;
        Effects::of(self.input, known, *horizon, holidays, self.one.season(), self.one.unit)
    }

    /// All values, without gaps and without what holidays do to them.
    pub(super) fn whole(&self) -> Known {
        let end = self.one.values.len();
        at_origin(self.one, end, self.effects(end).as_ref())
    }

    /// What every model that is wanted says about what comes after all values.
    pub(super) fn ahead(&self, pooled: Option<&Pooled>, wanted: &Wanted) -> Candidates {
        let (one, horizon) = (self.one, self.settings.horizon);
        let effects = self.effects(one.values.len());
        let known = at_origin(one, one.values.len(), effects.as_ref());
        let mut found = candidates(View {
            values: &known.drawn,
            plain: &known.plain,
            seasons: &one.seasons,
            horizon,
            pooled,
            floor: one.floor,
            wanted,
        });
        if let Some(effects) = effects {
            effects.add(&mut found, one.skipped + one.values.len(), one.floor);
        }
        found
    }
}
