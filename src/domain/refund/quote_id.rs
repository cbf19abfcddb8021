//! The id of a quote: the quoted selection and fee, authenticated with the gateway's key.
//!
//! The gateway stores no quotes. An id whose MAC is valid was created by this gateway for this account and order, and
//! its fee was computed by Fliggy; a caller cannot create an id for an invented fee.

use super::{RefundFee, RefundKind, RefundSelection};
use crate::domain::ids::{AccountName, HashKey, OrderId, PassengerId};
use crate::domain::money::Money;
use crate::domain::text::text_type;

text_type!(
    /// The id of a refund quote, opaque.
    #[schema(
        value_type = String,
        pattern = "^rq_([0-9a-f]{2}){40,1000}$",
        min_length = 83,
        max_length = 2003,
        example = "rq_01000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    )]
    QuoteId,
    |b| matches!(b.len(), 83..=2003)
        && b.starts_with(b"rq_")
        && b.len() % 2 == 1
        && b[3..]
            .iter()
            .all(|c| c.is_ascii_digit() || matches!(c, b'a'..=b'f')),
    "the quote_id of a refund quote"
);

/// The content of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// The order.
    pub order_id: OrderId,
    /// The selection to be refunded.
    pub selection: RefundSelection,
    /// The fee according to Fliggy.
    pub fee: RefundFee,
    /// Whether the selection can be refunded according to Fliggy; `None` if not reported.
    pub refundable: Option<bool>,
    /// When it was quoted, in seconds since 1970 (UTC).
    pub quoted_at: i64,
}

const VERSION: u8 = 2;
/// Quotes of this version do not contain `refundable`. They are still read, so that a replay of a request with such
/// a quote is recognised under its idempotency key.
const WITHOUT_REFUNDABLE: u8 = 1;
const MAC: usize = 16;
/// Encodes an unreported `refundable`.
const NOT_REPORTED: u8 = 2;
/// Larger selections are not sealed; no order is that large.
const MOST_PASSENGERS: usize = 32;
const MOST_SEGMENTS: usize = 16;
const LONGEST_SEGMENT: usize = 255;

impl QuoteId {
    /// Seals a quote; `None` if its selection is larger than that of any order.
    #[must_use]
    pub fn seal(key: &HashKey, account: &AccountName, quoted: &Quoted) -> Option<Self> {
        let selection = &quoted.selection;
        if selection.passengers.len() > MOST_PASSENGERS || selection.segments.len() > MOST_SEGMENTS
        {
            return None;
        }
        let kind = RefundKind::ALL
            .iter()
            .position(|kind| *kind == selection.kind)?;
        let mut bytes = vec![VERSION, u8::try_from(kind).ok()?];
        bytes.extend(quoted.order_id.get().to_be_bytes());
        bytes.extend(quoted.quoted_at.to_be_bytes());
        // An unknown fee is written as `u64::MAX`.
        let fee = quoted.fee.amount().map_or(u64::MAX, Money::fen);
        bytes.extend(fee.to_be_bytes());
        bytes.push(quoted.refundable.map_or(NOT_REPORTED, u8::from));
        bytes.push(u8::try_from(selection.passengers.len()).ok()?);
        for passenger in &selection.passengers {
            bytes.extend(hex::decode(passenger.as_str().strip_prefix("psg_")?).ok()?);
        }
        bytes.push(u8::try_from(selection.segments.len()).ok()?);
        for segment in &selection.segments {
            if segment.len() > LONGEST_SEGMENT {
                return None;
            }
            bytes.push(u8::try_from(segment.len()).ok()?);
            bytes.extend(segment.as_bytes());
        }
        let mac = mac(key, account, &bytes);
        bytes.extend(mac);
        format!("rq_{}", hex::encode(bytes)).parse().ok()
    }

    /// The content of the quote, if this gateway sealed it for this account.
    #[must_use]
    pub fn open(&self, key: &HashKey, account: &AccountName) -> Option<Quoted> {
        let bytes = hex::decode(self.as_str().strip_prefix("rq_")?).ok()?;
        let (sealed, tag) = bytes.split_at_checked(bytes.len().checked_sub(MAC)?)?;
        let authentic: bool =
            subtle::ConstantTimeEq::ct_eq(&mac(key, account, sealed)[..], tag).into();
        if !authentic {
            return None;
        }
        let mut rest = Rest(sealed);
        let version = rest.byte()?;
        if version != VERSION && version != WITHOUT_REFUNDABLE {
            return None;
        }
        let kind = *RefundKind::ALL.get(usize::from(rest.byte()?))?;
        let order_id = OrderId::new(u64::from_be_bytes(rest.array()?))?;
        let quoted_at = i64::from_be_bytes(rest.array()?);
        let fee = match u64::from_be_bytes(rest.array()?) {
            u64::MAX => RefundFee::Unknown,
            fen => RefundFee::Known(Money::from_fen(fen)?),
        };
        let refundable = match version {
            WITHOUT_REFUNDABLE => None,
            _ => match rest.byte()? {
                0 => Some(false),
                1 => Some(true),
                NOT_REPORTED => None,
                _ => return None,
            },
        };
        let passengers = (0..rest.byte()?)
            .map(|_| {
                let id: [u8; 16] = rest.array()?;
                format!("psg_{}", hex::encode(id))
                    .parse::<PassengerId>()
                    .ok()
            })
            .collect::<Option<_>>()?;
        let segments = (0..rest.byte()?)
            .map(|_| {
                let length = usize::from(rest.byte()?);
                String::from_utf8(rest.take(length)?.to_vec()).ok()
            })
            .collect::<Option<_>>()?;
        Some(Quoted {
            order_id,
            selection: RefundSelection {
                kind,
                passengers,
                segments,
            },
            fee,
            refundable,
            quoted_at,
        })
    }
}

