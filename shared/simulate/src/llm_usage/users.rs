//! The users, and when the platform hears of them.

use super::LlmUsage;
use crate::random::{Random, running_totals};

const RANDOM_STREAM: u64 = 30;

const COMPANIES: [(&str, u32); 10] = [
    ("Acme Robotics", 18),
    ("Borealis Bank", 15),
    ("Cobalt Health, Inc.", 14),
    ("Dune Logistics", 12),
    ("Evergreen Energy", 10),
    ("Fathom Media", 9),
    ("Granite Insurance", 8),
    ("Harbor & Sons", 6),
    ("Ionic Games", 5),
    ("Jupiter Travel", 3),
];
const REGIONS: [(&str, u32); 4] =
    [("us-east", 40), ("eu-west", 30), ("us-west", 20), ("ap-south", 10)];
const PLANS: [(&str, u32); 3] = [("team", 50), ("enterprise", 30), ("free", 20)];
const NAMES: [(&str, u32); 16] = [
    ("ada", 1),
    ("bo", 1),
    ("chen", 1),
    ("dara", 1),
    ("emil", 1),
    ("fatima", 1),
    ("grace", 1),
    ("hugo", 1),
    ("ines", 1),
    ("jan", 1),
    ("kofi", 1),
    ("lena", 1),
    ("mei", 1),
    ("nora", 1),
    ("omar", 1),
    ("zoë", 1),
];

/// What is known about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) username: String,
    pub(super) company: &'static str,
    pub(super) region: &'static str,
    pub(super) plan: &'static str,
}

/// When the platform hears of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Arrival {
    First,
    /// In a later file.
    Late,
    /// In the first file, and with this profile in a later one.
    Corrected(Profile),
    Never,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) user_id: String,
    pub(super) profile: Profile,
    pub(super) arrival: Arrival,
    /// How much of the demand is this user's.
    pub(super) activity: u32,
}

impl User {
    /// What is known in the end; `None` of users that never arrive.
    pub(super) fn known(&self) -> Option<&Profile> {
        match &self.arrival {
            Arrival::First | Arrival::Late => Some(&self.profile),
            Arrival::Corrected(corrected) => Some(corrected),
            Arrival::Never => None,
        }
    }
}

/// All users.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) users: Vec<User>,
}

impl Directory {
    pub(super) fn new(settings: &LlmUsage) -> Self {
        #[derive(Clone, Copy)]
        enum Fate {
            Late,
            Never,
            Corrected,
        }
        let mut random = Random::new(settings.seed, RANDOM_STREAM);
        let fates = running_totals(&[
            (settings.dirt.late_users, Fate::Late),
            (settings.dirt.missing_users, Fate::Never),
            (settings.dirt.corrected_users, Fate::Corrected),
        ]);
        let users = (1..=settings.users).map(|number| {
            let profile = Profile {
                username: format!("{}.{}{number}", random.pick(&NAMES), random.pick(&NAMES)),
                company: random.pick::<&str>(&COMPANIES),
                region: random.pick::<&str>(&REGIONS),
                plan: random.pick::<&str>(&PLANS),
            };
            User {
                user_id: format!("u_{number:05}"),
                arrival: match random.one_of(&fates) {
                    None => Arrival::First,
                    Some(Fate::Late) => Arrival::Late,
                    Some(Fate::Never) => Arrival::Never,
                    Some(Fate::Corrected) => Arrival::Corrected(corrected(&profile, &mut random)),
                },
                profile,
                activity: random.heavy_tailed(100.0, 1.0) as u32 + 1,
            }
        });
        Self { users: users.collect() }
    }
}

/// The user moved, changed the company, or is on another plan.
fn corrected(profile: &Profile, random: &mut Random) -> Profile {
    let mut corrected = profile.clone();
    match random.below(3) {
        0 => corrected.company = random.pick::<&str>(&COMPANIES),
        1 => corrected.region = random.pick::<&str>(&REGIONS),
        _ => corrected.plan = "enterprise",
    }
    corrected
}
