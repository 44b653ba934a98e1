//! The run through the files: requests as they come in, later versions as they arrive.

use std::fs;
use std::path::Path;

use super::Nyc311;
use super::calendar::Calendar;
use super::csv_file::CsvFile;
use super::demand::Demand;
use super::details::{DetailSource, Details};
use super::dirt::{Blemishes, Dirt, Fault};
use super::keys::Keys;
use super::ledger::{Facts, Ledger};
use super::lifecycle::{Later, Lifecycle, Reason, Version, span};
use super::rows::{HEADER, write_row};
use super::truth::{FileTruth, LaterVersions, Truth};
use crate::SimulateError;

/// How many rows are written between two reports of progress.
const REPORT_EVERY: u64 = 16_384;

pub(super) struct Simulation<'a> {
    settings: &'a Nyc311,
    progress: &'a mut dyn FnMut(u64),
    calendar: Calendar,
    demand: Demand,
    details: DetailSource,
    lifecycle: Lifecycle,
    dirt: Dirt,
    keys: Keys,
    ledger: Ledger,
    plans: Vec<FilePlan>,
    /// Per file: the later versions that will arrive in it.
    later: Vec<Vec<Later>>,
    later_versions: LaterVersions,
    files: Vec<FileTruth>,
    sequence: u64,
}

#[derive(Debug, Clone, Copy)]
struct FilePlan {
    first_day: u32,
    end_day: u32,
    line_end: &'static [u8],
    byte_order_mark: bool,
    copied: bool,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(
        settings: &'a Nyc311,
        progress: &'a mut dyn FnMut(u64),
    ) -> Result<Self, SimulateError> {
        let (shape, seed) = (&settings.shape, settings.seed);
        let calendar = Calendar::new(settings.first_day, settings.days)?;
        let plans = plan(settings, &calendar);
        let late = if plans.len() > 1 { shape.late_closings } else { 0.0 };
        // Later versions, repetitions and rows beside good ones take their part of all rows.
        let corrections = shape.month_corrections + shape.borough_corrections;
        let others = late + corrections + settings.dirt.created_date / 2.0;
        let first_versions = (1.0 - others) * (1.0 - settings.dirt.exact_duplicates);
        let rows = f64::from(settings.days) * f64::from(settings.rows_per_day);
        let spans = plans.iter().map(|plan| span(plan.first_day, plan.end_day)).collect();
        Ok(Self {
            demand: Demand::new(&calendar, shape, seed, rows * first_versions),
            details: DetailSource::new(seed),
            lifecycle: Lifecycle::new(spans, shape, late / (1.0 - others), seed),
            dirt: Dirt::new(&settings.dirt, seed),
            keys: Keys::new(seed, settings.rows_per_day),
            ledger: Ledger::new(&calendar),
            later: plans.iter().map(|_| Vec::new()).collect(),
            plans,
            calendar,
            settings,
            progress,
            later_versions: LaterVersions::default(),
            files: Vec::new(),
            sequence: 0,
        })
    }

    /// Writes all files into the folder.
    pub(super) fn run(mut self, folder: &Path) -> Result<Truth, SimulateError> {
        for index in 0..self.plans.len() {
            self.write_file(index, folder)?;
        }
        Ok(self.into_truth())
    }

    fn write_file(&mut self, index: usize, folder: &Path) -> Result<(), SimulateError> {
        let plan = self.plans[index];
        let name = format!("requests_{:04}.csv", index + 1);
        let path = folder.join(&name);
        let mut file = CsvFile::create(path.clone(), HEADER, plan.line_end, plan.byte_order_mark)?;
        let mut later = std::mem::take(&mut self.later[index]);
        // Keys make the order one and the same where two are due at once.
        later.sort_unstable_by_key(|later| (later.due, later.version.sequence));
        let mut later = later.into_iter().peekable();
        for day in plan.first_day..plan.end_day {
            for request in self.demand.requests(day) {
                while let Some(arriving) = later.next_if(|later| later.due <= request.created) {
                    self.write_later_version(&mut file, arriving)?;
                }
                let version = Version {
                    sequence: self.sequence,
                    created: request.created,
                    closed: None,
                    kind: request.kind,
                    borough: request.borough,
                };
                self.sequence += 1;
                self.write_first_version(&mut file, index, version)?;
            }
        }
        for arriving in later {
            self.write_later_version(&mut file, arriving)?;
        }
        let rows = file.finish()?;
        self.files.push(FileTruth { name: name.clone(), rows, duplicate_of: None });
        if plan.copied {
            // Sorts between its original and the next file.
            let copy = format!("requests_{:04}_copy.csv", index + 1);
            let copy_path = folder.join(&copy);
            fs::copy(&path, &copy_path).map_err(SimulateError::at(&copy_path))?;
            self.files.push(FileTruth { name: copy, rows, duplicate_of: Some(name) });
        }
        (self.progress)(self.ledger.received);
        Ok(())
    }

