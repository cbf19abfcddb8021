//! Identifiers, and the key for keyed hashes.

use std::fmt;

use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use utoipa::ToSchema;
use uuid::Uuid;

use super::text::{document_number, text_traits, text_type};
use crate::clock::Clock;

macro_rules! upstream_number {
    ($(#[$meta:meta])* $name:ident, $expected:literal) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
        $(#[$meta])*
        pub struct $name(u64);

        impl $name {
            const EXPECTED: &'static str = $expected;

            /// A number as TOP sends it (`1..=i64::MAX`); `None` outside that range.
            #[must_use]
            pub const fn new(number: u64) -> Option<Self> {
                if number >= 1 && number <= i64::MAX as u64 {
                    Some(Self(number))
                } else {
                    None
                }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            fn parse_text(s: &str) -> Option<Self> {
                let plain = s.bytes().all(|b| b.is_ascii_digit()) && !s.starts_with('0');
                plain.then(|| s.parse().ok().and_then(Self::new)).flatten()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        text_traits!($name);
    };
}

upstream_number!(
    /// Fliggy's order id: a 64-bit number, written as a string because JSON numbers lose digits in
    /// JavaScript.
    #[schema(
        value_type = String,
        pattern = "^([1-9][0-9]{0,17}|[1-8][0-9]{18})$",
        min_length = 1,
        max_length = 19,
        example = "1234125412"
    )]
    OrderId,
    "an order id: a string of digits, such as \"1234125412\""
);

upstream_number!(
    /// Fliggy's number of a refund application (`refund_order_no`): a 64-bit number, written as a
    /// string.
    #[schema(
        value_type = String,
        pattern = "^([1-9][0-9]{0,17}|[1-8][0-9]{18})$",
        min_length = 1,
        max_length = 19,
        example = "4966000000001"
    )]
    RefundOrderNo,
    "a refund number: a string of digits, such as \"4966000000001\""
);

upstream_number!(
    /// Fliggy's number of a change (`change_order_no`): a 64-bit number, written as a string.
    #[schema(
        value_type = String,
        pattern = "^([1-9][0-9]{0,17}|[1-8][0-9]{18})$",
        min_length = 1,
        max_length = 19,
        example = "4988000000001"
    )]
    ChangeOrderNo,
    "a change number: a string of digits, such as \"4988000000001\""
);

text_type!(
    /// The caller's own order number. Use a new number for every order: how Fliggy treats a repeated
    /// number is not documented.
    #[schema(
        value_type = String,
        pattern = "^[A-Za-z0-9_.-]{1,64}$",
        min_length = 1,
        max_length = 64,
        example = "TRIP-20300501-000001"
    )]
    OutOrderNo,
    is_reference,
    "an order number of 1 to 64 letters, digits, '_', '.' or '-', such as \"TRIP-20300501-000001\""
);

/// Whether a text is valid as a caller's own number for an order, refund or change.
fn is_reference(b: &[u8]) -> bool {
    matches!(b.len(), 1..=64)
        && b.iter()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-'))
}

text_type!(
    /// The caller's own number for a refund application. Use a new one for every application: the
    /// gateway finds an application whose response was lost by this number.
    #[schema(
        value_type = String,
        pattern = "^[A-Za-z0-9_.-]{1,64}$",
        min_length = 1,
        max_length = 64,
        example = "REFUND-20300502-000001"
    )]
    OutRefundNo,
    is_reference,
    "a refund number of 1 to 64 letters, digits, '_', '.' or '-', such as \"R-20300501-000001\""
);

text_type!(
    /// The caller's own number for a change. Use a new one for every change: the gateway finds a
    /// change whose response was lost by this number.
    #[schema(
        value_type = String,
        pattern = "^[A-Za-z0-9_.-]{1,64}$",
        min_length = 1,
        max_length = 64,
        example = "CHANGE-20300502-000001"
    )]
    OutChangeNo,
    is_reference,
    "a change number of 1 to 64 letters, digits, '_', '.' or '-', such as \"C-20300501-000001\""
);

