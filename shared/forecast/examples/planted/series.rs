//! Series as businesses have them.

use crate::chance::Chance;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// 2021-01-01, a Friday.
const START: i64 = 1_609_459_200;
/// Days of the year on which much is closed, and what is left on them.
const HOLIDAYS: [i64; 8] = [0, 45, 100, 150, 184, 248, 328, 358];
const ON_HOLIDAYS: f64 = 0.6;

/// What is measured how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Counts by the day around a mean: a week, a year, a trend, holidays.
    DailyCounts(f64),
    /// Counts by the hour: a day and a week.
    HourlyCounts,
    /// Money by the day: errors that are shares of the level and hang together.
    DailyRevenue,
    /// Money by the month, the last of the fiscal year a large one.
    MonthlyAmounts,
}

/// When things happen in a kind of series, in steps.
pub(crate) struct Plan {
    /// All that is simulated.
    pub(crate) length: usize,
    /// From here on what is reported counts.
    pub(crate) judged: usize,
    /// An anomaly begins in one of these.
    pub(crate) onset: std::ops::Range<usize>,
    /// A lasting change counts as found so many steps after it began, at the latest.
    pub(crate) lasting: usize,
    /// Steps over which a slow drift goes from nothing to its whole size.
    pub(crate) drift: usize,
    /// How late, after an anomaly's end, is still in time.
    pub(crate) grace: usize,
}

/// A series without anomalies.
pub(crate) struct Clean {
    /// When, in seconds.
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<f64>,
    /// The standard deviation of each value around what it should be.
    pub(crate) sizes: Vec<f64>,
    pub(crate) is_whole: bool,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::DailyCounts(5.0),
        Self::DailyCounts(30.0),
        Self::DailyCounts(300.0),
        Self::HourlyCounts,
        Self::DailyRevenue,
        Self::MonthlyAmounts,
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::DailyCounts(mean) => format!("daily counts, {mean:.0}"),
            Self::HourlyCounts => "hourly counts".to_owned(),
            Self::DailyRevenue => "daily revenue".to_owned(),
            Self::MonthlyAmounts => "monthly amounts".to_owned(),
        }
    }

    pub(crate) fn plan(self) -> Plan {
        match self {
            Self::DailyCounts(_) | Self::DailyRevenue => Plan {
                length: 1_100,
                judged: 500,
                onset: 865..900,
                lasting: 28,
                drift: 60,
                grace: 3,
            },
            Self::HourlyCounts => Plan {
                length: 2_880,
                judged: 1_000,
                onset: 2_000..2_168,
                lasting: 48,
                drift: 96,
                grace: 6,
            },
            Self::MonthlyAmounts => {
                Plan { length: 144, judged: 48, onset: 96..108, lasting: 12, drift: 18, grace: 2 }
            }
        }
    }

    pub(crate) fn simulate(self, chance: &mut Chance) -> Clean {
        let length = self.plan().length;
        let times: Vec<i64> = (0..length).map(|step| self.time(step as i64)).collect();
        let levels = match self {
            Self::DailyCounts(mean) => daily_levels(&times, mean, chance),
            Self::DailyRevenue => daily_levels(&times, 12_000.0, chance),
            Self::HourlyCounts => hourly_levels(&times, 40.0, chance),
            Self::MonthlyAmounts => monthly_levels(length, 400_000.0, chance),
        };
        let mut lasting = 0.0;
        let mut values = Vec::with_capacity(length);
        let mut sizes = Vec::with_capacity(length);
        for level in levels {
            let (value, size) = match self {
                Self::DailyCounts(_) => counted(level, 0.02, chance),
                Self::HourlyCounts => counted(level, 0.01, chance),
                Self::DailyRevenue => {
                    lasting = 0.3 * lasting + 0.12 * chance.normal();
                    (level * lasting.exp(), 0.126 * level)
                }
                Self::MonthlyAmounts => (level * (0.2 * chance.normal()).exp(), 0.2 * level),
            };
            values.push(value);
            sizes.push(size);
        }
        let is_whole = matches!(self, Self::DailyCounts(_) | Self::HourlyCounts);
        Clean { times, values, sizes, is_whole }
    }

    fn time(self, step: i64) -> i64 {
        match self {
            Self::HourlyCounts => START + step * HOUR,
            Self::MonthlyAmounts => {
                // The first of the month, by days since 1970 (Hinnant: chrono-compatible low-level
                // date algorithms, 2013).
                let (year, month) = (2_010 + step / 12, step % 12 + 1);
                let (year, from_march) =
                    if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
                let days = 365 * year + year / 4 - year / 100 + year / 400;
                (days + (153 * from_march + 2) / 5 - 719_468) * DAY
            }
            _ => START + step * DAY,
        }
    }
}

fn counted(level: f64, extra: f64, chance: &mut Chance) -> (f64, f64) {
    (chance.count(level, extra), (level + extra * level * level).sqrt())
}

fn daily_levels(times: &[i64], mean: f64, chance: &mut Chance) -> Vec<f64> {
    let week: Vec<f64> = [1.0, 1.05, 1.1, 1.05, 1.0, 0.75, 0.65]
        .iter()
        .map(|usual| usual * chance.between(0.9, 1.1))
        .collect();
    let (year, turned) = (chance.between(0.1, 0.3), chance.between(0.0, 1.0));
    let trend = chance.between(-0.1, 0.2);
    let level = |time: &i64| {
        let day = (time - START).div_euclid(DAY);
        let years = day as f64 / 365.25;
        let season = 1.0 + year * (std::f64::consts::TAU * (years + turned)).sin();
        let holiday = if HOLIDAYS.contains(&day.rem_euclid(365)) { ON_HOLIDAYS } else { 1.0 };
        mean * week[day.rem_euclid(7) as usize] * season * (1.0 + trend * years) * holiday
    };
    times.iter().map(level).collect()
}

fn hourly_levels(times: &[i64], mean: f64, chance: &mut Chance) -> Vec<f64> {
    let turned = chance.between(0.0, 24.0);
    let weekend = chance.between(0.5, 0.9);
    let trend = chance.between(-0.1, 0.2);
    let level = |time: &i64| {
        let hours = (time - START) as f64 / HOUR as f64;
        let day = 1.0 + 0.7 * (std::f64::consts::TAU * (hours + turned) / 24.0).sin();
        let week = if (hours / 24.0) as i64 % 7 >= 5 { weekend } else { 1.0 };
        mean * day * week * (1.0 + trend * hours / 8_766.0)
    };
    times.iter().map(level).collect()
}

fn monthly_levels(length: usize, mean: f64, chance: &mut Chance) -> Vec<f64> {
    let year: Vec<f64> = (0..12)
        .map(|month| if month == 5 { 1.6 } else { 1.0 } * chance.between(0.8, 1.2))
        .collect();
    let trend = chance.between(0.0, 0.06);
    (0..length).map(|step| mean * year[step % 12] * (1.0 + trend * step as f64 / 12.0)).collect()
}
