//! The inbox of TOP's messages, and what a message changes. The decisions are pure functions over rows that a backend has
//! fetched.

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::JournalError;
use crate::domain::change::ChangeStatus;
use crate::domain::ids::AccountName;
use crate::domain::notice::{News, Notice, OrderNumber};
use crate::domain::operation::{
    Anchor, Basis, EventKind, Kind, NewEvent, Operation, OrderNumbers, Ownership, State, Subject,
};

/// A message to store. Its content is not stored: it may contain personal data.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The topic.
    pub topic: String,
    /// A keyed hash of topic and content. Identifies a message whose content cannot be read.
    pub digest: String,
    /// The Taobao user whom it concerns.
    pub user_id: Option<i64>,
    /// When TOP published it.
    pub published_at: Option<Timestamp>,
    /// When it was received.
    pub received_at: Timestamp,
    /// What it says.
    pub content: Content,
}

/// The content of a message.
#[derive(Clone, Debug)]
pub enum Content {
    /// A message about this account.
    Notice {
        /// The purchasing account.
        account: AccountName,
        /// What it says.
        notice: Notice,
    },
    /// A message that the gateway cannot use.
    Quarantined {
        /// The id in its content, if it has one.
        id: Option<String>,
        /// The number of its order, if it was read.
        order_no: Option<String>,
        /// Why it cannot be used.
        reason: QuarantineReason,
        /// The names of the members of its content, with their JSON types. They help to correct the contract.
        members: Vec<String>,
    },
}

/// Why a message is quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuarantineReason {
    /// The gateway does not know the topic.
    UnknownTopic,
    /// The content is not JSON, or a member that identifies the message or its order is missing or unreadable.
    Unreadable,
    /// No configured account has the message's Taobao user id (`accounts.<name>.user_id`).
    UnknownAccount,
}

/// The state of a message in the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Its effects are committed: events, and lookups of operations.
    Processed,
    /// The gateway cannot use it.
    Quarantined,
}

impl MessageState {
    /// The word of the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Quarantined => "quarantined",
        }
    }
}

/// A message in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// The position in the inbox.
    pub sequence: i64,
    /// The topic.
    pub topic: String,
    /// The id in its content; its digest if it has none.
    pub id: String,
    /// The state.
    pub state: MessageState,
    /// Why it is quarantined.
    pub reason: Option<QuarantineReason>,
    /// See [`Content::Quarantined`].
    pub members: Vec<String>,
    /// The purchasing account, if known.
    pub account: Option<AccountName>,
    /// The Taobao user whom it concerns.
    pub user_id: Option<i64>,
    /// The number of the order in the message.
    pub order_no: Option<String>,
    /// When TOP published it.
    pub published_at: Option<Timestamp>,
    /// When it was first received.
    pub received_at: Timestamp,
    /// How often it was delivered.
    pub deliveries: i64,
}

/// Which messages to read, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageFilter {
    /// Only messages in this state.
    pub state: Option<MessageState>,
    /// Only messages before this position.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// It is new, and its effects are committed.
    Processed {
        /// The number of operations whose lookup is due now.
        woken: usize,
    },
    /// It was received before.
    Repeated,
    /// It is stored in quarantine.
    Quarantined,
}

/// How a message makes the lookup of an operation due.
#[derive(Clone, Debug)]
pub struct Waking {
    /// Now, in store time (ms).
    pub now_ms: i64,
    /// How long a settled operation is watched again, in ms.
    pub watch_ms: i64,
    /// Now, in the steady time of this process.
    pub anchor: Anchor,
}

/// The number of messages in quarantine that are kept: an app may have subscribed to a busy topic by mistake.
pub const MOST_QUARANTINED: i64 = 10_000;

/// The inbox of TOP's messages.
pub trait Inbox: Send + Sync + std::fmt::Debug {
    /// Stores messages with their effects, in one commit. A message that was received before has no further effect.
    fn receive(
        &self,
        messages: Vec<NewMessage>,
        waking: Waking,
    ) -> BoxFuture<'_, Result<Vec<Reception>, JournalError>>;

