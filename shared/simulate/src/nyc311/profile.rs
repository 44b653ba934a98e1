//! What New York asks for: the most frequent types of complaints, with the agencies, descriptors,
//! places and paces that go with them. The proportions follow the city's real export.

use super::kinds::KINDS;
use super::rhythm::Rhythm;
use crate::random::Random;

/// A type of complaint, as an index into the table of kinds.
pub(super) type KindIndex = u8;

/// A type of complaint.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) agency: Agency,
    /// Relative to the other types, over a year.
    pub(super) weight: u16,
    /// Share per borough, in hundredths.
    pub(super) boroughs: [u8; 5],
    pub(super) rhythm: Rhythm,
    pub(super) median_hours: f64,
    /// Share of requests that stay open for good.
    pub(super) never_closed: f64,
    pub(super) descriptors: Choice,
    pub(super) location_types: Choice,
}

/// The city's agencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agency {
    Nypd,
    Hpd,
    Dsny,
    Dot,
    Dep,
    Dpr,
    Dob,
    Dohmh,
    Dhs,
    Tlc,
    Dcwp,
}

/// How many agencies there are.
pub(super) const AGENCY_COUNT: usize = 11;

impl Agency {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nypd => "NYPD",
            Self::Hpd => "HPD",
            Self::Dsny => "DSNY",
            Self::Dot => "DOT",
            Self::Dep => "DEP",
            Self::Dpr => "DPR",
            Self::Dob => "DOB",
            Self::Dohmh => "DOHMH",
            Self::Dhs => "DHS",
            Self::Tlc => "TLC",
            Self::Dcwp => "DCWP",
        }
    }
}

/// Texts with their weights.
#[derive(Debug)]
pub(super) struct Choice {
    texts: &'static [(&'static str, u16)],
    total: u32,
}

impl Choice {
    #[inline]
    pub(super) fn pick(&self, random: &mut Random) -> &'static str {
        let mut remaining = random.below(self.total);
        for (text, weight) in self.texts {
            let weight = u32::from(*weight);
            if remaining < weight {
                return text;
            }
            remaining -= weight;
        }
        ""
    }
}

pub(super) const fn choice(texts: &'static [(&'static str, u16)]) -> Choice {
    let mut total = 0;
    let mut index = 0;
    while index < texts.len() {
        total += texts[index].1 as u32;
        index += 1;
    }
    Choice { texts, total }
}

pub(super) fn kind(index: KindIndex) -> &'static Kind {
    &KINDS[usize::from(index)]
}
