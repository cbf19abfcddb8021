//! The platform's methods for tokens, users, the time and the caller's address. They have no file in `openapi/top`.

mod tokens;
mod user_methods;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::platform;
use super::faults::Fault;
use super::gate::{PlatformError, check_app, check_session, given};
use super::order::wire_time;
use super::params::Params;
use super::script::{Strike, Subject};
use super::state::State;
use super::trouble::gateway_error;
use super::verdict::Verdict;
use super::{Simulator, SimulatorConfig};

pub(super) use tokens::token_answer;

/// A method of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformMethod {
    /// taobao.top.auth.token.create
    TokenCreate,
    /// taobao.top.auth.token.refresh
    TokenRefresh,
    /// taobao.tmc.user.permit
    UserPermit,
    /// taobao.tmc.user.get
    UserGet,
    /// taobao.time.get
    TimeGet,
    /// taobao.appip.get
    AppipGet,
    /// `POST /token`, which is not a method of `/router/rest`.
    OauthToken,
}

impl PlatformMethod {
    /// All methods.
    pub const ALL: [PlatformMethod; 7] = [
        PlatformMethod::TokenCreate,
        PlatformMethod::TokenRefresh,
        PlatformMethod::UserPermit,
        PlatformMethod::UserGet,
        PlatformMethod::TimeGet,
        PlatformMethod::AppipGet,
        PlatformMethod::OauthToken,
    ];

    /// The method with this full name.
    pub(super) fn of_method(name: &str) -> Option<Self> {
        let method = Self::ALL
            .into_iter()
            .find(|method| method.names().1 == name);
        method.filter(|method| *method != Self::OauthToken)
    }

    /// The short name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.names().0
    }

    /// The short name, the name of the method, and the root of its response.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::TokenCreate => (
                "token_create",
                "taobao.top.auth.token.create",
                "top_auth_token_create_response",
            ),
            Self::TokenRefresh => (
                "token_refresh",
                "taobao.top.auth.token.refresh",
                "top_auth_token_refresh_response",
            ),
            Self::UserPermit => (
                "user_permit",
                "taobao.tmc.user.permit",
                "tmc_user_permit_response",
            ),
            Self::UserGet => ("user_get", "taobao.tmc.user.get", "tmc_user_get_response"),
            Self::TimeGet => ("time_get", "taobao.time.get", "time_get_response"),
            Self::AppipGet => ("appip_get", "taobao.appip.get", "appip_get_response"),
            Self::OauthToken => ("oauth_token", "", "token"),
        }
    }

    pub(super) fn root(self) -> &'static str {
        self.names().2
    }

    fn needs_session(self) -> bool {
        self == Self::UserPermit
    }

    fn is_lookup(self) -> bool {
        match self {
            Self::UserGet | Self::TimeGet | Self::AppipGet => true,
            Self::TokenCreate | Self::TokenRefresh | Self::UserPermit | Self::OauthToken => false,
        }
    }
}

impl Simulator {
    /// Checks a call of `/router/rest`, applies its effect and builds the response, without any wait.
    pub(super) fn answer_platform(
        &self,
        method: PlatformMethod,
        params: &Params,
        request_id: &str,
    ) -> Verdict {
        let config = self.config();
        let checked = check_app(config, params);
        let mut state = self.state();
        let account = checked.and_then(|()| match method.needs_session() {
            true => check_session(config, &state.sessions, params),
            false => Ok(String::new()),
        });
        let outcome = |error: &PlatformError| format!("error {}", error.code);
        let account = match account {
            Ok(account) => account,
            Err(error) => {
                state.record_platform(config, method, None, false, outcome(&error));
                return Verdict::error(&error, request_id);
            }
        };
        let simplify = given(params, "simplify") == Some("true");
        let run = |state: &mut State| match method {
            PlatformMethod::TokenCreate => tokens::create(params, state),
            PlatformMethod::TokenRefresh => tokens::refresh(params, state),
            PlatformMethod::UserPermit => user_methods::permit(params, &account, state),
            PlatformMethod::UserGet => user_methods::get(params, simplify, state),
            PlatformMethod::TimeGet => Ok(json!({"time": wire_time(config.clock.wall())})),
            PlatformMethod::AppipGet => Ok(json!({"ip": "127.0.0.1"})),
            PlatformMethod::OauthToken => Err(PlatformError::invalid_method()),
        };
        let (result, strike) = state.run_under_fault(config, method, run, outcome);
        let json = match result {
            Ok(mut inner) => {
                inner["request_id"] = json!(request_id);
                match simplify {
                    true => inner,
                    false => json!({method.root(): inner}),
                }
            }
            Err(error) => platform(&error, request_id),
        };
        Verdict::under(strike.as_ref(), json.to_string(), method.root())
    }
}