fn mac(key: &HashKey, account: &AccountName, sealed: &[u8]) -> [u8; MAC] {
    let whole = key.mac(&[b"refund quote", account.as_str().as_bytes(), sealed]);
    let mut cut = [0; MAC];
    cut.copy_from_slice(&whole[..MAC]);
    cut
}

/// The unread bytes.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: HashKey = HashKey::new([7; 32]);

    fn account(name: &str) -> AccountName {
        name.parse().unwrap()
    }

    prop_compose! {
        fn quotes()(
            order in 1..=i64::MAX as u64,
            kind in 0..RefundKind::ALL.len(),
            fee in prop::option::of(0..=9_999_999_999_u64),
            refundable in any::<Option<bool>>(),
            quoted_at in any::<u32>(),
            passengers in prop::collection::vec(any::<[u8; 16]>(), 1..10),
            segments in prop::collection::vec("[A-Z0-9]{1,24}", 0..5),
        ) -> Quoted {
            Quoted {
                order_id: OrderId::new(order).unwrap(),
                selection: RefundSelection {
                    kind: RefundKind::ALL[kind],
                    passengers: passengers
                        .iter()
                        .map(|id| format!("psg_{}", hex::encode(id)).parse().unwrap())
                        .collect(),
                    segments,
                },
                fee: fee.map_or(RefundFee::Unknown, |fen| RefundFee::Known(Money::from_fen(fen).unwrap())),
                refundable,
                quoted_at: i64::from(quoted_at),
            }
        }
    }

    #[test]
    fn a_quote_of_the_earlier_version_is_opened() {
        let mut sealed = vec![WITHOUT_REFUNDABLE, 0];
        sealed.extend(7_u64.to_be_bytes());
        sealed.extend(1_900_000_000_i64.to_be_bytes());
        sealed.extend(6150_u64.to_be_bytes());
        sealed.push(1);
        sealed.extend([9; 16]);
        sealed.push(0);
        let mac = mac(&KEY, &account("main"), &sealed);
        sealed.extend(mac);
        let id: QuoteId = format!("rq_{}", hex::encode(sealed)).parse().unwrap();
        let quoted = id.open(&KEY, &account("main")).unwrap();
        assert_eq!((quoted.order_id.get(), quoted.refundable), (7, None));
        assert_eq!(
            quoted.fee.amount().map(|fee| fee.to_string()).as_deref(),
            Some("61.50")
        );
    }

    proptest! {
        #[test]
        fn a_sealed_quote_is_opened(quoted in quotes()) {
            let id = QuoteId::seal(&KEY, &account("main"), &quoted).unwrap();
            prop_assert_eq!(id.open(&KEY, &account("main")), Some(quoted));
            prop_assert_eq!(id.as_str().parse::<QuoteId>().unwrap(), id.clone());
            prop_assert_eq!(id.open(&KEY, &account("other")), None);
            prop_assert_eq!(id.open(&HashKey::new([8; 32]), &account("main")), None);
        }

        #[test]
        fn a_modified_quote_does_not_open(
            quoted in quotes(), at in any::<prop::sample::Index>(), digit in 0..15_u8,
        ) {
            let id = QuoteId::seal(&KEY, &account("main"), &quoted).unwrap();
            let mut text = id.as_str().as_bytes().to_vec();
            let at = 3 + at.index(text.len() - 3);
            let digits = b"0123456789abcdef";
            let was = digits.iter().position(|d| *d == text[at]).unwrap();
            text[at] = digits[(was + 1 + usize::from(digit)) % 16];
            let modified: QuoteId = String::from_utf8(text).unwrap().parse().unwrap();
            prop_assert_eq!(modified.open(&KEY, &account("main")), None);
        }

        #[test]
        fn opening_never_panics(bytes in prop::collection::vec(any::<u8>(), 40..200)) {
            let id: QuoteId = format!("rq_{}", hex::encode(bytes)).parse().unwrap();
            prop_assert_eq!(id.open(&KEY, &account("main")), None);
        }
    }
}
