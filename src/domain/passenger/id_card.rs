//! The number of a resident identity card (GB 11643): six digits for the place, eight for the birth
//! date, a three-digit sequence number and a check character.

use crate::domain::time::LocalDate;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";

/// Whether it has 18 characters, all digits except for an optional `X` at the end.
#[must_use]
pub fn is_formed(number: &str) -> bool {
    match number.as_bytes() {
        [digits @ .., last] => {
            digits.len() == 17
                && digits.iter().all(u8::is_ascii_digit)
                && (last.is_ascii_digit() || matches!(last, b'X' | b'x'))
        }
        [] => false,
    }
}

/// The check character for the first 17 digits.
#[must_use]
pub fn check_character(number: &str) -> Option<char> {
    let digits = number.as_bytes().get(..17)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    CHECK.get(sum as usize % 11).map(|c| char::from(*c))
}

/// Whether format and check character are correct.
#[must_use]
pub fn checksum_holds(number: &str) -> bool {
    is_formed(number)
        && check_character(number)
            .zip(number.chars().last())
            .is_some_and(|(right, last)| right == last.to_ascii_uppercase())
}

/// The date of birth in the number, if it is a valid date.
#[must_use]
pub fn birth_date(number: &str) -> Option<LocalDate> {
    let digits = number.get(6..14)?;
    let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
    format!("{year}-{month}-{day}").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_numbers() {
        // The example of the standard.
        assert!(checksum_holds("11010519491231002X"));
        assert!(checksum_holds("11010519491231002x"));
        assert!(checksum_holds("440524188001010014"));
        assert_eq!(
            birth_date("11010519491231002X").unwrap().to_string(),
            "1949-12-31"
        );
    }

    #[test]
    fn the_shared_samples_are_deliberately_invalid() {
        assert!(!checksum_holds("110101199003070000"));
        assert!(!checksum_holds("110101202403070000"));
    }

    #[test]
    fn other_texts() {
        for text in [
            "",
            "X",
            "1101011990030700",
            "1101011990030700000",
            "身份证",
            "11010119900307001Y",
        ] {
            assert!(!checksum_holds(text), "{text}");
        }
        assert_eq!(birth_date("110101199013070000"), None);
        assert_eq!(birth_date("身份证号码身份证号码"), None);
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_detected(digits in "[1-9][0-9]{16}", at in 0_usize..17, add in 1_u8..10) {
            let check = check_character(&digits).unwrap();
            let number = format!("{digits}{check}");
            prop_assert!(checksum_holds(&number));
            let mut wrong = number.into_bytes();
            wrong[at] = b'0' + (wrong[at] - b'0' + add) % 10;
            prop_assert!(!checksum_holds(std::str::from_utf8(&wrong).unwrap()));
        }

        #[test]
        fn never_panics(text in "\\PC{0,24}") {
            let _ = checksum_holds(&text);
            let _ = birth_date(&text);
            let _ = check_character(&text);
        }
    }
}
