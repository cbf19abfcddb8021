//! `taobao.top.auth.token.create`, `taobao.top.auth.token.refresh`, and the answer that they share with `/token`.

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::simulator::gate::{PlatformError, given};
use crate::simulator::params::Params;
use crate::simulator::sessions::{GrantError, Issued};
use crate::simulator::state::State;
use crate::simulator::users::{User, Users};

impl From<GrantError> for PlatformError {
    /// Inferred: no public page shows what these methods return instead of a token.
    fn from(error: GrantError) -> Self {
        let text = error.description();
        match error {
            GrantError::Code => Self::invalid("code", text),
            GrantError::RedirectUri => Self::invalid("redirect_uri", text),
            GrantError::RefreshToken => Self::invalid("refresh_token", text),
            GrantError::Full => Self::service("isv.invalid-permission", text),
        }
    }
}

/// `taobao.top.auth.token.create`
pub(super) fn create(params: &Params, state: &mut State) -> Result<Value, PlatformError> {
    let code = given(params, "code").ok_or_else(|| PlatformError::missing("code"))?;
    let issued = state.sessions.redeem(code, None)?;
    Ok(as_text(&token_answer(&issued, &state.users)))
}

/// `taobao.top.auth.token.refresh`
pub(super) fn refresh(params: &Params, state: &mut State) -> Result<Value, PlatformError> {
    let name = "refresh_token";
    let token = given(params, name).ok_or_else(|| PlatformError::missing(name))?;
    let issued = state.sessions.refresh(token)?;
    Ok(as_text(&token_answer(&issued, &state.users)))
}

/// The answer is text that contains JSON (documented).
fn as_text(answer: &Value) -> Value {
    json!({"token_result": answer.to_string()})
}

/// The token answer. Its members and their types are documented; that the four risk levels live as long as the
/// session is inferred.
pub(in crate::simulator) fn token_answer(issued: &Issued, users: &Users) -> Value {
    let settings = &issued.settings;
    let (life, refresh_life) = (settings.expires_in, settings.refresh_expires_in);
    let user = users.get(&issued.account);
    let mut answer = json!({
        "access_token": issued.session.expose_secret(),
        "token_type": "Bearer",
        "refresh_token": issued.refresh_token.expose_secret(),
        "re_expires_in": refresh_life,
        "hra_expires_in": life.to_string(),
        "taobao_user_id": user.map(|user| user.user_id.to_string()),
        "taobao_user_nick": user.map(url_encoded_nick),
    });
    if settings.states_expiry {
        answer["expires_in"] = json!(life);
    }
    for level in ["r1", "r2", "w1", "w2"] {
        answer[format!("{level}_expires_in")] = json!(life);
    }
    if settings.absolute_times {
        let valid_until = after(issued.at, life);
        if settings.states_expiry {
            answer["expire_time"] = json!(valid_until);
        }
        answer["refresh_token_valid_time"] = json!(after(issued.at, refresh_life));
        for level in ["r1", "r2", "w1", "w2"] {
            answer[format!("{level}_valid")] = json!(valid_until);
        }
    }
    answer
}

/// URL-encoded UTF-8 (documented).
fn url_encoded_nick(user: &User) -> String {
    form_urlencoded::byte_serialize(user.nick.as_bytes()).collect()
}

/// Milliseconds since 1970.
fn after(at: Timestamp, seconds: u32) -> i64 {
    (at + SignedDuration::from_secs(i64::from(seconds))).as_millisecond()
}
