//! How a row looks in a CSV file.

use super::calendar::{Calendar, Moment};
use super::details::{DEGREE, Details};
use super::dirt::{Blemishes, BoroughBlemish, CoordinatesBlemish, Fault, TextColumn, ZipBlemish};
use super::lifecycle::Version;
use super::places::BOROUGHS;
use super::profile::kind;

pub(super) const HEADER: &str = "unique_key,created_date,closed_date,agency,complaint_type,\
    descriptor,location_type,incident_zip,city,borough,latitude,longitude";

const BAD_KEYS: [&str; 5] = ["N/A", "12A4", "", "12.5", "99999999999999999999"];
const BAD_DATES: [&str; 4] =
    ["not a date", "2026-13-45T00:00:00.000", "", "2024-02-30T10:15:00.000"];
const UNKNOWN_BOROUGHS: [&str; 3] = ["Unspecified", "", "N/A"];
const MIXED_CASE: [[&str; 2]; 5] = [
    ["manhattan", "Manhattan"],
    ["bronx", "Bronx"],
    ["brooklyn", "Brooklyn"],
    ["queens", "Queens"],
    ["staten island", "Staten Island"],
];
/// Nowhere, Los Angeles, Albany.
const OUTSIDE: [&str; 3] = ["0.0,0.0", "34.052235,-118.243683", "42.652843,-73.757874"];

/// The longest time by which a request is closed before it was created, in seconds.
const LONGEST_REVERSAL: u32 = 172_800;

/// When the row says that the request was closed.
pub(super) fn closed(version: &Version, blemishes: &Blemishes) -> Option<Moment> {
    match blemishes.fault {
        Some(Fault::ClosedDate) => None,
        Some(Fault::ClosedBeforeCreated) => {
            Some(version.created - 60 - blemishes.variant % LONGEST_REVERSAL)
        }
        _ => version.closed,
    }
}

/// Writes the row and its line end.
pub(super) fn write_row(
    out: &mut Vec<u8>,
    key: u64,
    version: &Version,
    details: &Details,
    blemishes: &Blemishes,
    calendar: &Calendar,
    line_end: &[u8],
) {
    let variant = blemishes.variant as usize;
    let fault = blemishes.fault;
    let kind = kind(version.kind);
    if fault == Some(Fault::UniqueKey) {
        out.extend_from_slice(BAD_KEYS[variant % BAD_KEYS.len()].as_bytes());
    } else {
        write_integer(out, key);
    }
    out.push(b',');
    if fault == Some(Fault::CreatedDate) {
        out.extend_from_slice(BAD_DATES[variant % BAD_DATES.len()].as_bytes());
    } else {
        calendar.write(out, version.created);
    }
    out.push(b',');
    if fault == Some(Fault::ClosedDate) {
        out.extend_from_slice(b"TBD");
    } else if let Some(closed) = closed(version, blemishes) {
        calendar.write(out, closed);
    }
    out.push(b',');
    out.extend_from_slice(kind.agency.name().as_bytes());
    out.push(b',');
    if fault != Some(Fault::NoComplaintType) {
        write_text(out, kind.name, blemishes.padded == Some(TextColumn::ComplaintType));
    }
    if fault == Some(Fault::Ragged) && variant.is_multiple_of(2) {
        // Too few fields: the row breaks off.
        out.extend_from_slice(line_end);
        return;
    }
    out.push(b',');
    write_descriptor(out, details.descriptor, blemishes, line_end);
    out.push(b',');
    write_text(out, details.location_type, false);
    out.push(b',');
    write_zip(out, details, blemishes);
    out.push(b',');
    if details.city_known {
        write_text(out, details.place.city, blemishes.padded == Some(TextColumn::City));
    }
    out.push(b',');
    write_borough(out, version.borough, blemishes);
    out.push(b',');
    match blemishes.coordinates {
        None => {
            write_degrees(out, details.latitude);
            out.extend_from_slice(b",-");
            write_degrees(out, details.longitude);
        }
        Some(CoordinatesBlemish::Missing) => out.push(b','),
        Some(CoordinatesBlemish::Outside) => {
            let outside = OUTSIDE[(version.sequence % OUTSIDE.len() as u64) as usize];
            out.extend_from_slice(outside.as_bytes());
        }
    }
    if fault == Some(Fault::Ragged) {
        out.extend_from_slice(b",see notes");
    }
    out.extend_from_slice(line_end);
}

fn write_descriptor(out: &mut Vec<u8>, descriptor: &str, blemishes: &Blemishes, line_end: &[u8]) {
    match blemishes.fault {
        Some(Fault::QuotedNewline) => {
            // The file's own line end, so that a file of one kind stays of that kind.
            out.push(b'"');
            write_quoted(out, descriptor);
            out.extend_from_slice(line_end);
            out.extend_from_slice(b"2nd call about it\"");
        }
        Some(Fault::QuotedQuotes) => {
            out.push(b'"');
            write_quoted(out, descriptor);
            out.extend_from_slice(b" (\"\"urgent\"\", says the caller)\"");
        }
        Some(Fault::InvalidUtf8) => {
            // Latin-1 in a file of UTF-8.
            out.push(b'"');
            write_quoted(out, descriptor);
            out.extend_from_slice(b" (Caf\xE9)\"");
        }
        _ => write_text(out, descriptor, blemishes.padded == Some(TextColumn::Descriptor)),
    }
}

