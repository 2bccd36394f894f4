//! Numbers as DynamoDB spells them.
//!
//! It keeps up to 38 digits between 1E-130 and 9.99…E+125, and gives them without an exponent and
//! without redundant zeros, however they were written (Amazon DynamoDB's developer guide, *Naming
//! rules and data types*). A push may bring another spelling of the same number.

use std::borrow::Cow;

/// The most digits that a number keeps.
const DIGITS: usize = 38;
/// The possible exponents of its first digit.
const EXPONENTS: std::ops::RangeInclusive<i64> = -130..=125;

/// A number as DynamoDB spells it. `None` if DynamoDB does not hold it.
pub(crate) fn canonical(written: &str) -> Option<Cow<'_, str>> {
    let bytes = written.as_bytes();
    let is_plain = !bytes.is_empty()
        && bytes.len() <= DIGITS
        && bytes.iter().all(u8::is_ascii_digit)
        && (bytes[0] != b'0' || bytes.len() == 1);
    if is_plain {
        return Some(Cow::Borrowed(written));
    }
    let (sign, unsigned) = match written.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", written.strip_prefix('+').unwrap_or(written)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    // Where the point is, counted from the first significant digit.
    let leading = digits.len() - significant.len();
    let point =
        i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()? + i64::from(exponent);
    let significant = significant.trim_end_matches('0');
    if significant.is_empty() {
        return Some(Cow::Borrowed("0"));
    }
    if significant.len() > DIGITS || !EXPONENTS.contains(&(point - 1)) {
        return None;
    }
    Some(Cow::Owned(format!("{sign}{}", placed(significant, point))))
}

/// Digits with the point after this many of them.
fn placed(digits: &str, point: i64) -> String {
    match usize::try_from(point) {
        Ok(0) | Err(_) => {
            let zeros = usize::try_from(-point).unwrap_or(0);
            format!("0.{}{digits}", "0".repeat(zeros))
        }
        Ok(point) if point >= digits.len() => {
            format!("{digits}{}", "0".repeat(point - digits.len()))
        }
        Ok(point) => format!("{}.{}", &digits[..point], &digits[point..]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_number_becomes_the_one_that_dynamodb_gives() {
        for (written, given) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.0", "0"),
            ("+5", "5"),
            ("007", "7"),
            ("2.50", "2.5"),
            ("5e1", "50"),
            ("1.5E+3", "1500"),
            ("1e-2", "0.01"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-12.340", "-12.34"),
            (
                "12345678901234567890123456789012345678",
                "12345678901234567890123456789012345678",
            ),
        ] {
            assert_eq!(canonical(written).as_deref(), Some(given), "{written}");
        }
        assert_eq!(canonical("1e125").map(|number| number.len()), Some(126));
        assert_eq!(canonical("1e-130").map(|number| number.len()), Some(132));
    }

    #[test]
    fn what_dynamodb_does_not_hold_is_no_number() {
        for written in [
            "",
            "-",
            ".",
            "e1",
            "1e",
            "1e1.5",
            "NaN",
            "Infinity",
            "1e126",
            "1e-131",
            "0x10",
            "1 ",
            "١",
            "123456789012345678901234567890123456789",
        ] {
            assert_eq!(canonical(written), None, "{written}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_number_is_its_own_spelling(written in "-?[0-9]{1,20}(\\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?") {
            let number = canonical(&written).unwrap().into_owned();
            let again = canonical(&number).map(Cow::into_owned);
            prop_assert_eq!(again.as_ref(), Some(&number));
            let (one, other): (f64, f64) = (written.parse().unwrap(), number.parse().unwrap());
            prop_assert_eq!(one, other);
        }
    }
}
