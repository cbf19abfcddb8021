//! Money: Chinese yuan, never negative, two decimals.

use std::fmt;

use rust_decimal::Decimal;
use utoipa::ToSchema;

use super::text::{MalformedText, text_traits};

/// An amount in Chinese yuan (CNY), as a decimal string with at most two decimals; always returned with two, e.g.
/// `"950.00"`. A JSON number is refused, because most languages read JSON numbers as binary fractions.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(
    value_type = String,
    pattern = r"^(0|[1-9][0-9]{0,7})(\.[0-9]{1,2})?$",
    min_length = 1,
    max_length = 11,
    example = "950.00"
)]
pub struct Money(
    /// In fen, so that sums are exact.
    u64,
);

impl Money {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// The largest amount: 99,999,999.99 yuan.
    pub const MAX: Self = Self(9_999_999_999);

    const EXPECTED: &'static str =
        "an amount in yuan as a string with at most two decimals, such as \"950.00\"";

    /// The difference, or `None` if it would be negative.
    #[must_use]
    pub const fn checked_sub(self, less: Self) -> Option<Self> {
        match self.0.checked_sub(less.0) {
            Some(fen) => Some(Self(fen)),
            None => None,
        }
    }

    /// Parses `950`, `950.5` or `950.00`: yuan, at most eight digits before the point and two after.
    ///
    /// # Errors
    /// The text has another form.
    pub fn parse(s: &str) -> Result<Self, MalformedText> {
        s.parse()
    }

    fn parse_text(s: &str) -> Option<Self> {
        let (whole, fraction) = s.split_once('.').map_or((s, None), |(w, f)| (w, Some(f)));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        let whole_fits = match whole.as_bytes() {
            [b'0'] => true,
            [b'1'..=b'9', rest @ ..] => rest.len() < 8 && digits(whole),
            _ => false,
        };
        if !whole_fits {
            return None;
        }
        let fen = match fraction {
            None => 0,
            Some(f) if digits(f) && f.len() == 1 => f.parse::<u64>().ok()? * 10,
            Some(f) if digits(f) && f.len() == 2 => f.parse::<u64>().ok()?,
            Some(_) => return None,
        };
        Some(Self(whole.parse::<u64>().ok()? * 100 + fen))
    }

    /// An amount in fen (1 yuan = 100 fen), or `None` if it is too large.
    #[must_use]
    pub const fn from_fen(fen: u64) -> Option<Self> {
        if fen <= Self::MAX.0 {
            Some(Self(fen))
        } else {
            None
        }
    }

    /// The amount in fen.
    #[must_use]
    pub const fn fen(self) -> u64 {
        self.0
    }

    /// The amount nearest to a binary fraction of yuan, or `None` if it does not have two decimals. TOP's JSON numbers
    /// arrive as binary fractions; `950.05` is not exact in binary, but close enough to be recognised.
    #[must_use]
    pub fn from_f64(yuan: f64) -> Option<Self> {
        let fen = (yuan * 100.0).round();
        if !fen.is_finite() || fen < 0.0 || (yuan * 100.0 - fen).abs() > 1e-4 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, not negative, and not above the maximum"
        )]
        (fen <= Self::MAX.0 as f64).then_some(Self(fen as u64))
    }

    /// Converts a decimal.
    ///
    /// # Errors
    /// It is negative, too large, or has a third decimal that is not zero.
    pub fn from_decimal(yuan: Decimal) -> Result<Self, MalformedText> {
        if let Some(fen) = yuan.checked_mul(Decimal::ONE_HUNDRED)
            && fen.fract().is_zero()
            && let Ok(fen) = u64::try_from(fen.normalize())
            && let Some(money) = Self::from_fen(fen)
        {
            return Ok(money);
        }
        Err(MalformedText {
            expected: Self::EXPECTED,
        })
    }

    /// The sum, or `None` if it is too large.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::from_fen)
    }

    /// The product, or `None` if it is too large.
    #[must_use]
    pub fn checked_mul(self, times: u32) -> Option<Self> {
        self.0
            .checked_mul(u64::from(times))
            .and_then(Self::from_fen)
    }
}

impl Money {
    /// Writes the amount. Hand-written, because a search response has thousands of amounts and `{:02}` costs several
    /// times as much.
    fn write(self, out: &mut [u8; 11]) -> &str {
        *out = *b"00000000.00";
        let (mut rest, mut first) = (self.0, 0);
        for at in [10, 9, 7, 6, 5, 4, 3, 2, 1, 0] {
            out[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            if rest == 0 && at <= 7 {
                first = at;
                break;
            }
        }
        std::str::from_utf8(&out[first..]).unwrap_or_default()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.write(&mut [0; 11]))
    }
}

text_traits!(Money, |value, serializer| serializer
    .serialize_str(value.write(&mut [0; 11])));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_parsed_and_shown_with_two_decimals() {
        for (text, shown) in [
            ("0", "0.00"),
            ("950", "950.00"),
            ("950.5", "950.50"),
            ("0.05", "0.05"),
            ("99999999.99", "99999999.99"),
        ] {
            assert_eq!(Money::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "01",
            "1.234",
            "100000000",
            "1e3",
            " 1",
            "1 ",
            "¥1",
            "1.0.0",
            "١",
        ] {
            assert!(Money::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_json_number_is_refused_with_the_expected_form() {
        let error = serde_json::from_str::<Money>("950")
            .unwrap_err()
            .to_string();
        assert!(error.contains("as a string"), "{error}");
    }

    #[test]
    fn sums_above_the_largest_amount_are_refused() {
        let one_fen = Money::from_fen(1).unwrap();
        assert_eq!(Money::MAX.checked_add(one_fen), None);
        assert_eq!(Money::MAX.checked_mul(2), None);
        assert_eq!(one_fen.checked_mul(100), Money::parse("1").ok());
        let before = Money::from_fen(Money::MAX.fen() - 1).unwrap();
        assert_eq!(before.checked_add(one_fen), Some(Money::MAX));
    }

    #[test]
    fn decimals_that_are_not_amounts_are_refused() {
        assert!(Money::from_decimal(Decimal::new(-1, 0)).is_err());
        assert!(Money::from_decimal(Decimal::new(1, 3)).is_err());
        assert!(Money::from_decimal(Decimal::MAX).is_err());
        assert_eq!(
            Money::from_decimal(Decimal::new(9500, 3))
                .unwrap()
                .to_string(),
            "9.50"
        );
        assert_eq!(Money::from_f64(0.015), None);
        assert_eq!(Money::from_f64(-1.0), None);
        assert_eq!(Money::from_f64(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn parse_undoes_display(fen in 0..=9_999_999_999_u64) {
            let money = Money::from_fen(fen).unwrap();
            prop_assert_eq!(Money::parse(&money.to_string()).unwrap(), money);
            let decimal = money.to_string().parse().unwrap();
            prop_assert_eq!(Money::from_decimal(decimal).unwrap(), money);
            prop_assert_eq!(Money::from_f64(fen as f64 / 100.0), Some(money));
        }

        #[test]
        fn parse_never_panics(text in "\\PC*") {
            let _ = Money::parse(&text);
        }
    }
}