fn write_zip(out: &mut Vec<u8>, details: &Details, blemishes: &Blemishes) {
    if !details.zip_known {
        return;
    }
    let zip = details.place.zip.as_bytes();
    match blemishes.zip {
        None => out.extend_from_slice(zip),
        Some(ZipBlemish::Float) => {
            out.extend_from_slice(zip);
            out.extend_from_slice(b".0");
        }
        Some(ZipBlemish::Odd) => match blemishes.variant % 3 {
            0 => out.extend_from_slice(b"N/A"),
            1 => out.extend_from_slice(&zip[..4]),
            _ => {
                out.extend_from_slice(zip);
                out.extend_from_slice(b"-1234");
            }
        },
    }
}

fn write_borough(out: &mut Vec<u8>, borough: u8, blemishes: &Blemishes) {
    let variant = blemishes.variant as usize;
    let borough = usize::from(borough);
    let text = match blemishes.borough {
        None => BOROUGHS[borough],
        Some(BoroughBlemish::Case) => MIXED_CASE[borough][variant % 2],
        Some(BoroughBlemish::Unknown) => UNKNOWN_BOROUGHS[variant % UNKNOWN_BOROUGHS.len()],
    };
    write_text(out, text, blemishes.padded == Some(TextColumn::Borough));
}

/// Quotes a text only where it has to be quoted, as the city's export does.
#[inline]
fn write_text(out: &mut Vec<u8>, text: &str, padded: bool) {
    if padded {
        out.extend_from_slice(b"  ");
    }
    if text.bytes().any(|byte| byte == b',' || byte == b'"') {
        if padded {
            // A quote is a quote only where a field begins.
            out.truncate(out.len() - 2);
            out.extend_from_slice(b"\"  ");
        } else {
            out.push(b'"');
        }
        write_quoted(out, text);
        out.extend_from_slice(if padded { b" \"" } else { b"\"" });
        return;
    }
    out.extend_from_slice(text.as_bytes());
    if padded {
        out.push(b' ');
    }
}

fn write_quoted(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
}

fn write_integer(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut remaining = value;
    loop {
        start -= 1;
        digits[start] = b'0' + (remaining % 10) as u8;
        remaining /= 10;
        if remaining == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Two digits, a point and fourteen digits.
fn write_degrees(out: &mut Vec<u8>, value: u64) {
    let mut text = [b'.'; 17];
    let whole = value / DEGREE;
    text[0] = b'0' + (whole / 10) as u8;
    text[1] = b'0' + (whole % 10) as u8;
    let mut rest = value % DEGREE;
    for digit in text[3..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nyc311::details::DetailSource;
    use chrono::NaiveDate;

    fn row(blemishes: Blemishes) -> String {
        let calendar = Calendar::new(NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(), 30).unwrap();
        let created = calendar.first * 86_400 + 3_661;
        let version =
            Version { sequence: 5, created, closed: Some(created + 60), kind: 12, borough: 2 };
        let details =
            Details { descriptor: "Noise, Barking Dog (NR5)", ..DetailSource::new(1).of(&version) };
        let mut out = Vec::new();
        write_row(&mut out, 59_850_007, &version, &details, &blemishes, &calendar, b"\n");
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_clean_row_looks_like_the_citys() {
        let row = row(Blemishes::default());
        let start = "59850007,2024-01-01T01:01:01.000,2024-01-01T01:02:01.000,DEP,Noise,\
            \"Noise, Barking Dog (NR5)\",,";
        assert!(row.starts_with(start), "{row}");
        assert!(row.contains(",BROOKLYN,BROOKLYN,40."), "{row}");
        assert!(row.ends_with('\n'));
    }

    #[test]
    fn faults_show() {
        let with =
            |fault, variant| row(Blemishes { fault: Some(fault), variant, ..Blemishes::default() });
        assert_eq!(with(Fault::Ragged, 0).matches(',').count(), 4);
        assert!(with(Fault::Ragged, 1).ends_with(",see notes\n"));
        assert!(with(Fault::UniqueKey, 1).starts_with("12A4,2024"));
        assert!(with(Fault::CreatedDate, 2).starts_with("59850007,,2024"));
        assert!(with(Fault::ClosedDate, 0).contains(",TBD,DEP,"));
        assert!(with(Fault::ClosedBeforeCreated, 0).contains(",2024-01-01T01:00:01.000,DEP,"));
        assert!(with(Fault::InvalidUtf8, 0).contains('\u{FFFD}'));
        assert!(with(Fault::QuotedNewline, 0).contains("(NR5)\n2nd call"));
        assert!(with(Fault::QuotedQuotes, 0).contains("\"\"urgent\"\""));
    }

    #[test]
    fn padding_stays_inside_the_quotes() {
        let padded = Blemishes { padded: Some(TextColumn::Descriptor), ..Blemishes::default() };
        assert!(row(padded).contains(",\"  Noise, Barking Dog (NR5) \","));
    }
}
