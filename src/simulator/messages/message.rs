//! One message, and one delivery of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::MessageFault;

/// A message. Its content may contain personal data and is never logged.
#[derive(Clone)]
pub(super) struct Message {
    /// The id that confirms it.
    pub(super) id: i64,
    /// The same for both copies of a duplicated message.
    pub(super) data_id: i64,
    pub(super) topic: Arc<str>,
    pub(super) content: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) user_id: i64,
    pub(super) user_nick: Arc<str>,
    pub(super) published_at: Timestamp,
    pub(super) published_steady: Duration,
    pub(super) deliveries: u32,
    /// The reason that a consumer gave when it last failed.
    pub(super) failure: Option<String>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// One delivery of a message, to a connection or over HTTP.
#[derive(Debug)]
pub(in crate::simulator) struct Delivery {
    pub(super) message: Message,
    pub(super) fault: Option<MessageFault>,
    pub(super) sent_at: Timestamp,
}

impl Message {
    pub(super) fn delivery(self, fault: Option<MessageFault>, sent_at: Timestamp) -> Delivery {
        Delivery {
            message: self,
            fault,
            sent_at,
        }
    }

    pub(super) fn row(&self, state: RowState) -> Row {
        Row {
            id: self.id.to_string(),
            topic: self.topic.to_string(),
            group: self.group.to_string(),
            deliveries: self.deliveries,
            state,
            failure: self.failure.clone(),
        }
    }
}

impl Delivery {
    /// The content that is sent.
    pub(super) fn content(&self) -> &str {
        let content = &self.message.content;
        if self.fault != Some(MessageFault::Unreadable) {
            return content;
        }
        let half = content.floor_char_boundary(content.len() / 2);
        content.get(..half).unwrap_or_default()
    }
}

/// What has happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::simulator) enum RowState {
    /// It waits for a consumer, for the end of a delay, or for a later message.
    Waiting,
    /// A consumer has it.
    Leased,
    /// A consumer could not process it; it waits for the end of the lease.
    Failed,
    /// A consumer has processed it.
    Confirmed,
}

/// A message without its content. The id is text, because it is above 2^53.
#[derive(Debug, Clone, Serialize)]
pub(in crate::simulator) struct Row {
    pub(in crate::simulator) id: String,
    pub(in crate::simulator) topic: String,
    pub(in crate::simulator) group: String,
    deliveries: u32,
    pub(in crate::simulator) state: RowState,
    failure: Option<String>,
}
