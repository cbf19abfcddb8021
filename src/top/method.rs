//! A TOP method is a type: its name, its effect, its request and its response are trait items.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The effect of a call upstream, which determines the stack of the call and the meaning of a missing response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Changes nothing, so the call may be repeated.
    Read,
    /// Moves money or seats: the call is sent once, and a missing response is not a failure.
    Write,
    /// Stores a file upstream. Storing the file twice does no harm.
    Upload,
}

/// A method of TOP.
pub trait Method: Send + Sync + 'static {
    /// The name, e.g. `alitrip.flight.service.search`.
    const NAME: &'static str;
    /// The effect of a call.
    const EFFECT: Effect;
    /// The parameter that contains the request object as JSON text, or the file of an upload.
    const PARAM: &'static str;
    /// The request object.
    type Request: Serialize + Send + Sync;
    /// The object under the response's root.
    type Answer: DeserializeOwned + Answer + Send + 'static;
}

/// A method of TOP itself, with flat parameters. Its parameters are documented by TOP, so it is not
/// part of the contract that overrides correct.
pub trait PlatformMethod: Send + Sync + 'static {
    /// The name, e.g. `taobao.tmc.messages.consume`.
    const NAME: &'static str;
    /// The object under the response's root.
    type Answer: DeserializeOwned + Send + 'static;
}

/// The business result of a call, in addition to the platform's own errors.
pub trait Answer {
    /// The flags at the response's root.
    fn verdict(&self) -> BusinessVerdict<'_>;
}

/// The flags that every flight method has at the root of its response. A successful response may contain
/// an error code (the official sample of order detail does), so evaluate all flags.
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
