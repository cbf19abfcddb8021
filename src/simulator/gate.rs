//! The checks of TOP on every call before its method runs. The codes and their texts are documented; the order
//! of the checks after `method` is a guess.

use jiff::SignedDuration;

use super::SimulatorConfig;
use super::order::from_wire_time;
use super::params::Params;
use super::sessions::{SessionState, Sessions};
use crate::top::sign::{SignMethod, base_string, verify};

/// An `error_response`.
#[derive(Debug, Clone)]
pub(super) struct PlatformError {
    pub(super) code: u32,
    pub(super) msg: &'static str,
    pub(super) sub_code: Option<String>,
    pub(super) sub_msg: Option<String>,
}

impl PlatformError {
    pub(super) fn new(code: u32, msg: &'static str) -> Self {
        Self {
            code,
            msg,
            sub_code: None,
            sub_msg: None,
        }
    }

    pub(super) fn sub(mut self, code: impl Into<String>, msg: impl Into<String>) -> Self {
        self.sub_code = Some(code.into());
        self.sub_msg = Some(msg.into());
        self
    }

    fn sub_msg(mut self, msg: &str) -> Self {
        self.sub_msg = Some(msg.to_owned());
        self
    }

    pub(super) fn http_action() -> Self {
        Self::new(9, "Http Action Not Allowed")
    }

    pub(super) fn invalid_method() -> Self {
        Self::new(22, "Invalid method")
    }

    pub(super) fn invalid_session() -> Self {
        Self::new(27, "Invalid session").sub(
            "invalid-sessionkey",
            "非法或过期的SessionKey参数，请使用有效的SessionKey参数",
        )
    }

    /// The sub-code is documented, its text is not.
    pub(super) fn session_expired() -> Self {
        Self::new(27, "Invalid session").sub("session-expired", "SessionKey已过期")
    }

    /// An error of the service behind the gateway.
    pub(super) fn service(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(15, "Remote service error").sub(code, text)
    }

    pub(super) fn clock_skew() -> Self {
        Self::new(31, "Invalid timestamp")
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::new(40, "Missing required arguments").sub(
            format!("isv.missing-parameter:{name}"),
            format!("{name} is required"),
        )
    }

    pub(super) fn invalid(name: &str, why: impl Into<String>) -> Self {
        Self::new(41, "Invalid arguments").sub(format!("isv.invalid-parameter:{name}"), why)
    }

    pub(super) fn remote_timeout() -> Self {
        Self::service("isp.top-remote-connection-timeout", "远程调用服务超时")
    }

    pub(super) fn call_limited(seconds: u32) -> Self {
        Self::new(7, "App Call Limited").sub(
            "accesscontrol.limited-by-app-api-access-count",
            format!("This ban will last for {seconds} more seconds"),
        )
    }

    pub(super) fn address_not_allowed(app_key: &str) -> Self {
        Self::new(11, "Insufficient isv permissions").sub(
            "isv.permission-ip-whitelist-limit",
            format!(
                "The appkey {app_key} is only allowed to call from its ip white list, but the \
                 source ip 192.168.1.0 is not included"
            ),
        )
    }
}

/// A parameter that is not blank.
pub(super) fn given<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    let value = params.get(name).map(String::as_str);
    value.filter(|value| !value.trim().is_empty())
}

/// The account of the session, if TOP accepts it.
pub(super) fn check_session(
    config: &SimulatorConfig,
    sessions: &Sessions,
    params: &Params,
) -> Result<String, PlatformError> {
    let Some(session) = given(params, "session") else {
        return Err(
            PlatformError::new(26, "Missing session").sub_msg("传入http参数中必需包含session字段")
        );
    };
    let session = sessions
        .get(session)
        .ok_or_else(PlatformError::invalid_session)?;
    match session.state(config.clock.wall()) {
        SessionState::Valid => Ok(session.account.clone()),
        SessionState::Expired => Err(PlatformError::session_expired()),
        SessionState::Revoked => Err(PlatformError::invalid_session()),
    }
}

/// The checks of all methods, except of the session. The caller of this function checks `method`.
pub(super) fn check_app(config: &SimulatorConfig, params: &Params) -> Result<(), PlatformError> {
    let given = |name: &str| given(params, name);
    match given("format") {
        Some("json") => {}
        _ => {
            return Err(PlatformError::new(23, "Invalid format")
                .sub_msg("the simulator supports format=json only"));
        }
    }
    let Some(sign_method) = given("sign_method") else {
        return Err(PlatformError::missing("sign_method"));
    };
    let sign_method: SignMethod = sign_method
        .parse()
        .map_err(|_| PlatformError::invalid("sign_method", "md5, hmac or hmac-sha256"))?;
    match given("app_key") {
        None => return Err(PlatformError::new(28, "Missing app key")),
        Some(key) if key == config.app_key => {}
        Some(_) => return Err(PlatformError::new(29, "Invalid app Key")),
    }
    let Some(timestamp) = given("timestamp") else {
        return Err(PlatformError::new(30, "Missing timestamp"));
    };
    let near = from_wire_time(timestamp).is_some_and(|at| {
        config.clock.wall().duration_since(at).abs() <= SignedDuration::from_mins(10)
    });
    if !near {
        return Err(PlatformError::clock_skew());
    }
    match given("v") {
        None => return Err(PlatformError::new(32, "Missing version")),
        Some("2.0") => {}
        Some(_) => return Err(PlatformError::new(33, "Invalid version")),
    }
    let Some(signature) = given("sign") else {
        return Err(PlatformError::new(24, "Missing signature"));
    };
    let base = base_string(params.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    if !verify(sign_method, &config.app_secret, &base, signature) {
        return Err(PlatformError::new(25, "Invalid signature"));
    }
    Ok(())
}
