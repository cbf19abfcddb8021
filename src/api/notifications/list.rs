//! `GET /v1/notifications`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::ApiState;
use crate::api::auth::Operator;
use crate::api::extract::{Json, Query};
use crate::api::limit::{Limit, Position};
use crate::api::operations::unreadable;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::AccountName;
use crate::domain::time::Rfc3339;
use crate::notifications::inbox::{MessageFilter, MessageState, QuarantineReason, StoredMessage};
use crate::problem_answers;

/// The selection of messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only messages in this state.
    #[serde(default)]
    #[param(required = false, value_type = MessageState, inline)]
    state: Option<MessageState>,
    /// The maximum number of messages; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next_cursor` of the previous page.
    #[serde(default)]
    #[param(required = false, value_type = String, pattern = "^[1-9][0-9]{0,17}$", example = "118")]
    cursor: Option<Position>,
}

/// A message of TOP, without its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notification {
    /// The topic; empty if the message has no usable one.
    #[schema(example = "alitrip_flight_TradeNotify")]
    topic: String,
    /// The id in its content, which with the topic identifies the message; a hash if it has none.
    id: String,
    /// The state.
    state: MessageState,
    /// Why it is in quarantine; null if it is not.
    #[schema(required = true, value_type = Option<QuarantineReason>)]
    reason: Option<QuarantineReason>,
    /// The names of the members of its content with their JSON types, such as `order_no: number`, if it is in quarantine.
    #[schema(max_items = 40)]
    members: Vec<String>,
    /// The purchasing account; null if it is in quarantine.
    #[schema(required = true, value_type = Option<AccountName>)]
    account: Option<AccountName>,
    /// The Taobao user whom it concerns (`accounts.<name>.user_id`); null if TOP named none.
    #[schema(required = true, example = "2200000000001")]
    user_id: Option<String>,
    /// The number of the order as the message reports it; null if it names none or cannot be read.
    #[schema(required = true)]
    order_no: Option<String>,
    /// When TOP published it (+08:00); null if unknown.
    #[schema(required = true)]
    published_at: Option<Rfc3339>,
    /// When it was first received (+08:00).
    received_at: Rfc3339,
    /// How often it was delivered.
    #[schema(minimum = 1)]
    deliveries: i64,
}

impl From<StoredMessage> for Notification {
    fn from(message: StoredMessage) -> Self {
        Self {
            topic: message.topic,
            id: message.id,
            state: message.state,
            reason: message.reason,
            members: message.members,
            account: message.account,
            user_id: message.user_id.map(|id| id.to_string()),
            order_no: message.order_no,
            published_at: message.published_at.map(Rfc3339),
            received_at: Rfc3339(message.received_at),
            deliveries: message.deliveries,
        }
    }
}

/// A page of messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationPage {
    /// The messages.
    items: Vec<Notification>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

problem_answers!(
    NotificationProblems = API,
    RESTRICTED,
    &[Code::JournalUnavailable]
);

/// List TOP's messages
///
/// For operators. Newest first. `state=quarantined` lists the messages that the gateway cannot use: of an unknown topic,
/// with unreadable content, or about an account that is not configured. Contents are not stored. Processed messages are
/// kept for 7 days, those in quarantine for 30 days.
#[utoipa::path(
    get,
    path = "/v1/notifications",
    operation_id = "list_notifications",
    tag = "events",
    params(Selection),
    responses((status = 200, description = "A page of messages.", body = NotificationPage, example = json!(crate::api::examples::notifications())), NotificationProblems),
)]
pub async fn list_notifications(
    State(state): State<ApiState>,
    Operator(_): Operator,
    Query(selection): Query<Selection>,
) -> Result<Json<NotificationPage>, Problem> {
    let limit = selection.limit.unwrap_or_default();
    let filter = MessageFilter {
        state: selection.state,
        before: selection.cursor.map(Position::get),
        limit: limit.and_one(),
    };
    let journal = state.operations()?.journal();
    let mut found = journal.messages(filter).await.map_err(unreadable)?;
    let last = limit.cut(&mut found);
    let next_cursor = last.map(|message| message.sequence.to_string());
    Ok(Json(NotificationPage {
        items: found.into_iter().map(Notification::from).collect(),
        next_cursor,
    }))
}
