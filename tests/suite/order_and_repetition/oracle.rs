//! What must come out, computed in the most naive way from what the rules say, not from the SQL.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::world::{File, Flaw, Moment, Row, World};

/// Rows as texts, sorted, so that they compare whatever their order.
pub(super) type Rows = Vec<Vec<String>>;

/// What stands for null.
pub(super) const NULL: &str = "-";

/// The columns of silver that the oracle knows, in its order.
pub(super) const SILVER_COLUMNS: &str = "unique_key, created_at, closed_at, agency, complaint_type, \
    borough, created_date, created_hour, day_of_week, is_weekend, resolution_hours, created_month, \
    _updated_at";

/// The marts in the order of the definition.
pub(super) const MARTS: [&str; 4] =
    ["daily_requests", "borough_daily", "hourly_pattern", "agency_monthly"];

/// The end result over some files.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    pub bronze: u64,
    pub superseded: u64,
    /// Rule, source and line of every refused row.
    pub quarantine: Rows,
    requests: HashMap<i64, Request>,
}

#[derive(Debug, Clone)]
struct Request {
    key: i64,
    created: i64,
    month: String,
    closed: Option<i64>,
    updated: Option<i64>,
    agency: Option<String>,
    complaint: Option<String>,
    borough: String,
}

impl Oracle {
    /// Over the first so many files of a world.
    pub(super) fn over(world: &World, files: usize) -> Self {
        let mut oracle = Self::default();
        let mut contents = HashSet::new();
        for (position, file) in world.files.iter().enumerate().take(files) {
            if contents.insert(file.csv()) {
                oracle.take_in(&world.key(position), file);
            }
        }
        oracle.quarantine.sort();
        oracle
    }

    pub(super) fn silver_count(&self) -> u64 {
        self.requests.len() as u64
    }

    pub(super) fn refused(&self) -> u64 {
        self.quarantine.len() as u64
    }

    fn take_in(&mut self, source: &str, file: &File) {
        for (position, row) in file.rows.iter().enumerate() {
            self.bronze += 1;
            match judge(file, row) {
                Ok(request) => self.keep_newest(request),
                Err(rule) => {
                    // The header is line 1.
                    let line = (position + 2).to_string();
                    self.quarantine.push(vec![rule.to_owned(), source.to_owned(), line]);
                }
            }
        }
    }

    /// The greater update time wins; one without is older than any; of equals the later arrival.
    fn keep_newest(&mut self, request: Request) {
        match self.requests.get_mut(&request.key) {
            None => drop(self.requests.insert(request.key, request)),
            Some(known) => {
                self.superseded += 1;
                if request.updated >= known.updated {
                    *known = request;
                }
            }
        }
    }

    /// Silver in [`SILVER_COLUMNS`].
    pub(super) fn silver(&self) -> Rows {
        sorted(self.requests.values().map(|request| {
            vec![
                request.key.to_string(),
                request.created.to_string(),
                text(request.closed),
                text(request.agency.clone()),
                text(request.complaint.clone()),
                request.borough.clone(),
                request.day().to_string(),
                request.hour().to_string(),
                request.weekday().to_string(),
                (request.weekday() >= 6).to_string(),
                number(request.resolution_hours()),
                request.month.clone(),
                text(request.updated),
            ]
        }))
    }

    /// A mart, in its declared columns.
    pub(super) fn mart(&self, name: &str) -> Rows {
        let mut groups: BTreeMap<Vec<String>, Vec<&Request>> = BTreeMap::new();
        for request in self.requests.values() {
            groups.entry(request.group(name)).or_default().push(request);
        }
        sorted(groups.into_iter().map(|(group, requests)| {
            let mut hours: Vec<f64> =
                requests.iter().filter_map(|request| request.resolution_hours()).collect();
            hours.sort_by(f64::total_cmp);
            let all = requests.len().to_string();
            let closed =
                requests.iter().filter(|request| request.closed.is_some()).count().to_string();
            let within_a_day = hours.iter().filter(|hours| **hours <= 24.0).count().to_string();
            let (median, p90) = (number(quantile(&hours, 0.5)), number(quantile(&hours, 0.9)));
            let measures = match name {
                "daily_requests" => vec![all, closed, median],
                "borough_daily" => vec![all, closed, median, p90],
                "hourly_pattern" => vec![all],
                _ => vec![all, closed, within_a_day, median],
            };
            group.into_iter().chain(measures).collect()
        }))
    }
}

