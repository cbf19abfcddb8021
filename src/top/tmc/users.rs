//! The users whose messages an app receives (documented): reading and setting their topics.

use serde::Deserialize;

use crate::top::lenient::{Field, List, TextItem};
use crate::top::method::PlatformMethod;

/// `taobao.tmc.user.get`: the topics that a user permits.
#[derive(Debug, Clone, Copy)]
pub struct GetUser;

impl PlatformMethod for GetUser {
    const NAME: &'static str = "taobao.tmc.user.get";
    type Answer = UserAnswer;
}

impl GetUser {
    /// The parameters, for the user with this name.
    #[must_use]
    pub fn params(nick: &str) -> Vec<(String, String)> {
        [("fields", "topics,is_valid,user_id"), ("nick", nick)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }
}

/// The response of [`GetUser`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UserAnswer {
    /// The user; none if the app receives no messages of the user.
    pub tmc_user: Option<PermittedTopics>,
}

/// What a user permits.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PermittedTopics {
    /// The topics.
    pub topics: List<TextItem>,
    /// Whether messages are sent.
    pub is_valid: Field<bool>,
    /// The user.
    pub user_id: Field<i64>,
}

/// `taobao.tmc.user.permit`: replaces the topics of the user of the session.
#[derive(Debug, Clone, Copy)]
pub struct PermitUser;

impl PlatformMethod for PermitUser {
    const NAME: &'static str = "taobao.tmc.user.permit";
    type Answer = PermitAnswer;
}

impl PermitUser {
    /// The maximum number of topics (documented).
    pub const MOST_TOPICS: usize = 100;

    /// The parameters.
    #[must_use]
    pub fn params(topics: &[String]) -> Vec<(String, String)> {
        vec![("topics".to_owned(), topics.join(","))]
    }
}

/// The response of [`PermitUser`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PermitAnswer {
    /// Whether the topics are permitted.
    pub is_success: Field<bool>,
}
