//! `[notifications]`: how TOP's messages are received.

use std::collections::BTreeMap;
use std::time::Duration;

use config::Value;
use reqwest::Url;
use serde::Serialize;

use super::show::url_text;
use super::table::{Problems, Table};
use super::{Account, AccountName, value};
use crate::notifications::receiver::{Mode, Quarantine};

/// How TOP's messages are received.
#[derive(Debug, Clone, Serialize)]
pub struct Notifications {
    /// Over the channel, over HTTP, or not at all.
    pub mode: Mode,
    /// The address of the channel. TOP documents no TLS endpoint.
    #[serde(serialize_with = "url_text")]
    pub url: Url,
    /// The groups whose messages are received (TOP: `taobao.tmc.group.add`).
    pub group: Vec<String>,
    /// What becomes of messages that the gateway cannot use.
    pub quarantine: Quarantine,
    /// Reading over HTTP.
    pub http: Http,
}

/// `[notifications.http]`.
#[derive(Debug, Clone, Serialize)]
pub struct Http {
    /// The pause between two reads.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
}

impl Notifications {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let mode = table.required("mode", value::word);
        let url = table.required("url", channel_url);
        let group = table.required("group", groups);
        let quarantine = table.required("quarantine", value::word);
        let mut http = table.table("http");
        let interval = http.required("interval", value::duration);
        http.finish();
        table.finish();
        Some(Self {
            mode: mode?,
            url: url?,
            group: group?,
            quarantine: quarantine?,
            http: Http {
                interval: interval?,
            },
        })
    }

    /// Several accounts need a user id each: the Taobao user of a message identifies its account.
    pub(super) fn check_accounts(
        &self,
        accounts: &BTreeMap<AccountName, Account>,
        problems: &Problems,
    ) {
        let is_named = |account: &Account| account.user_id.is_some();
        let is_clear = accounts.len() < 2 || accounts.values().all(is_named);
        problems.unless(self.mode == Mode::Off || is_clear, || {
            "`notifications.mode` is not `off`, and one of several accounts has no `user_id`, which identifies the \
             account of a message"
                .to_owned()
        });
    }
}

fn channel_url(value: &Value) -> Result<Url, String> {
    let problem = || "expected a URL such as \"ws://mc.api.taobao.com/\"".to_owned();
    let url: Url = value::text(value)?.parse().map_err(|_| problem())?;
    let is_channel = matches!(url.scheme(), "ws" | "wss") && url.has_host();
    if !is_channel || value::has_credentials(&url) {
        return Err(problem());
    }
    Ok(url)
}

/// The maximum length of a group's name (documented).
const LONGEST_GROUP: usize = 32;

fn groups(value: &Value) -> Result<Vec<String>, String> {
    const EXPECTED: &str = "expected the name of a group, such as \"default\", or a list of different names of 1 to 32 \
                            letters, digits, `-` or `_`";
    let groups = value::texts(value)?;
    let is_name = |group: &String| {
        (1..=LONGEST_GROUP).contains(&group.len())
            && group
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let mut distinct = groups.clone();
    distinct.sort();
    distinct.dedup();
    if groups.is_empty() || distinct.len() < groups.len() || !groups.iter().all(is_name) {
        return Err(EXPECTED.to_owned());
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_one_name_or_several_different_ones() {
        let read = |text: &str| groups(&Value::new(None, text));
        assert_eq!(read("default"), Ok(vec!["default".to_owned()]));
        assert_eq!(read("a, b").map(|groups| groups.len()), Ok(2));
        for refused in ["", ",", "a,a", "a b", &"x".repeat(33)] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn the_address_of_the_channel_has_no_credentials() {
        let read = |text: &str| channel_url(&Value::new(None, text)).is_ok();
        assert!(read("ws://mc.api.taobao.com/") && read("wss://127.0.0.1:9"));
        for refused in ["http://x/", "ws://", "ws://u:p@x/", "x"] {
            assert!(!read(refused), "{refused}");
        }
    }
}
