//! Visitors and what they do.

use chrono::Datelike;

use super::Events;
use super::event::{Event, EventKind};
use super::moment::{DAY, HOUR, MINUTE, Moment, SECOND};
use crate::random::{Chance, Random, mix};

const VISITS_STREAM: u64 = 40;
const PLAN_STREAM: u64 = 41;
/// Streams from here on belong to single users.
const FIRST_USER_STREAM: u64 = 1 << 32;

/// How many events a visit has on average.
const EVENTS_PER_VISIT: f64 = 5.2;
/// Visits become more by this share in thirty days.
const GROWTH_PER_MONTH: f64 = 0.1;
/// How many times the usual visits the campaign's hours bring.
const CAMPAIGN: f64 = 4.0;

const PLATFORMS: [(&str, u32); 3] = [("web", 55), ("ios", 25), ("android", 20)];
const COUNTRIES: [(&str, u32); 8] =
    [("US", 34), ("DE", 18), ("GB", 14), ("FR", 11), ("CH", 8), ("BR", 7), ("IN", 5), ("JP", 3)];

/// Visits per hour of the day, relative to each other: the evenings are long, so that visits
/// cross midnight.
const HOURS: [(i64, u32); 24] = [
    (0, 22),
    (1, 14),
    (2, 9),
    (3, 7),
    (4, 7),
    (5, 9),
    (6, 15),
    (7, 24),
    (8, 32),
    (9, 37),
    (10, 40),
    (11, 42),
    (12, 46),
    (13, 44),
    (14, 41),
    (15, 41),
    (16, 44),
    (17, 50),
    (18, 58),
    (19, 66),
    (20, 70),
    (21, 62),
    (22, 46),
    (23, 33),
];

/// What comes next; `None` ends the visit.
type Next = [(Option<EventKind>, u32)];

const ENTRY: &Next = &[
    (Some(EventKind::PageView), 62),
    (Some(EventKind::ProductView), 22),
    (Some(EventKind::Search), 14),
    (Some(EventKind::Signup), 2),
];
const BROWSING: &Next = &[
    (Some(EventKind::PageView), 30),
    (Some(EventKind::ProductView), 36),
    (Some(EventKind::Search), 14),
    (Some(EventKind::Error), 1),
    (None, 19),
];
const AFTER_PRODUCT: &Next = &[
    (Some(EventKind::PageView), 18),
    (Some(EventKind::ProductView), 28),
    (Some(EventKind::Search), 10),
    (Some(EventKind::AddToCart), 22),
    (Some(EventKind::Error), 1),
    (None, 21),
];
const AFTER_CART: &Next = &[
    (Some(EventKind::ProductView), 26),
    (Some(EventKind::PageView), 12),
    (Some(EventKind::AddToCart), 8),
    (Some(EventKind::Checkout), 34),
    (None, 20),
];
const AFTER_CHECKOUT: &Next = &[
    (Some(EventKind::Purchase), 64),
    (Some(EventKind::PageView), 12),
    (Some(EventKind::Error), 4),
    (None, 20),
];
const AFTER_CHECKOUT_IN_OUTAGE: &Next = &[(Some(EventKind::Error), 90), (None, 10)];
const AFTER_PURCHASE: &Next = &[(Some(EventKind::PageView), 30), (None, 70)];

/// How long until the next event, in kinds of pauses.
#[derive(Debug, Clone, Copy)]
enum Pause {
    Short,
    /// Exactly as long as a visit may rest.
    HalfAnHour,
    /// So long that it counts as another visit.
    Long,
    /// Two events at once.
    None,
}

const PAUSES: [(Pause, u32); 4] =
    [(Pause::Short, 960), (Pause::HalfAnHour, 4), (Pause::Long, 22), (Pause::None, 14)];

/// Draws visits day by day.
#[derive(Debug)]
pub(super) struct Traffic {
    settings: Events,
    random: Random,
    users: u32,
    returning: Chance,
    visits: u32,
    events: u64,
    /// The day and the hour at which the campaign begins.
    campaign: (u32, i64),
    /// The day on which nobody can pay.
    outage: u32,
}

impl Traffic {
    pub(super) fn new(settings: &Events) -> Self {
        let mut plan = Random::new(settings.seed, PLAN_STREAM);
        let visits_per_day = f64::from(settings.rows_per_day) / EVENTS_PER_VISIT;
        Self {
            settings: settings.clone(),
            random: Random::new(settings.seed, VISITS_STREAM),
            users: (visits_per_day * 2.5) as u32 + 10,
            returning: Chance::new(0.6),
            visits: 0,
            events: 0,
            campaign: (settings.days / 2, 17 + i64::from(plan.below(3))),
            outage: settings.days * 3 / 4,
        }
    }

