//! What is wrong with the rows: how often, and which row.

use serde::{Deserialize, Serialize};

use super::details::Details;
use crate::random::{Chance, Random, running_totals};

const RANDOM_STREAM: u64 = 4;
/// What the truth calls rows with too few or too many fields.
pub(super) const RAGGED: &str = "ragged";

/// How much dirt there is; rates are shares of rows. The default is dirty, but not unusually so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DirtRates {
    /// Rows repeated byte for byte within their file.
    pub exact_duplicates: f64,
    /// The second file's content arrives once more under another name, where there are at least
    /// three files.
    pub copied_file: bool,
    /// One file ends lines with CR LF, one begins with a byte order mark and one ends lines with
    /// CR alone, where there are at least five files.
    pub odd_files: bool,
    /// Rows with too few or too many fields.
    pub ragged: f64,
    /// Rows with a descriptor that is not valid UTF-8, in files that are UTF-8 beyond doubt.
    pub invalid_utf8: f64,
    /// Rows with a unique_key that is not a 64-bit integer.
    pub unique_key: f64,
    /// Rows with a missing or unreadable created_date. Every other one repeats a good row's key.
    pub created_date: f64,
    /// Rows with an unreadable closed_date.
    pub closed_date: f64,
    /// Rows closed before they were created.
    pub closed_before_created: f64,
    /// Rows with the borough in lower or mixed case.
    pub borough_case: f64,
    /// Rows without a known borough.
    pub borough_unknown: f64,
    /// Rows with a zip code that ends with `.0`.
    pub zip_float: f64,
    /// Rows with a zip code that is not five digits.
    pub zip_odd: f64,
    /// Rows with coordinates far from New York.
    pub outside_nyc: f64,
    /// Rows without coordinates.
    pub no_coordinates: f64,
    /// Rows with white space around a text.
    pub padding: f64,
    /// Empty lines between rows, per row.
    pub empty_lines: f64,
    /// Rows with a line break inside a quoted descriptor.
    pub quoted_newlines: f64,
    /// Rows with doubled quotes inside a quoted descriptor.
    pub quoted_quotes: f64,
    /// Rows without a complaint_type.
    pub no_complaint_type: f64,
}

impl Default for DirtRates {
    fn default() -> Self {
        Self {
            exact_duplicates: 0.003,
            copied_file: true,
            odd_files: true,
            ragged: 0.000_2,
            invalid_utf8: 0.000_05,
            unique_key: 0.000_2,
            created_date: 0.000_2,
            closed_date: 0.000_5,
            closed_before_created: 0.001,
            borough_case: 0.02,
            borough_unknown: 0.01,
            zip_float: 0.01,
            zip_odd: 0.001,
            outside_nyc: 0.000_2,
            no_coordinates: 0.06,
            padding: 0.005,
            empty_lines: 0.000_1,
            quoted_newlines: 0.000_1,
            quoted_quotes: 0.000_1,
            no_complaint_type: 0.000_1,
        }
    }
}

impl DirtRates {
    /// Nothing is wrong with any row.
    pub fn none() -> Self {
        Self {
            exact_duplicates: 0.0,
            copied_file: false,
            odd_files: false,
            ragged: 0.0,
            invalid_utf8: 0.0,
            unique_key: 0.0,
            created_date: 0.0,
            closed_date: 0.0,
            closed_before_created: 0.0,
            borough_case: 0.0,
            borough_unknown: 0.0,
            zip_float: 0.0,
            zip_odd: 0.0,
            outside_nyc: 0.0,
            no_coordinates: 0.0,
            padding: 0.0,
            empty_lines: 0.0,
            quoted_newlines: 0.0,
            quoted_quotes: 0.0,
            no_complaint_type: 0.0,
        }
    }
}

/// What is wrong with one row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Blemishes {
    /// At most one of the faults that exclude each other.
    pub(super) fault: Option<Fault>,
    /// Chooses among the looks of a fault.
    pub(super) variant: u32,
    pub(super) borough: Option<BoroughBlemish>,
    pub(super) zip: Option<ZipBlemish>,
    pub(super) coordinates: Option<CoordinatesBlemish>,
    pub(super) padded: Option<TextColumn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Ragged,
    InvalidUtf8,
    UniqueKey,
    CreatedDate,
    ClosedDate,
    ClosedBeforeCreated,
    QuotedNewline,
    QuotedQuotes,
    NoComplaintType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BoroughBlemish {
    Case,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZipBlemish {
    Float,
    Odd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoordinatesBlemish {
    Outside,
    Missing,
}

/// The columns that may get white space around their texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextColumn {
    ComplaintType,
    Descriptor,
    City,
    Borough,
}

impl Blemishes {
    /// The names of what is wrong, as the fields of [`DirtRates`] are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        let fault = self.fault.map(|fault| match fault {
            Fault::Ragged => RAGGED,
            Fault::InvalidUtf8 => "invalid_utf8",
            Fault::UniqueKey => "unique_key",
            Fault::CreatedDate => "created_date",
            Fault::ClosedDate => "closed_date",
            Fault::ClosedBeforeCreated => "closed_before_created",
            Fault::QuotedNewline => "quoted_newlines",
            Fault::QuotedQuotes => "quoted_quotes",
            Fault::NoComplaintType => "no_complaint_type",
        });
        let borough = self.borough.map(|borough| match borough {
            BoroughBlemish::Case => "borough_case",
            BoroughBlemish::Unknown => "borough_unknown",
        });
        let zip = self.zip.map(|zip| match zip {
            ZipBlemish::Float => "zip_float",
            ZipBlemish::Odd => "zip_odd",
        });
        let coordinates = self.coordinates.map(|coordinates| match coordinates {
            CoordinatesBlemish::Outside => "outside_nyc",
            CoordinatesBlemish::Missing => "no_coordinates",
        });
        let padded = self.padded.map(|_| "padding");
        [fault, borough, zip, coordinates, padded].into_iter().flatten()
    }
}