    /// Messages, newest first.
    fn messages(
        &self,
        filter: MessageFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredMessage>, JournalError>>;

    /// The number of messages in quarantine.
    fn quarantined(&self) -> BoxFuture<'_, Result<i64, JournalError>>;

    /// Deletes some of the processed and some of the quarantined messages that were last delivered before these times
    /// (ms), and some of the oldest quarantined messages if there are more than [`MOST_QUARANTINED`]. Returns the number of
    /// deleted messages.
    fn forget_messages(
        &self,
        processed_before_ms: i64,
        quarantined_before_ms: i64,
    ) -> BoxFuture<'_, Result<u64, JournalError>>;
}

/// The rows that a backend fetches before it applies a message.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The order, if it was booked through this gateway.
    pub order: Option<Ownership>,
    /// The operations on the subjects of the message ([`subjects`]).
    pub operations: Vec<Operation>,
    /// Whether the feed reports that the change of the message was paid.
    pub change_was_paid: bool,
}

/// What a message changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// The event that it reports, with the caller whom it concerns.
    pub event: Option<(NewEvent, Option<String>)>,
    /// The order that it concerns.
    pub order: OrderNumbers,
    /// The operations that are to be looked up now.
    pub wake: Vec<Operation>,
}

/// The subjects whose operations a message concerns.
#[must_use]
pub fn subjects(notice: &Notice, order: Option<&Ownership>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    if let Some(number) = &notice.order {
        subjects.extend(number.order_id().map(Subject::Order));
        subjects.extend(number.out_order_no().map(Subject::Reference));
    }
    if let Some(order) = order {
        subjects.push(Subject::Order(order.order_id));
        subjects.push(Subject::Reference(order.out_order_no.clone()));
    }
    if let News::Change(change, _) = notice.news {
        subjects.push(Subject::Change(change));
    }
    subjects
}

/// The effects of a message.
#[must_use]
pub fn effects(notice: &Notice, around: &Around, waking: &Waking) -> Effects {
    let event = event(notice, around).map(|event| {
        let owner = owner(&event, around);
        (event, owner)
    });
    let wake = around.operations.iter();
    let wake = wake.filter(|row| is_woken(row, &notice.news));
    Effects {
        event,
        order: order_numbers(notice, around),
        wake: wake.map(|row| woken(row, waking)).collect(),
    }
}

/// The event that a message reports. The fact is the state, as other sources report it, so each fact has one event.
fn event(notice: &Notice, around: &Around) -> Option<NewEvent> {
    let order = || {
        let known = around
            .order
            .as_ref()
            .map(|order| order.order_id.to_string());
        known.or_else(|| notice.order.as_ref().map(|number| number.0.clone()))
    };
    let (kind, subject, fact) = match &notice.news {
        News::OrderPaid => (EventKind::OrderPaid, order()?, "paid"),
        News::OrderClosed => (EventKind::OrderClosed, order()?, "closed"),
        News::OrderTicketed => (EventKind::OrderTicketed, order()?, "ticketed"),
        // An order can have several such changes, each with its own message.
        News::FlightChanged => (EventKind::OrderFlightChanged, order()?, &*notice.id),
        News::RefundCreated(refund) => {
            let subject = refund.refund_order_no.to_string();
            (EventKind::RefundCreated, subject, "created")
        }
        News::RefundClosed(refund) => {
            let subject = refund.refund_order_no.to_string();
            (EventKind::RefundRejected, subject, "rejected")
        }
        News::Refunded(refund) => {
            let subject = refund.refund_order_no.to_string();
            // A refund can have several supplements, each with its own message.
            let fact = match refund.supplementary {
                Some(true) => format!("supplementary/{}", notice.id),
                Some(false) | None => "refunded".to_owned(),
            };
            return Some(NewEvent {
                kind: EventKind::RefundRefunded,
                subject,
                fact,
            });
        }
        News::Change(change, status) => {
            let (kind, fact) = match status {
                ChangeStatus::Submitted => (EventKind::ChangeCreated, "created"),
                ChangeStatus::AwaitingPayment => {
                    (EventKind::ChangeAwaitingPayment, "awaiting_payment")
                }
                ChangeStatus::AwaitingTicketing => {
                    (EventKind::ChangeAwaitingTicketing, "awaiting_ticketing")
                }
                ChangeStatus::Ticketed => (EventKind::ChangeTicketed, "ticketed"),
                ChangeStatus::Closed if was_paid(around) => (EventKind::ChangeRejected, "rejected"),
                // Whether it was rejected or closed follows from the payment, which is looked up now.
                ChangeStatus::Closed if is_being_paid(around) => return None,
                ChangeStatus::Closed => (EventKind::ChangeClosed, "closed"),
                ChangeStatus::Other => return None,
            };
            (kind, change.to_string(), fact)
        }
        News::Unlisted => return None,
    };
    Some(NewEvent {
        kind,
        subject,
        fact: fact.to_owned(),
    })
}

