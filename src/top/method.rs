//! A TOP method is a type: its name, its effect, its request and its answer are trait items.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The effect of a call upstream, which decides its stack and what a missing response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// None: it may be repeated.
    Read,
    /// Moves money or seats: it is sent once, and silence is not failure.
    Write,
    /// Stores a file upstream; storing it twice does no harm.
    Upload,
}

/// A method of TOP.
pub trait Method: Send + Sync + 'static {
    /// Its name, e.g. `alitrip.flight.service.search`.
    const NAME: &'static str;
    /// The effect of a call.
    const EFFECT: Effect;
    /// The parameter that contains the request object, as JSON text; for an upload, its file.
    const PARAM: &'static str;
    /// The request object.
    type Request: Serialize + Send + Sync;
    /// The object under the response's root.
    type Answer: DeserializeOwned + Answer + Send + 'static;
}

/// The business result of a call, in addition to the platform's own errors.
pub trait Answer {
    /// The flags at the response's root.
    fn verdict(&self) -> BusinessVerdict<'_>;
}

/// The flags that every flight method has at its response's root. A successful response may contain
/// an error code (the official sample of order detail does), so evaluate all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusinessVerdict<'a> {
    /// `is_success`, if it is present and readable.
    pub is_success: Option<bool>,
    /// `error_code_info`.
    pub code: Option<&'a str>,
    /// `error_msg`.
    pub message: Option<&'a str>,
    /// `request_id`, for support cases.
    pub request_id: Option<&'a str>,
}
