//! Amounts as the cities write them.

/// `1,234.56`, without a sign.
pub(super) fn with_commas(cents: i64) -> String {
    let cents = cents.unsigned_abs();
    let whole = (cents / 100).to_string();
    let mut text = String::with_capacity(whole.len() + whole.len() / 3 + 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(&format!(".{:02}", cents % 100));
    text
}

/// `1,234.56` or `(1,234.56)`.
pub(super) fn in_parentheses(cents: i64) -> String {
    let amount = with_commas(cents);
    if cents < 0 { format!("({amount})") } else { amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(with_commas(5), "0.05");
        assert_eq!(with_commas(99_999), "999.99");
        assert_eq!(with_commas(100_000), "1,000.00");
        assert_eq!(with_commas(-123_456_789), "1,234,567.89");
        assert_eq!(in_parentheses(-500), "(5.00)");
        assert_eq!(in_parentheses(500), "5.00");
    }
}