/// The numbers of the order. If the order is not known here, the number in the message is Fliggy's if it has that form.
fn order_numbers(notice: &Notice, around: &Around) -> OrderNumbers {
    if let Some(order) = &around.order {
        return OrderNumbers {
            order_id: Some(order.order_id),
            out_order_no: Some(order.out_order_no.clone()),
        };
    }
    let number = notice.order.as_ref();
    let order_id = number.and_then(OrderNumber::order_id);
    OrderNumbers {
        out_order_no: match order_id {
            Some(_) => None,
            None => number.and_then(OrderNumber::out_order_no),
        },
        order_id,
    }
}

/// Whether the change of the message was paid before: by the feed, or by an operation of this gateway.
fn was_paid(around: &Around) -> bool {
    around.change_was_paid
        || around.operations.iter().any(|operation| {
            operation.kind() == Kind::ChangePay && operation.state() == State::Succeeded
        })
}

/// Whether a payment of the change of the message is not settled.
fn is_being_paid(around: &Around) -> bool {
    around
        .operations
        .iter()
        .any(|operation| operation.kind() == Kind::ChangePay && !operation.state().is_settled())
}

/// The caller whom the event concerns: the one whose operation has this effect, as if the operation had reported it, or
/// else the one that booked the order.
fn owner(event: &NewEvent, around: &Around) -> Option<String> {
    let may_have_caused = |operation: &&Operation| {
        let is_subject = match operation.kind().creates() {
            Some(_) => {
                operation.made().map(|made| made.to_string()).as_ref() == Some(&event.subject)
            }
            None => operation.intent.subject().text() == event.subject,
        };
        is_subject
            && operation.kind().fact() == (event.kind, &*event.fact)
            && matches!(
                operation.state(),
                State::Sending | State::Unknown | State::Succeeded | State::NeedsAttention
            )
    };
    let cause = around.operations.iter().find(may_have_caused);
    let cause = cause.map(|operation| operation.caller.clone());
    cause.or_else(|| around.order.as_ref().map(|order| order.owner.clone()))
}

/// Whether a message makes the lookup of the operation due: it is open, or the message is about its effect and another
/// outcome than the recorded one may come to light. A send in progress is looked up soon after it ends.
fn is_woken(operation: &Operation, news: &News) -> bool {
    let may_be_contradicted = match operation.state() {
        State::Unknown | State::NeedsAttention => return true,
        State::Accepted | State::Sending => return false,
        State::Rejected => true,
        State::Succeeded => operation.confirmed_at.is_none(),
        State::NotExecuted => match operation.standing.basis {
            Some(Basis::Absent) => true,
            Some(Basis::RefusedByGateway) => operation.sent_at.is_some(),
            Some(Basis::NotSent) | None => false,
        },
    };
    // A refund or change may be attributed by its passengers, which is reliable only soon after the send.
    let is_attributable = !operation.kind().is_after_sale() || operation.watch_until.is_some();
    may_be_contradicted && is_attributable && is_about(news, operation.kind())
}

/// Whether the news may concern the effect of an operation of this kind.
fn is_about(news: &News, kind: Kind) -> bool {
    match kind {
        // All news about an order show that it exists.
        Kind::Book => true,
        Kind::Pay => matches!(news, News::OrderPaid | News::OrderTicketed | News::Unlisted),
        Kind::Close => matches!(
            news,
            News::OrderClosed | News::OrderPaid | News::OrderTicketed | News::Unlisted
        ),
        Kind::Refund => matches!(
            news,
            News::RefundCreated(_) | News::RefundClosed(_) | News::Refunded(_) | News::Unlisted
        ),
        Kind::Change => matches!(news, News::Change(..) | News::Unlisted),
        Kind::ChangePay | Kind::ChangeCancel => match news {
            News::Change(_, status) => matches!(
                status,
                ChangeStatus::AwaitingTicketing
                    | ChangeStatus::Ticketed
                    | ChangeStatus::Closed
                    | ChangeStatus::Other
            ),
            _ => false,
        },
    }
}

/// The row with its lookup due now. A settled operation is watched again, because the message may come before a lookup
/// shows what it reports.
fn woken(operation: &Operation, waking: &Waking) -> Operation {
    let mut row = operation.clone();
    row.next_look_at = Some(waking.now_ms);
    if row.state().is_settled() {
        row.watch_until = Some(waking.now_ms + waking.watch_ms);
        row.findings.watched_ms = 0;
        row.findings.watched_anchor = Some(waking.anchor.clone());
    }
    row
}

#[cfg(test)]
mod tests;
