//! Authorisation of purchasing accounts: Taobao's OAuth pages, and the methods that turn a code into a session.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

use super::lenient::Field;
use super::method::PlatformMethod;
use crate::domain::personal::Personal;

/// `taobao.top.auth.token.create`: exchanges a code for a session. The code is valid for 30 minutes, and once.
#[derive(Debug, Clone, Copy)]
pub struct TokenCreate;

impl PlatformMethod for TokenCreate {
    const NAME: &'static str = "taobao.top.auth.token.create";
    type Answer = TokenAnswer;
}

impl TokenCreate {
    /// The parameters.
    #[must_use]
    pub fn params(code: &str) -> Vec<(String, String)> {
        vec![("code".to_owned(), code.to_owned())]
    }
}

/// `taobao.top.auth.token.refresh`: exchanges a refresh token, which is then used up, for a new session. TOP grants it to
/// apps of the service market only.
#[derive(Debug, Clone, Copy)]
pub struct TokenRefresh;

impl PlatformMethod for TokenRefresh {
    const NAME: &'static str = "taobao.top.auth.token.refresh";
    type Answer = TokenAnswer;
}

impl TokenRefresh {
    /// The parameters.
    #[must_use]
    pub fn params(refresh_token: &str) -> Vec<(String, String)> {
        vec![("refresh_token".to_owned(), refresh_token.to_owned())]
    }
}

/// The response of both methods: a text that contains JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TokenAnswer {
    token_result: Field<String>,
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenAnswer(***)")
    }
}

impl TokenAnswer {
    /// The token; none if it cannot be read or contains no session.
    #[must_use]
    pub fn token(self) -> Option<Token> {
        let text = self.token_result.lossy()?;
        let wire: WireToken = serde_json::from_str(&text).ok()?;
        let text = |field: Field<String>| field.lossy().filter(|text| !text.trim().is_empty());
        Some(Token {
            session: text(wire.access_token)?.into(),
            refresh_token: text(wire.refresh_token).map(SecretString::from),
            user_id: wire.taobao_user_id.lossy().filter(|id| *id > 0),
            nick: text(wire.taobao_user_nick).map(|nick| Personal::new(decoded(&nick))),
            life: Life {
                seconds: wire.expires_in.lossy(),
                until_ms: wire.expire_time.lossy(),
            },
            refresh_life: Life {
                seconds: wire.re_expires_in.lossy(),
                until_ms: wire.refresh_token_valid_time.lossy(),
            },
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireToken {
    access_token: Field<String>,
    refresh_token: Field<String>,
    taobao_user_id: Field<i64>,
    taobao_user_nick: Field<String>,
    expires_in: Field<i64>,
    expire_time: Field<i64>,
    re_expires_in: Field<i64>,
    refresh_token_valid_time: Field<i64>,
}

/// A session as TOP issues it.
#[derive(Debug)]
pub struct Token {
    /// The session.
    pub session: SecretString,
    /// The token to refresh it.
    pub refresh_token: Option<SecretString>,
    /// The Taobao user who authorised it.
    pub user_id: Option<i64>,
    /// The name of that user.
    pub nick: Option<Personal<String>>,
    /// How long the session lives.
    pub life: Life,
    /// How long it can be refreshed.
    pub refresh_life: Life,
}

/// A life: newer answers state its end, older ones its duration.
#[derive(Debug, Clone, Copy, Default)]
pub struct Life {
    seconds: Option<i64>,
    until_ms: Option<i64>,
}

impl Life {
    /// The end of a life that begins now; none if TOP does not state it or it is over. The duration counts if both are
    /// stated, because it does not depend on TOP's clock.
    #[must_use]
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        let by_duration = |seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok();
        let stated = match (self.seconds, self.until_ms) {
            (Some(seconds), _) => by_duration(seconds),
            (None, Some(until)) => Timestamp::from_millisecond(until).ok(),
            (None, None) => None,
        };
        stated.filter(|end| *end > now)
    }
}

/// URL-encoded UTF-8 (documented).
fn decoded(nick: &str) -> String {
    let mut pairs = form_urlencoded::parse(nick.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

/// The address of Taobao's page on which a user authorises the app.
#[must_use]
pub fn authorize_url(page: &Url, app_key: &str, callback: &Url, state: &str) -> Url {
    let mut url = page.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", app_key)
        .append_pair("redirect_uri", callback.as_str())
        .append_pair("state", state)
        .append_pair("view", "web");
    url
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;
    use crate::top::envelope::{Envelope, decode};

    fn token(result: &str) -> Option<Token> {
        let body =
            json!({"top_auth_token_create_response": {"token_result": result, "request_id": "1"}});
        let body = body.to_string();
        match decode::<TokenAnswer>(TokenCreate::NAME, body.as_bytes()).unwrap() {
            Envelope::Answer(answer) => answer.token(),
            Envelope::Error(error) => panic!("{error:?}"),
        }
    }

    fn now() -> Timestamp {
        "2026-11-28T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_older_answer_states_durations_and_encodes_the_nick() {
        let token = token(
            r#"{"w2_expires_in":0,"taobao_user_id":"121741189","taobao_user_nick":"%E9%A3%9E%E7%8C%AA+1",
               "re_expires_in":2592000,"expires_in":"86400","token_type":"Bearer","refresh_token":"6201a02d",
               "access_token":"6202b025"}"#,
        )
        .unwrap();
        assert_eq!(token.session.expose_secret(), "6202b025");
        assert_eq!(token.user_id, Some(121_741_189));
        assert_eq!(token.nick.as_ref().unwrap().expose(), "飞猪 1");
        let day = SignedDuration::from_hours(24);
        assert_eq!(token.life.end(now()), Some(now() + day));
        assert_eq!(token.refresh_life.end(now()), Some(now() + day * 30));
        let shown = format!("{token:?}");
        for secret in ["6202b025", "6201a02d", "飞猪"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_newer_answer_states_times_and_what_is_missing_is_unknown() {
        let found = token(
            r#"{"access_token":"s","expire_time":1799377170000,"refresh_token_valid_time":0,"taobao_user_id":7}"#,
        )
        .unwrap();
        let end = Timestamp::from_millisecond(1_799_377_170_000).unwrap();
        assert_eq!(found.life.end(now()), Some(end));
        assert_eq!(found.refresh_life.end(now()), None);
        let found = token(r#"{"access_token":"s","re_expires_in":0}"#).unwrap();
        assert_eq!((found.life.end(now()), found.user_id), (None, None));
        assert_eq!(found.refresh_life.end(now()), None);
    }

    #[test]
    fn an_answer_without_a_session_is_no_token() {
        for text in [
            "",
            "{}",
            "not json",
            r#"{"access_token":" "}"#,
            r#"{"access_token":null}"#,
            "[]",
        ] {
            assert!(token(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_page_gets_everything_encoded() {
        let page = "https://oauth.taobao.com/authorize".parse().unwrap();
        let callback = "https://gateway.example.com/oauth/callback?a=b"
            .parse()
            .unwrap();
        let url = authorize_url(&page, "12345678", &callback, "a+b/=");
        assert_eq!(
            url.as_str(),
            "https://oauth.taobao.com/authorize?response_type=code&client_id=12345678&redirect_uri=https%3A%2F%2F\
             gateway.example.com%2Foauth%2Fcallback%3Fa%3Db&state=a%2Bb%2F%3D&view=web"
        );
    }
}
