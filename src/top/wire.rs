//! The wire types: one file per method, with TOP's own names. The contract (`openapi/top`) records for each field
//! whether it is documented or inferred.
//!
//! Unknown fields and loose types in responses are tolerated ([`crate::top::lenient`]); [`crate::translate`] decides
//! what a missing field means.

mod air_book;
mod change_cancel;
mod change_create;
mod change_pay;
mod change_query;
mod close;
mod flight_change_query;
mod itinerary;
mod pay;
mod query_order_detail;
mod query_order_list;
mod refund_create;
mod refund_detail;
mod refund_list;
mod refund_render;
mod search;
mod topics;
mod traveller;
mod upload;

use serde::{Serialize, Serializer};

pub use air_book::*;
pub use change_cancel::*;
pub use change_create::*;
pub use change_pay::*;
pub use change_query::*;
pub use close::*;
pub use flight_change_query::*;
pub use itinerary::*;
pub use pay::*;
pub use query_order_detail::*;
pub use query_order_list::*;
pub use refund_create::*;
pub use refund_detail::*;
pub use refund_list::*;
pub use refund_render::*;
pub use search::*;
pub use topics::*;
pub use traveller::*;
pub use upload::*;

use super::envelope::{LONGEST_TEXT, LONGEST_WORD, capped};
use super::lenient::Field;
use super::method::BusinessVerdict;
use crate::domain::money::Money;

/// An amount as TOP expects it: a JSON number of yuan without superfluous digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yuan(pub Money);

impl Serialize for Yuan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fen = self.0.fen();
        if fen.is_multiple_of(100) {
            return serializer.serialize_u64(fen / 100);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "ten digits: the nearest double is printed as exactly these decimals"
        )]
        serializer.serialize_f64(fen as f64 / 100.0)
    }
}

/// Builds the verdict from the four flags, with capped texts.
pub(super) fn verdict<'a>(
    is_success: &Field<bool>,
    code: &'a Field<String>,
    message: &'a Field<String>,
    request_id: &'a Field<String>,
) -> BusinessVerdict<'a> {
    fn at_most(text: &Field<String>, longest: usize) -> Option<&str> {
        text.as_ref().lossy().map(|text| capped(text, longest))
    }
    BusinessVerdict {
        is_success: is_success.lossy(),
        code: at_most(code, LONGEST_WORD),
        message: at_most(message, LONGEST_TEXT),
        request_id: at_most(request_id, LONGEST_WORD),
    }
}

/// Implements [`crate::top::method::Answer`] for a response. Every response declares the four flags itself, because
/// serde cannot share them without buffering.
macro_rules! answer_verdict {
    ($name:ident) => {
        impl $crate::top::method::Answer for $name {
            fn verdict(&self) -> $crate::top::method::BusinessVerdict<'_> {
                $crate::top::wire::verdict(
                    &self.is_success,
                    &self.error_code_info,
                    &self.error_msg,
                    &self.request_id,
                )
            }
        }
    };
}

use answer_verdict;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_plain_json_numbers() {
        for (text, json) in [
            ("1160", "1160"),
            ("950.50", "950.5"),
            ("950.05", "950.05"),
            ("0.01", "0.01"),
            ("99999999.99", "99999999.99"),
            ("0", "0"),
        ] {
            let yuan = Yuan(Money::parse(text).unwrap());
            assert_eq!(serde_json::to_string(&yuan).unwrap(), json);
        }
    }

    proptest! {
        #[test]
        fn amounts_have_no_superfluous_digits(fen in 0..=9_999_999_999_u64) {
            let yuan = Yuan(Money::from_fen(fen).unwrap());
            let json = serde_json::to_string(&yuan).unwrap();
            prop_assert_eq!(Money::parse(&json).unwrap(), yuan.0, "{}", json);
        }
    }
}
