//! Converts between the domain and the wire: one file per TOP method, pure functions in both directions.
//!
//! `request` fails only if it needs a name that Fliggy did not report ([`Unnamed`]): everything else was checked
//! before. `answer` converts a response of TOP: it gets the response, for a write also the intent, and a [`Context`].
//! If a decisive field (an order id, a payment time, an amount) is missing or garbled, the response is [`Unreadable`]
//! and proves nothing; informative fields become `None`. The caller has already evaluated the response's flags and
//! errors.

pub mod book;
pub mod change_cancel;
pub mod change_create;
pub mod change_pay;
pub mod change_query;
pub mod close;
pub mod detail;
pub mod flight_changes;
pub mod list;
mod moment;
pub mod notice;
mod parts;
pub mod pay;
pub mod refund_create;
pub mod refund_detail;
pub mod refund_list;
mod refund_passenger;
pub mod refund_render;
pub mod search;
pub mod upload;

use crate::domain::ids::{AccountName, HashKey};
use crate::domain::time::LocalTime;
use crate::domain::vocabulary::Vocabulary;
use crate::top::lenient::Field;

/// The context for translating a response.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The meanings of Fliggy's phrases and codes.
    pub vocabulary: &'a Vocabulary,
    /// The key of all keyed hashes.
    pub key: &'a HashKey,
    /// The account that made the call.
    pub account: &'a AccountName,
    /// When the response arrived, on the +08:00 clock.
    pub now: LocalTime,
}

/// A decisive field of a response is missing or garbled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable response: field {field}")]
pub struct Unreadable {
    /// TOP's name of the field.
    pub field: &'static str,
}

/// A passenger cannot be named in a request, because Fliggy did not report the name or the document number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name or the document of a passenger is unknown")]
pub struct Unnamed;

/// The value of a required field.
fn required<T>(field: Field<T>, name: &'static str) -> Result<T, Unreadable> {
    match field {
        Field::Value(value) => Ok(value),
        Field::Absent | Field::Unreadable => Err(Unreadable { field: name }),
    }
}

/// The value of a field that may be absent but not garbled.
fn optional<T>(field: Field<T>, name: &'static str) -> Result<Option<T>, Unreadable> {
    match field {
        Field::Value(value) => Ok(Some(value)),
        Field::Absent => Ok(None),
        Field::Unreadable => Err(Unreadable { field: name }),
    }
}

#[cfg(test)]
mod samples;
