//! What is planted.

use crate::series::{Clean, Kind};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Anomaly {
    Spike,
    Drop,
    Shift,
    Outage,
    Drift,
}

impl Anomaly {
    pub(crate) const ALL: [Self; 5] =
        [Self::Spike, Self::Drop, Self::Shift, Self::Outage, Self::Drift];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Drop => "drop",
            Self::Shift => "level shift",
            Self::Outage => "outage",
            Self::Drift => "slow drift",
        }
    }

    /// Small, middling and large: in standard deviations of the value, of outages in steps.
    pub(crate) fn sizes(self) -> [f64; 3] {
        match self {
            Self::Spike | Self::Drop => [4.0, 6.0, 10.0],
            Self::Shift => [1.5, 3.0, 5.0],
            Self::Outage => [1.0, 3.0, 7.0],
            Self::Drift => [3.0, 5.0, 8.0],
        }
    }

    /// Steps from the onset on in which it has to be found.
    pub(crate) fn steps(self, kind: Kind, size: f64) -> usize {
        let plan = kind.plan();
        plan.grace
            + match self {
                Self::Spike | Self::Drop => 1,
                Self::Outage => size as usize,
                Self::Shift => plan.lasting,
                Self::Drift => plan.drift,
            }
    }

    /// The value at a place, with the anomaly. Shifts and drifts stay; they go up where `up`.
    pub(crate) fn plant(
        self,
        kind: Kind,
        size: f64,
        up: bool,
        onset: usize,
        clean: &Clean,
        at: usize,
    ) -> f64 {
        let value = clean.values[at];
        let Some(age) = at.checked_sub(onset) else { return value };
        let way = if up { size } else { -size };
        let times = match self {
            Self::Spike if age == 0 => size,
            Self::Drop if age == 0 => -size,
            Self::Outage if age < size as usize => return 0.0,
            Self::Shift => way,
            Self::Drift => way * ((age + 1) as f64 / kind.plan().drift as f64).min(1.0),
            _ => return value,
        };
        let planted = (value + times * clean.sizes[at]).max(0.0);
        if clean.is_whole { planted.round() } else { planted }
    }
}
