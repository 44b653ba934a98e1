//! What a request says besides its dates: always the same for the same request.

use super::lifecycle::Version;
use super::places::{Place, SPREAD, places};
use super::profile::kind;
use crate::random::{Chance, Random};

/// Streams from here on belong to single requests.
const FIRST_STREAM: u64 = 1 << 32;

/// A degree, in the units of coordinates.
pub(super) const DEGREE: u64 = 100_000_000_000_000;

#[derive(Debug)]
pub(super) struct Details {
    pub(super) descriptor: &'static str,
    pub(super) location_type: &'static str,
    pub(super) place: &'static Place,
    pub(super) zip_known: bool,
    pub(super) city_known: bool,
    /// In hundredths of a trillionth of a degree north: the city writes fourteen digits.
    pub(super) latitude: u64,
    /// The same to the west.
    pub(super) longitude: u64,
}

/// Draws the details of requests.
#[derive(Debug)]
pub(super) struct DetailSource {
    seed: u64,
    zip_unknown: Chance,
    city_unknown: Chance,
}

impl DetailSource {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, zip_unknown: Chance::new(0.007), city_unknown: Chance::new(0.045) }
    }

    #[inline]
    pub(super) fn of(&self, version: &Version) -> Details {
        let mut random = Random::new(self.seed, FIRST_STREAM + version.sequence);
        let kind = kind(version.kind);
        let descriptor = kind.descriptors.pick(&mut random);
        let location_type = kind.location_types.pick(&mut random);
        let place = pick_place(places(version.borough), &mut random);
        let zip_known = !random.happens(self.zip_unknown);
        Details {
            descriptor,
            location_type,
            place,
            zip_known,
            city_known: zip_known && !random.happens(self.city_unknown),
            latitude: near(place.latitude, &mut random),
            longitude: near(place.longitude, &mut random),
        }
    }
}

fn pick_place(places: &'static [Place], random: &mut Random) -> &'static Place {
    let total: u32 = places.iter().map(|place| u32::from(place.weight)).sum();
    let mut remaining = random.below(total);
    for place in places {
        let weight = u32::from(place.weight);
        if remaining < weight {
            return place;
        }
        remaining -= weight;
    }
    &places[0]
}

/// A coordinate around the centre, more often close to it than far from it.
#[inline]
fn near(centre: u32, random: &mut Random) -> u64 {
    const TEN_THOUSANDTH: u64 = DEGREE / 10_000;
    let reach = u64::from(SPREAD) * TEN_THOUSANDTH;
    let drawn = random.next();
    let sum = (drawn >> 32) + (drawn & 0xFFFF_FFFF);
    // The last digits have to be random, too; they come from the low bits once more.
    let offset = ((sum * (reach >> 16)) >> 16) + (drawn & 0xFFFF);
    u64::from(centre) * TEN_THOUSANDTH - reach + offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_their_details() {
        let source = DetailSource::new(1);
        let version = Version { sequence: 99, created: 0, closed: None, kind: 1, borough: 2 };
        let closed = Version { closed: Some(5), ..version };
        let (first, second) = (source.of(&version), source.of(&closed));
        assert_eq!(first.descriptor, second.descriptor);
        assert_eq!(first.latitude, second.latitude);
    }

    #[test]
    fn coordinates_lie_around_the_centre() {
        let mut random = Random::new(1, 1);
        for _ in 0..10_000 {
            let degrees = near(405_900, &mut random) as f64 / DEGREE as f64;
            assert!((40.583_9..40.596_1).contains(&degrees), "{degrees}");
        }
    }
}
