//! Formats of names, numbers and addresses. They agree with the patterns in the API's schemas; invisible characters are
//! checked separately, for all texts.

/// Whether a name is valid: 1 to 64 characters, not blank.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_text(text)
}

/// Whether a document number is valid: 1 to 64 characters, not blank. Numbers of military documents contain Chinese
/// characters.
#[must_use]
pub fn is_document_number(text: &str) -> bool {
    is_text(text)
}

fn is_text(text: &str) -> bool {
    text.chars().take(65).count() <= 64 && !text.chars().all(char::is_whitespace)
}

/// Whether a passport number is valid: 5 to 17 letters and digits.
#[must_use]
pub fn is_passport_number(text: &str) -> bool {
    matches!(text.len(), 5..=17) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether a mobile number is valid: 5 to 15 digits; in mainland China 11, beginning with 13 to 19.
#[must_use]
pub fn is_mobile(country: &str, text: &str) -> bool {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if country == "86" {
        return digits && text.len() == 11 && matches!(text.as_bytes(), [b'1', b'3'..=b'9', ..]);
    }
    digits && matches!(text.len(), 5..=15)
}

/// Whether a landline number is valid: 5 to 20 digits, blanks, `+`, `-` and parentheses, including at least five
/// digits.
#[must_use]
pub fn is_phone(text: &str) -> bool {
    matches!(text.len(), 5..=20)
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'(' | b')' | b' '))
        && text.bytes().filter(u8::is_ascii_digit).count() >= 5
}

/// Whether an e-mail address is valid: `local@domain` in ASCII with a dot in the domain.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    let label = |part: &str| {
        matches!(part.len(), 1..=63)
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(atom)
        && domain.contains('.')
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobiles() {
        assert!(is_mobile("86", "13800000000"));
        assert!(is_mobile("852", "91234567"));
        for bad in [
            "",
            "1380000000",
            "12800000000",
            "138000000000",
            "1380000000a",
            "１３８００００００００",
        ] {
            assert!(!is_mobile("86", bad), "{bad}");
        }
        assert!(!is_mobile("852", "1234"));
    }

    #[test]
    fn emails() {
        for good in ["a@b.cn", "first.last+tag@mail.example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "", "a", "a@b", "@b.cn", "a@", "a@b..cn", "a b@c.cn", ".a@b.cn", "a@@b.cn", "a@-b.cn",
            "名@b.cn",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn phones_passports_names() {
        assert!(is_phone("010-00000000") && is_phone("+86 (10) 0000 0000"));
        assert!(!is_phone("-----") && !is_phone("abc12345") && !is_phone("1234"));
        assert!(is_passport_number("E12345678") && !is_passport_number("E 1234567"));
        assert!(is_name("李四") && is_name("LI/SI MR"));
        assert!(!is_name("  ") && !is_name(&"李".repeat(65)) && !is_name(""));
    }
}