/// Decides which rows are dirty. It draws from a stream of its own.
#[derive(Debug)]
pub(super) struct Dirt {
    faults: Vec<(Chance, Fault)>,
    boroughs: Vec<(Chance, BoroughBlemish)>,
    zips: Vec<(Chance, ZipBlemish)>,
    coordinates: Vec<(Chance, CoordinatesBlemish)>,
    padding: Chance,
    exact_duplicates: Chance,
    empty_lines: Chance,
    random: Random,
}

impl Dirt {
    pub(super) fn new(rates: &DirtRates, seed: u64) -> Self {
        Self {
            faults: running_totals(&[
                (rates.ragged, Fault::Ragged),
                (rates.invalid_utf8, Fault::InvalidUtf8),
                (rates.unique_key, Fault::UniqueKey),
                (rates.created_date, Fault::CreatedDate),
                (rates.closed_date, Fault::ClosedDate),
                (rates.closed_before_created, Fault::ClosedBeforeCreated),
                (rates.quoted_newlines, Fault::QuotedNewline),
                (rates.quoted_quotes, Fault::QuotedQuotes),
                (rates.no_complaint_type, Fault::NoComplaintType),
            ]),
            boroughs: running_totals(&[
                (rates.borough_case, BoroughBlemish::Case),
                (rates.borough_unknown, BoroughBlemish::Unknown),
            ]),
            zips: running_totals(&[
                (rates.zip_float, ZipBlemish::Float),
                (rates.zip_odd, ZipBlemish::Odd),
            ]),
            coordinates: running_totals(&[
                (rates.outside_nyc, CoordinatesBlemish::Outside),
                (rates.no_coordinates, CoordinatesBlemish::Missing),
            ]),
            padding: Chance::new(rates.padding),
            exact_duplicates: Chance::new(rates.exact_duplicates),
            empty_lines: Chance::new(rates.empty_lines),
            random: Random::new(seed, RANDOM_STREAM),
        }
    }

    /// Decides what is wrong with the next row.
    #[inline]
    pub(super) fn blemishes(&mut self, details: &Details, invalid_utf8_allowed: bool) -> Blemishes {
        let random = &mut self.random;
        let fault = random.one_of(&self.faults);
        if fault == Some(Fault::Ragged) {
            // Half of the row may be missing, and whatever else were wrong with it.
            return Blemishes { fault, variant: random.next() as u32, ..Blemishes::default() };
        }
        let mut blemishes = Blemishes {
            fault,
            variant: 0,
            borough: random.one_of(&self.boroughs),
            zip: random.one_of(&self.zips),
            coordinates: random.one_of(&self.coordinates),
            padded: None,
        };
        if blemishes.fault == Some(Fault::InvalidUtf8) && !invalid_utf8_allowed {
            blemishes.fault = None;
        }
        if blemishes.fault.is_some() || blemishes.borough.is_some() || blemishes.zip.is_some() {
            blemishes.variant = random.next() as u32;
        }
        if !details.zip_known {
            blemishes.zip = None;
        }
        if random.happens(self.padding) {
            let column = match random.below(4) {
                0 if blemishes.fault != Some(Fault::NoComplaintType) => TextColumn::ComplaintType,
                1 if details.city_known => TextColumn::City,
                2 if blemishes.borough.is_none() => TextColumn::Borough,
                _ => TextColumn::Descriptor,
            };
            blemishes.padded = Some(column);
        }
        blemishes
    }

    /// Whether the row with an unreadable created_date comes besides a good row of the same key.
    pub(super) fn beside_a_good_row(&mut self) -> bool {
        self.random.below(2) == 0
    }

    /// After how many more rows the row is repeated, if it is.
    #[inline]
    pub(super) fn repeated_after(&mut self) -> Option<u64> {
        if !self.random.happens(self.exact_duplicates) {
            return None;
        }
        // Half of the repetitions follow at once.
        Some(u64::from(self.random.below(200).saturating_sub(100)))
    }

    #[inline]
    pub(super) fn empty_line(&mut self) -> bool {
        self.random.happens(self.empty_lines)
    }
}
