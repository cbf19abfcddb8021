//! Between the domain and the wire: one file per TOP method, pure functions both ways.
//!
//! `request` fails only where Fliggy itself did not tell a name that it wants ([`Unnamed`]): all else
//! that is sent was checked. `answer` takes what TOP said apart and moves the pieces over: it gets the
//! answer, for a write also the intent, and a [`Context`]. A field that decides something (an order id, a
//! payment time, an amount) and is missing or garbled makes the answer [`Unreadable`], which proves
//! nothing; fields that only inform become `None`. Flags and errors of an answer are judged before, by
//! who called.

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

/// What an answer is understood with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What Fliggy's phrases and numbers mean.
    pub vocabulary: &'a Vocabulary,
    /// The key of all keyed hashes.
    pub key: &'a HashKey,
    /// The account that asked.
    pub account: &'a AccountName,
    /// When it answered, on the +08:00 clock.
    pub now: LocalTime,
}

/// A decisive field of an answer is missing or garbled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable answer: field {field}")]
pub struct Unreadable {
    /// TOP's name of the field.
    pub field: &'static str,
}

/// A traveller cannot be named in a request, because Fliggy did not tell the name or the number of
/// the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name or the document of a traveller is not known")]
pub struct Unnamed;

/// The value of a field that must be there.
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