impl Request {
    fn group(&self, mart: &str) -> Vec<String> {
        let (day, month) = (self.day().to_string(), self.month.clone());
        match mart {
            "daily_requests" => vec![day, self.borough.clone(), text(self.complaint.clone())],
            "borough_daily" => vec![day, self.borough.clone()],
            "hourly_pattern" => {
                let (weekday, hour) = (self.weekday().to_string(), self.hour().to_string());
                vec![month, self.borough.clone(), weekday, hour]
            }
            "agency_monthly" => vec![month, text(self.agency.clone())],
            other => panic!("the oracle knows no mart {other}"),
        }
    }

    fn day(&self) -> i64 {
        self.created.div_euclid(86_400)
    }

    fn hour(&self) -> i64 {
        self.created.rem_euclid(86_400) / 3_600
    }

    /// 1970-01-01 was a Thursday.
    fn weekday(&self) -> i64 {
        (self.day() + 3).rem_euclid(7) + 1
    }

    fn resolution_hours(&self) -> Option<f64> {
        let seconds = self.closed? - self.created;
        (seconds >= 0).then_some(seconds as f64 / 3_600.0)
    }
}

fn judge(file: &File, row: &Row) -> Result<Request, &'static str> {
    if row.flaw != Flaw::None {
        return Err("malformed");
    }
    let key = row.key.1.ok_or("unique_key_is_integer")?;
    let (year, month, ..) = row.created.1.ok_or("created_date_is_readable")?;
    let column = |present: bool, moment: Moment| seconds(moment).filter(|_| present);
    let trimmed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Request {
        key,
        created: seconds(row.created).ok_or("created_date_is_readable")?,
        month: format!("{year:04}-{month:02}"),
        closed: column(file.columns.closed_date, row.closed),
        updated: column(file.columns.updated_at, row.updated),
        agency: trimmed(row.agency).filter(|_| file.columns.agency),
        complaint: trimmed(row.complaint),
        borough: match row.borough {
            "BROOKLYN" => "BROOKLYN",
            "queens" => "QUEENS",
            _ => "UNSPECIFIED",
        }
        .to_owned(),
    })
}

/// Seconds since 1970 of a wall clock.
fn seconds((_, moment): Moment) -> Option<i64> {
    let (year, month, day, hour, minute, second) = moment?;
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut days: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months.iter().take(month as usize - 1).sum::<i64>() + day - 1;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Continuous: interpolated between the two neighbours in rank.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share * (sorted.len().checked_sub(1)?) as f64;
    let (lower, upper) = (position.floor() as usize, position.ceil() as usize);
    let weight = position - position.floor();
    Some(sorted[lower] * (1.0 - weight) + sorted[upper] * weight)
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(|| NULL.to_owned(), |value| value.to_string())
}

/// Six digits: beyond them two ways of computing may differ.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| NULL.to_owned(), |value| format!("{value:.6}"))
}

fn sorted(rows: impl Iterator<Item = Vec<String>>) -> Rows {
    let mut rows: Rows = rows.collect();
    rows.sort();
    rows
}

#[test]
fn the_calendar_of_the_oracle() {
    let at = |moment| seconds(("", Some(moment))).unwrap();
    assert_eq!(at((1970, 1, 1, 0, 0, 1)), 1);
    assert_eq!(at((2026, 3, 8, 0, 0, 0)), 1_772_928_000);
    let quantiles = [0.5, 0.9].map(|share| quantile(&[1.0, 2.0, 4.0, 8.0], share).unwrap());
    assert_eq!(quantiles.map(|value| format!("{value:.3}")), ["3.000", "6.800"]);
}