    /// The events of all visits that begin on a day. Some occur on the next one; those behind the
    /// last day are left out.
    pub(super) fn events_of_visits_from(&mut self, day: u32) -> Vec<Event> {
        let date = self.settings.day(day);
        let weekend = date.weekday().num_days_from_monday() >= 5;
        let growth = 1.0 + GROWTH_PER_MONTH * f64::from(day) / 30.0;
        let expected = f64::from(self.settings.rows_per_day) / EVENTS_PER_VISIT
            * growth
            * if weekend { 1.25 } else { 0.9 };
        let midnight = Moment::midnight(date);
        let mut events = Vec::new();
        for _ in 0..self.random.count(expected) {
            let start = HOUR * self.random.pick(&HOURS);
            self.visit(midnight.after(start), &mut events, day == self.outage);
        }
        if day == self.campaign.0 {
            for _ in 0..self.random.count(expected * 0.06 * (CAMPAIGN - 1.0)) {
                self.visit(midnight.after(HOUR * self.campaign.1), &mut events, false);
            }
        }
        let end = Moment::midnight(self.settings.day(self.settings.days - 1)).after(DAY);
        events.retain(|event| event.at < end);
        events
    }

    /// Adds a visit that begins within an hour.
    fn visit(&mut self, hour: Moment, events: &mut Vec<Event>, outage: bool) {
        let user = self.user();
        let country = self.country(user);
        let platform = self.random.pick::<&str>(&PLATFORMS);
        let session = self.visits;
        self.visits += 1;
        let mut at = hour.after(i64::from(self.random.below(HOUR as u32)));
        let mut next = *self.random.pick(ENTRY);
        while let Some(kind) = next {
            events.push(Event { id: self.event_id(), kind, user, session, at, platform, country });
            next = *self.random.pick(following(kind, outage));
            at = at.after(self.pause());
        }
    }

    /// Half of the visits are by a tenth of the users.
    fn user(&mut self) -> u32 {
        let all = self.users;
        let regulars = if self.random.happens(self.returning) { all / 10 + 1 } else { all };
        self.random.below(regulars)
    }

    /// Users stay where they are.
    fn country(&self, user: u32) -> &'static str {
        let stream = FIRST_USER_STREAM + u64::from(user);
        Random::new(self.settings.seed, stream).pick::<&str>(&COUNTRIES)
    }

    /// One to one with the running number, and in no order.
    fn event_id(&mut self) -> u64 {
        self.events += 1;
        mix(self.events ^ mix(self.settings.seed))
    }

    /// In milliseconds.
    fn pause(&mut self) -> i64 {
        match self.random.pick(&PAUSES) {
            Pause::Short => {
                let seconds = self.random.heavy_tailed(24.0, 1.1);
                ((seconds * SECOND as f64) as i64).min(25 * MINUTE)
            }
            Pause::HalfAnHour => 30 * MINUTE,
            Pause::Long => 30 * MINUTE + 1 + i64::from(self.random.below(5_400_000)),
            Pause::None => 0,
        }
    }

    /// The planted anomalies, a sentence each.
    pub(super) fn anomalies(&self) -> Vec<String> {
        let (campaign, hour) = self.campaign;
        vec![
            format!("{} {hour}:00: campaign, visits x{CAMPAIGN}", self.settings.day(campaign)),
            format!("{}: nobody can pay, errors after checkout", self.settings.day(self.outage)),
        ]
    }
}

fn following(kind: EventKind, outage: bool) -> &'static Next {
    match kind {
        EventKind::ProductView => AFTER_PRODUCT,
        EventKind::AddToCart => AFTER_CART,
        EventKind::Checkout if outage => AFTER_CHECKOUT_IN_OUTAGE,
        EventKind::Checkout => AFTER_CHECKOUT,
        EventKind::Purchase => AFTER_PURCHASE,
        EventKind::PageView | EventKind::Search | EventKind::Signup | EventKind::Error => BROWSING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(settings: &Events) -> Vec<Event> {
        let mut traffic = Traffic::new(settings);
        (0..settings.days).flat_map(|day| traffic.events_of_visits_from(day)).collect()
    }

    #[test]
    fn days_have_about_as_many_events_as_wanted() {
        let events = events(&Events { days: 28, ..Events::default() });
        let per_day = events.len() as f64 / 28.0;
        assert!((4_700.0..5_500.0).contains(&per_day), "{per_day}");
    }

    #[test]
    fn visits_cross_midnight_and_ids_are_unique() {
        let events = events(&Events::default());
        let crossing = events.windows(2).filter(|pair| {
            pair[0].session == pair[1].session && pair[0].at.date() != pair[1].at.date()
        });
        assert!(crossing.count() > 10);
        let ids: std::collections::HashSet<u64> = events.iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), events.len());
    }

    #[test]
    fn nobody_pays_during_the_outage() {
        let settings = Events::default();
        let events = events(&settings);
        let count = |day: u32, kind: EventKind| {
            let of = events.iter().filter(|event| event.at.date() == settings.day(day));
            of.filter(|event| event.kind == kind).count()
        };
        let outage = settings.days * 3 / 4;
        assert!(count(outage, EventKind::Error) > 2 * count(outage - 1, EventKind::Error));
        assert!(count(outage, EventKind::Purchase) * 5 < count(outage - 1, EventKind::Purchase));
    }
}