text_type!(
    /// The name of a purchasing account, as configured in this gateway.
    #[schema(
        value_type = String,
        pattern = "^[a-z0-9][a-z0-9_-]{0,31}$",
        min_length = 1,
        max_length = 32,
        example = "default"
    )]
    AccountName,
    |b| matches!(b.len(), 1..=32)
        && b[0].is_ascii_alphanumeric()
        && b.iter()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'_' | b'-'))
        && !matches!(b[0], b'_' | b'-'),
    "an account name: 1 to 32 lower-case letters, digits, '_' or '-', such as \"default\""
);

text_type!(
    /// The name of a caller: an app, or a person who operates the gateway. It owns the operations that are requested with its
    /// API keys.
    #[schema(
        value_type = String,
        pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        min_length = 1,
        max_length = 64,
        example = "booking-app"
    )]
    CallerName,
    |b| is_reference(b) && b[0].is_ascii_alphanumeric(),
    "the name of a caller: 1 to 64 letters, digits, '_', '.' or '-', such as \"booking-app\""
);

text_type!(
    /// Identifies a passenger without revealing the identity: a keyed hash of the travel document.
    /// The same document on the same purchasing account has the same id in every order.
    #[schema(
        value_type = String,
        pattern = "^psg_[0-9a-f]{32}$",
        min_length = 36,
        max_length = 36,
        example = "psg_0123456789abcdef0123456789abcdef"
    )]
    PassengerId,
    |b| b.len() == 36
        && b.starts_with(b"psg_")
        && b[4..]
            .iter()
            .all(|c| c.is_ascii_digit() || matches!(c, b'a'..=b'f')),
    "a passenger id: \"psg_\" and 32 hexadecimal digits, such as \"psg_0123456789abcdef0123456789abcdef\""
);

impl PassengerId {
    /// The passenger id for a document: HMAC-SHA-256 over account, document type (TOP's number) and
    /// document number, cut to 128 bits. Case and blanks in the number are ignored: the check
    /// letter of an ID card is written as `x` or `X`.
    #[must_use]
    pub fn derive(
        key: &HashKey,
        account: &AccountName,
        document_type: u8,
        document_no: &str,
    ) -> Self {
        let number = document_number(document_no);
        let mac = key.mac(&[
            b"passenger",
            account.as_str().as_bytes(),
            &[document_type],
            number.as_bytes(),
        ]);
        Self(format!("psg_{}", hex::encode(&mac[..16])))
    }
}

macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident, $expected:literal) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
        #[schema(
            value_type = String,
            pattern = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
            min_length = 36,
            max_length = 36,
        )]
        $(#[$meta])*
        pub struct $name(Uuid);

        impl $name {
            const EXPECTED: &'static str = $expected;

            /// A new id whose time part is the wall-clock time.
            #[must_use]
            pub fn new(clock: &dyn Clock) -> Self {
                Self(clock.new_uuid())
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            fn parse_text(s: &str) -> Option<Self> {
                // Only the hyphenated form is accepted, so that a resource has one name.
                (s.len() == 36)
                    .then(|| Uuid::try_parse(s).ok().map(Self))
                    .flatten()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        text_traits!($name);
    };
}

uuid_id!(
    /// The id of an operation of this gateway (UUID version 7: sorts by time).
    #[schema(example = "01976c5e-7b2a-7c31-9d3e-8f2b6a1c4d50")]
    OperationId,
    "an operation id: a UUID, such as \"01976c5e-7b2a-7c31-9d3e-8f2b6a1c4d50\""
);

uuid_id!(
    /// The id of a webhook (UUID version 7: sorts by time).
    #[schema(example = "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71")]
    WebhookId,
    "a webhook id: a UUID, such as \"0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71\""
);

uuid_id!(
    /// The id of an API key (UUID version 7: sorts by time).
    #[schema(example = "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71")]
    KeyId,
    "the id of an API key: a UUID, such as \"0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71\""
);

impl KeyId {
    /// The id in 32 hexadecimal digits, as it stands in an API key.
    #[must_use]
    pub fn to_digits(self) -> String {
        self.0.as_simple().to_string()
    }

    /// The reverse of [`Self::to_digits`].
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        (digits.len() == 32)
            .then(|| Uuid::try_parse(digits).ok().map(Self))
            .flatten()
    }
}

/// The key of all hashes that the gateway stores in place of personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey([u8; 32]);

impl HashKey {
    /// A key of 32 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storing the key.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 over the parts, each prefixed with its length, so that the same bytes split
    /// differently have different hashes.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC pads a short key with zeros; padding here makes the constructor infallible.
        let mut block = Key::<Hmac<Sha256>>::default();
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: HashKey = HashKey::new([7; 32]);

    #[test]
    fn order_ids_are_strings_of_digits() {
        let id: OrderId = serde_json::from_str("\"9223372036854775807\"").unwrap();
        assert_eq!(id.get(), i64::MAX as u64);
        for bad in ["0", "007", "9223372036854775808", "", "-1", "+1", "1.0"] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<OrderId>("12").is_err());
    }

    #[test]
    fn malformed_names_are_refused() {
        assert!("a-1_x".parse::<AccountName>().is_ok());
        for bad in ["", "-a", "A", "a b", &"a".repeat(33)] {
            assert!(bad.parse::<AccountName>().is_err(), "{bad}");
        }
        assert!("A_.-9".parse::<OutOrderNo>().is_ok());
        for bad in ["", "a b", "号", &"a".repeat(65)] {
            assert!(bad.parse::<OutOrderNo>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_passenger_id_depends_on_key_account_type_and_number() {
        let account: AccountName = "main".parse().unwrap();
        let id = PassengerId::derive(&KEY, &account, 0, "11010119900307001x");
        assert_eq!(
            id,
            PassengerId::derive(&KEY, &account, 0, " 110101 19900307 001X\u{3000}")
        );
        assert_eq!(id.as_str().parse::<PassengerId>().unwrap(), id);
        let other_account: AccountName = "second".parse().unwrap();
        for other in [
            PassengerId::derive(&HashKey::new([8; 32]), &account, 0, "11010119900307001X"),
            PassengerId::derive(&KEY, &other_account, 0, "11010119900307001X"),
            PassengerId::derive(&KEY, &account, 1, "11010119900307001X"),
            PassengerId::derive(&KEY, &account, 0, "110101199003070010"),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn the_mac_is_standard_hmac_over_length_prefixed_parts() {
        let mut reference = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        reference.update(&[0, 0, 0, 0, 0, 0, 0, 2]);
        reference.update(b"ab");
        let reference: [u8; 32] = reference.finalize().into_bytes().into();
        assert_eq!(KEY.mac(&[b"ab"]), reference);
        assert_ne!(KEY.mac(&[b"ab", b"c"]), KEY.mac(&[b"a", b"bc"]));
    }

    #[test]
    fn operation_ids_contain_the_wall_clock_time() {
        let clock = crate::clock::ManualClock::new();
        clock.jump_wall(jiff::SignedDuration::from_hours(24 * 365));
        let id = OperationId::new(&clock);
        let (seconds, _) = id.uuid().get_timestamp().unwrap().to_unix();
        assert!(
            clock
                .wall()
                .as_second()
                .abs_diff(i64::try_from(seconds).unwrap())
                < 5
        );
        assert_eq!(id.to_string().parse::<OperationId>().unwrap(), id);
    }

    #[test]
    fn a_hash_key_is_not_printed() {
        assert_eq!(format!("{KEY:?}"), "HashKey(***)");
    }
}
