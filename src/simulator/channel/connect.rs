//! Checks the first frame of a connection.

use secrecy::ExposeSecret;

use crate::simulator::SimulatorConfig;
use crate::simulator::messages::{DEFAULT_GROUP, Messages};
use crate::top::sign::{SignMethod, base_string, verify};
use crate::top::tmc::frame::{Frame, FrameType};

/// A refusal. The codes are those of the HTTP gateway; which ones TOP sends here is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    code: i32,
    phrase: &'static str,
}

impl Refusal {
    const fn new(code: i32, phrase: &'static str) -> Self {
        Self { code, phrase }
    }

    /// The response to a request.
    pub(super) fn respond(self, frame_type: FrameType, request: &Frame) -> Frame {
        let mut response = respond(frame_type, request);
        response.status_code = Some(self.code);
        response.status_phrase = Some(self.phrase.to_owned());
        response
    }
}

const MISSING_SIGNATURE: Refusal = Refusal::new(24, "Missing signature");
const INVALID_SIGNATURE: Refusal = Refusal::new(25, "Invalid signature");
const MISSING_APP: Refusal = Refusal::new(28, "Missing app key");
const INVALID_APP: Refusal = Refusal::new(29, "Invalid app Key");
const MISSING_TIMESTAMP: Refusal = Refusal::new(30, "Missing timestamp");
pub(super) const INVALID_GROUP: Refusal = Refusal::new(41, "Invalid arguments:group_name");
const INVALID_TOKEN: Refusal = Refusal::new(41, "Invalid arguments:token");
/// For a message that a client publishes without topic or content.
pub(super) const INCOMPLETE: Refusal = Refusal::new(40, "Missing required arguments");

/// An empty response to a request, in the version of the request.
pub(super) fn respond(frame_type: FrameType, request: &Frame) -> Frame {
    let mut response = Frame::new(frame_type);
    response.version = request.version;
    response.flag = request.flag;
    response
}

/// The group of a `Connect` frame that TOP would accept.
pub(super) fn check(
    config: &SimulatorConfig,
    messages: &Messages,
    frame: &Frame,
) -> Result<String, Refusal> {
    let given = |name: &str| {
        let value = frame.get(name).and_then(|value| value.text());
        value.filter(|text| !text.trim().is_empty())
    };
    let app_key = given("app_key").ok_or(MISSING_APP)?;
    if app_key != config.app_key {
        return Err(INVALID_APP);
    }
    let signature = given("sign").ok_or(MISSING_SIGNATURE)?;
    // The clients write it in different units, so its value cannot be checked.
    let timestamp = given("timestamp").ok_or(MISSING_TIMESTAMP)?;
    let group = given("group_name");
    let signed = [
        ("app_key", app_key.as_str()),
        ("group_name", group.as_deref().unwrap_or_default()),
        ("timestamp", &timestamp),
    ];
    let base = base_string(signed.into_iter());
    if !verify(SignMethod::Md5, &config.app_secret, &base, &signature) {
        return Err(INVALID_SIGNATURE);
    }
    let group = group.unwrap_or_else(|| DEFAULT_GROUP.to_owned());
    let auth = messages.auth_token(&group).ok_or(INVALID_GROUP)?;
    match given("token") {
        Some(token) if token != auth.expose_secret() => Err(INVALID_TOKEN),
        Some(_) | None => Ok(group),
    }
}
