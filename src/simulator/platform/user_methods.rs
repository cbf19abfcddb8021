//! `taobao.tmc.user.get` and `taobao.tmc.user.permit`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::simulator::gate::{PlatformError, given};
use crate::simulator::params::Params;
use crate::simulator::state::State;

/// Longest nick, in characters (documented).
const MAX_NICK: usize = 100;
/// Maximum number of topics in one call (documented).
const MAX_TOPICS: usize = 100;
/// The platforms of users (documented). All users of the simulator are on the first, the default.
const PLATFORMS: [&str; 3] = ["tbUIC", "icbu", "ae"];

/// `taobao.tmc.user.get`. Inferred: fields that do not exist are ignored, and without such a user the response has
/// no `tmc_user`.
pub(super) fn get(
    params: &Params,
    simplify: bool,
    state: &mut State,
) -> Result<Value, PlatformError> {
    let required = |name| given(params, name).ok_or_else(|| PlatformError::missing(name));
    let fields = required("fields")?;
    let nick = required("nick")?;
    if nick.chars().count() > MAX_NICK {
        return Err(PlatformError::invalid("nick", "at most 100 characters"));
    }
    let platform = given(params, "user_platform").unwrap_or(PLATFORMS[0]);
    if !PLATFORMS.contains(&platform) {
        return Err(PlatformError::invalid("user_platform", "tbUIC, icbu or ae"));
    }
    let user = state.users.by_nick(nick);
    let Some(user) = user.filter(|_| platform == PLATFORMS[0]) else {
        return Ok(json!({}));
    };
    let fields = fields.split(',').map(str::trim);
    let shown: Map<String, Value> = fields
        .filter_map(|name| Some((name.to_owned(), user.field(name, simplify)?)))
        .collect();
    Ok(json!({"tmc_user": shown}))
}

/// `taobao.tmc.user.permit`. Replaces the user's topics; without `topics`, all topics of the app are permitted
/// (documented). Inferred: topics that the app does not have are accepted.
pub(super) fn permit(
    params: &Params,
    account: &str,
    state: &mut State,
) -> Result<Value, PlatformError> {
    let topics = given(params, "topics").map(|topics| {
        let topics = topics.split(',').map(str::trim);
        let topics = topics.filter(|topic| !topic.is_empty());
        topics.map(ToOwned::to_owned).collect::<BTreeSet<String>>()
    });
    if topics.as_ref().is_some_and(|all| all.len() > MAX_TOPICS) {
        return Err(PlatformError::invalid("topics", "at most 100 topics"));
    }
    let user = state.users.permit(account, topics);
    Ok(json!({"is_success": user.is_some()}))
}
