use std::str::FromStr;

/// A number of bytes as people write it: `512M`, `2G`, `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataSize(pub(crate) usize);

/// The least with which the engine can work.
const LEAST: usize = 128 << 20;

impl FromStr for DataSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a size; write 512M or 2G");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: usize = number.parse().map_err(|_| wrong())?;
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            "k" | "kb" | "kib" => 1 << 10,
            "" | "b" => 1,
            _ => return Err(wrong()),
        };
        let bytes = number.checked_mul(factor).ok_or_else(wrong)?;
        if bytes < LEAST {
            return Err(format!("`{text}` is too little; 128M is the least"));
        }
        Ok(Self(bytes))
    }
}

impl std::fmt::Display for DataSize {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}M", self.0 >> 20)
    }
}

/// Bytes for people: `1.2 GB`.
pub(crate) fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// A count for people: `1,234,567`.
pub(crate) fn count_text(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something: `1 row`, `1,234 rows`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count_text(count))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!("512M".parse::<DataSize>().unwrap().0, 512 << 20);
        assert_eq!("2GiB".parse::<DataSize>().unwrap().0, 2 << 30);
        assert_eq!("1M".parse::<DataSize>().unwrap_err(), "`1M` is too little; 128M is the least");
        assert_eq!(
            "much".parse::<DataSize>().unwrap_err(),
            "`much` is not a size; write 512M or 2G"
        );
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(count_text(0), "0");
        assert_eq!(count_text(1_234_567), "1,234,567");
        assert_eq!(bytes_text(999), "999 B");
        assert_eq!(bytes_text(1_250_000), "1.2 MB");
    }
}
