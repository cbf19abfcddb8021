//! A TOP method is a type: its name, what a call of it may change, and what goes in and out are
//! trait items.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a call may change upstream, and so which way it goes and what its silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: it may be repeated.
    Read,
    /// Money or seats: it is sent once, and silence is not failure.
    Write,
    /// Leaves a file upstream which nobody misses if it is left there twice.
    Upload,
}

/// A method of TOP.
pub trait Method: Send + Sync + 'static {
    /// Its name, e.g. `alitrip.flight.service.search`.
    const NAME: &'static str;
    /// What it may change.
    const EFFECT: Effect;
    /// The one parameter that holds the request object, as JSON text; of an upload, its file.
    const PARAM: &'static str;
    /// The request object.
    type Request: Serialize + Send + Sync;
    /// The object under the answer's root.
    type Answer: DeserializeOwned + Answer + Send + 'static;
}

/// What the business behind a method says of a call, beside the platform's own errors.
pub trait Answer {
    /// The flags at the answer's root.
    fn verdict(&self) -> BusinessVerdict<'_>;
}

/// The flags every flight method has at its answer's root. A method that worked may carry an error
/// code beside its success (the official sample of order detail does): who judges looks at all of
/// them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusinessVerdict<'a> {
    /// `is_success`, if it is there and readable.
    pub is_success: Option<bool>,
    /// `error_code_info`.
    pub code: Option<&'a str>,
    /// `error_msg`.
    pub message: Option<&'a str>,
    /// `request_id`, for support cases.
    pub request_id: Option<&'a str>,
}