impl State {
    /// Runs a method under the fault of the first rule for it, and records the call. Returns the result that the
    /// caller gets, and the fault.
    pub(super) fn run_under_fault<E: From<PlatformError>>(
        &mut self,
        config: &SimulatorConfig,
        method: PlatformMethod,
        run: impl FnOnce(&mut Self) -> Result<Value, E>,
        outcome: impl Fn(&E) -> String,
    ) -> (Result<Value, E>, Option<Strike>) {
        let strike = self.scripts.take_rule(method.into(), &Subject::default());
        let fault = strike.as_ref().map(|strike| strike.fault);
        let undone = (fault == Some(Fault::SuccessWithoutEffect))
            .then(|| (self.sessions.clone(), self.users.clone()));
        let refused = strike.as_ref().and_then(|strike| preempt(strike, config));
        let result = match refused {
            Some(error) => Err(error.into()),
            None => run(self),
        };
        let effect = result.is_ok() && undone.is_none() && !method.is_lookup();
        if let Some((sessions, users)) = undone {
            (self.sessions, self.users) = (sessions, users);
        }
        let refusal = result.as_ref().err().map(outcome);
        let outcome = refusal.unwrap_or_else(|| "ok".to_owned());
        self.record_platform(config, method, fault, effect, outcome);
        let result = match (fault, &strike) {
            (Some(Fault::TimeoutDone | Fault::BusinessTimeoutDone), _) => {
                Err(PlatformError::remote_timeout().into())
            }
            (Some(Fault::ErrorAfterSuccess), Some(strike)) => Err(system_error(strike).into()),
            _ => result,
        };
        (result, strike)
    }

    pub(super) fn record_platform(
        &mut self,
        config: &SimulatorConfig,
        method: PlatformMethod,
        fault: Option<Fault>,
        effect: bool,
        outcome: String,
    ) {
        let (now, subject) = (config.clock.wall(), Subject::default());
        self.calls
            .record(now, method.into(), subject, fault, effect, outcome);
    }
}

/// The error that replaces the method, for faults without an effect. These methods have no `is_success`, so a
/// refusal is an `error_response` as well.
fn preempt(strike: &Strike, config: &SimulatorConfig) -> Option<PlatformError> {
    match strike.fault {
        Fault::SuccessWithoutEffect => None, // the method runs and is undone
        fault if fault.has_effect() => None,
        Fault::BusinessTimeoutNothing => Some(PlatformError::remote_timeout()),
        Fault::Refuse | Fault::RefuseUnlisted => Some(service_error(
            strike,
            "isv.invalid-permission",
            "请求被拒绝",
        )),
        // If the whole response is replaced later, the error does not matter.
        _ => Some(gateway_error(strike, config).unwrap_or_else(|| system_error(strike))),
    }
}

fn system_error(strike: &Strike) -> PlatformError {
    service_error(strike, "isp.unknown-error", "系统错误")
}

fn service_error(strike: &Strike, code: &str, text: &str) -> PlatformError {
    PlatformError::service(
        strike.code.as_deref().unwrap_or(code),
        strike.text.as_deref().unwrap_or(text),
    )
}
