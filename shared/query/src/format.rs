//! What answers are written as, and which of it a client wants.

use std::fmt;
use std::str::FromStr;

use smelt_domain::shown;

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object.
    Json,
    /// Comma-separated values with a header, RFC 4180.
    Csv,
    /// A Parquet file.
    Parquet,
    /// A stream of Arrow IPC messages.
    Arrow,
}

/// No format that we write is one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// `format` names none.
    #[error("`format`: expected json, csv, parquet or arrow, got `{}`", shown(.0))]
    Unknown(String),
    /// `Accept` allows none (406).
    #[error(
        "`Accept` allows none of application/json, text/csv, application/vnd.apache.parquet and \
         application/vnd.apache.arrow.stream; name one, or ask with format=json"
    )]
    NotAcceptable,
}

impl Format {
    /// All formats, the usual one first.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Parquet, Self::Arrow];

    /// As written in `format=`; also the usual ending of a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The format that was asked for, or else the one that the header `Accept` likes best.
    ///
    /// Of formats that it likes equally, the first of [`Format::ALL`] is taken; without the header, JSON.
    pub fn negotiate(asked: Option<Self>, accept: Option<&str>) -> Result<Self, FormatError> {
        if let Some(asked) = asked {
            return Ok(asked);
        }
        let Some(accept) = accept.map(str::trim).filter(|accept| !accept.is_empty()) else {
            return Ok(Self::Json);
        };
        let mut best: Option<(Self, f32)> = None;
        for format in Self::ALL {
            let quality = quality(accept, format);
            if quality > best.map_or(0.0, |(_, quality)| quality) {
                best = Some((format, quality));
            }
        }
        best.map(|(format, _)| format).ok_or(FormatError::NotAcceptable)
    }

    /// The media type alone.
    fn media_type(self) -> &'static str {
        let content_type = self.content_type();
        content_type.split(';').next().unwrap_or(content_type)
    }
}

/// How much `accept` likes a format: 0 to 1, by the range that is most specific about it.
fn quality(accept: &str, format: Format) -> f32 {
    let media_type = format.media_type();
    let mut found = (0, 0.0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let specificity = if name.eq_ignore_ascii_case(media_type) {
            3
        } else if is_family_of(name, media_type) {
            2
        } else if name == "*/*" {
            1
        } else {
            continue;
        };
        let quality = parts.find_map(quality_value).unwrap_or(1.0);
        if specificity > found.0 {
            found = (specificity, quality);
        }
    }
    found.1
}

/// Whether `range` is `text/*` and the media type is one of text.
fn is_family_of(range: &str, media_type: &str) -> bool {
    let Some(family) = range.strip_suffix("/*") else { return false };
    media_type.split_once('/').is_some_and(|(of, _)| of.eq_ignore_ascii_case(family))
}

/// The number of `q=0.8`; one that cannot be read counts as 0.
fn quality_value(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    let value: f32 = if name.trim().eq_ignore_ascii_case("q") {
        value.trim().parse().unwrap_or(0.0)
    } else {
        return None;
    };
    Some(if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 })
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| FormatError::Unknown(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(accept: &str) -> Result<Format, FormatError> {
        Format::negotiate(None, Some(accept))
    }

    #[test]
    fn json_unless_something_else_is_wanted() {
        assert_eq!(Format::negotiate(None, None), Ok(Format::Json));
        for accept in ["", "*/*", "application/*", "application/json", "text/html, */*;q=0.8"] {
            assert_eq!(negotiated(accept), Ok(Format::Json), "{accept}");
        }
    }

    #[test]
    fn the_header_chooses_by_quality_and_the_more_specific_range_counts() {
        assert_eq!(negotiated("text/csv"), Ok(Format::Csv));
        assert_eq!(negotiated("TEXT/CSV; Q=1"), Ok(Format::Csv));
        assert_eq!(negotiated("text/*"), Ok(Format::Csv));
        assert_eq!(negotiated("application/json;q=0.5, text/csv;q=0.9"), Ok(Format::Csv));
        assert_eq!(negotiated("*/*, application/json;q=0"), Ok(Format::Csv));
        assert_eq!(negotiated("application/vnd.apache.parquet"), Ok(Format::Parquet));
        let arrow = "application/vnd.apache.arrow.stream, application/json;q=0.1";
        assert_eq!(negotiated(arrow), Ok(Format::Arrow));
    }

    #[test]
    fn a_parameter_beats_the_header() {
        assert_eq!(Format::negotiate(Some(Format::Csv), Some("image/png")), Ok(Format::Csv));
    }

    #[test]
    fn nothing_acceptable_is_an_error() {
        for accept in ["image/png", "application/json;q=0", "*/*;q=0", "*/*;q=nan", "text/html;q=1"]
        {
            assert_eq!(negotiated(accept), Err(FormatError::NotAcceptable), "{accept}");
        }
    }

    #[test]
    fn names_round_trip() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("xml".parse::<Format>().is_err());
    }
}