    fn write_first_version(
        &mut self,
        file: &mut CsvFile,
        index: usize,
        mut version: Version,
    ) -> Result<(), SimulateError> {
        let fate = self.lifecycle.fate(index, version.kind);
        if fate != Some(Reason::Closed) {
            version.closed = self.lifecycle.closing(index, version.kind, version.created);
        }
        let standing = self.write_version(file, &version, None)?;
        if let Some(reason) = fate
            && let Some((arrival, later)) =
                self.lifecycle.later(index, version, reason, standing, &self.calendar)
        {
            self.later[arrival].push(later);
        }
        Ok(())
    }

    fn write_later_version(
        &mut self,
        file: &mut CsvFile,
        later: Later,
    ) -> Result<(), SimulateError> {
        let superseded = self.ledger.superseded;
        match later.reason {
            Reason::Closed => {
                self.write_version(file, &later.version, later.standing)?;
            }
            // Corrections are clean: they have to say what they correct.
            Reason::MonthCorrected | Reason::BoroughCorrected => {
                let details = self.details.of(&later.version);
                let clean = Blemishes::default();
                self.write_row(file, &later.version, &details, &clean, later.standing)?;
            }
        }
        if later.standing.is_some() && self.ledger.superseded > superseded {
            match later.reason {
                Reason::Closed => self.later_versions.closed += 1,
                Reason::MonthCorrected => self.later_versions.month_corrected += 1,
                Reason::BoroughCorrected => self.later_versions.borough_corrected += 1,
            }
        }
        Ok(())
    }

    /// Writes a version with its dirt. Returns what the lake holds for the request afterwards.
    fn write_version(
        &mut self,
        file: &mut CsvFile,
        version: &Version,
        mut standing: Option<Facts>,
    ) -> Result<Option<Facts>, SimulateError> {
        let details = self.details.of(version);
        let blemishes = self.dirt.blemishes(&details, file.bears_invalid_text());
        if blemishes.fault == Some(Fault::CreatedDate) && self.dirt.beside_a_good_row() {
            let good = Blemishes { fault: None, ..blemishes };
            standing = self.write_row(file, version, &details, &good, standing)?;
        }
        self.write_row(file, version, &details, &blemishes, standing)
    }

    fn write_row(
        &mut self,
        file: &mut CsvFile,
        version: &Version,
        details: &Details,
        blemishes: &Blemishes,
        standing: Option<Facts>,
    ) -> Result<Option<Facts>, SimulateError> {
        let key = self.keys.key(version.sequence);
        let line_end = file.line_end;
        file.row(|out| {
            write_row(out, key, version, details, blemishes, &self.calendar, line_end);
        })?;
        for name in blemishes.names() {
            self.ledger.note_dirt(name);
        }
        match blemishes.fault {
            None if !details.location_type.is_ascii() => file.note_valid_text(),
            Some(Fault::InvalidUtf8) => file.note_invalid_text(),
            _ => {}
        }
        let mut standing = self.ledger.enter(version, blemishes, standing, &self.calendar);
        if let Some(after) = self.dirt.repeated_after() {
            // Nothing that comes between a row and its repetition changes what the lake holds for
            // the key, so that the repetition is entered at once.
            file.repeat(after);
            self.ledger.note_dirt("exact_duplicates");
            standing = self.ledger.enter(version, blemishes, standing, &self.calendar);
        }
        file.write_repeats();
        if self.dirt.empty_line() {
            file.empty_line();
            self.ledger.note_dirt("empty_lines");
        }
        if self.ledger.received.is_multiple_of(REPORT_EVERY) {
            (self.progress)(self.ledger.received);
        }
        Ok(standing)
    }

    fn into_truth(self) -> Truth {
        let (ledger, calendar) = (&self.ledger, &self.calendar);
        Truth {
            dataset: "nyc311".to_owned(),
            seed: self.settings.seed,
            first_day: calendar.day(calendar.first).date.to_string(),
            last_day: calendar.day(calendar.end - 1).date.to_string(),
            rows_received: ledger.received,
            rows_refused: ledger.refused.clone(),
            rows_superseded: ledger.superseded,
            rows_silver: ledger.silver,
            warned: ledger.warned.clone(),
            marts: ledger.marts(),
            by_month: ledger.by_month(calendar),
            by_borough: ledger.by_borough(),
            dirt: ledger.dirt.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect(),
            anomalies: self
                .demand
                .planted()
                .iter()
                .map(|planted| planted.describe(calendar))
                .collect(),
            later_versions: self.later_versions,
            files: self.files,
        }
    }
}

/// Divides the days among the files and gives some files their peculiarities.
fn plan(settings: &Nyc311, calendar: &Calendar) -> Vec<FilePlan> {
    let files = settings.file_count();
    let copied = settings.dirt.copied_file && files >= 3;
    let odd = settings.dirt.odd_files && files >= 5;
    let day = |index: u32| {
        let days = u64::from(settings.days) * u64::from(index) / u64::from(files);
        calendar.first + days as u32
    };
    (0..files)
        .map(|index| FilePlan {
            first_day: day(index),
            end_day: day(index + 1),
            line_end: match index {
                2 if odd => b"\r\n",
                4 if odd => b"\r",
                _ => b"\n",
            },
            byte_order_mark: odd && index == 3,
            copied: copied && index == 1,
        })
        .collect()
}
