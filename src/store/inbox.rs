//! The inbox of TOP's messages, and what a message changes. The decisions are pure functions over rows that a backend has
//! fetched.

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::JournalError;
use super::resources::{Around, Changes, Rereads, changes, order_numbers, subjects_of};
use crate::domain::change::ChangeStatus;
use crate::domain::ids::{AccountName, OrderId};
use crate::domain::notice::{News, Notice, OrderNumber};
use crate::domain::operation::{
    Anchor, Basis, EventKind, Kind, NewEvent, Operation, OrderNumbers, Ownership, State, Subject,
};
use crate::domain::resource::{
    Fact, Resource, ResourceStatus, SUPPLEMENTARY, Snapshot, Supplement,
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

/// What a message changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// The events that it reports, and the new row of its order, refund or change.
    pub changes: Changes,
    /// The payment that it reports, which is evidence for lookups.
    pub evidence: Option<NewEvent>,
    /// The order that it concerns.
    pub order: OrderNumbers,
    /// The operations that are to be looked up now.
    pub wake: Vec<Operation>,
}

/// The order, refund or change that a message concerns. None for an order that is not known and whose number in the
/// message is not Fliggy's.
#[must_use]
pub fn resource_of(notice: &Notice, order: Option<&Ownership>) -> Option<Resource> {
    match &notice.news {
        News::RefundCreated(refund) | News::RefundClosed(refund) | News::Refunded(refund) => {
            Some(Resource::Refund(refund.refund_order_no))
        }
        News::Change(change, _) => Some(Resource::Change(*change)),
        News::OrderPaid
        | News::OrderClosed
        | News::OrderTicketed
        | News::FlightChanged
        | News::Unlisted => order_id_of(notice, order).map(Resource::Order),
    }
}

/// Fliggy's number of the order of a message. If the order is not known here, the number in the message is Fliggy's if it
/// has that form.
fn order_id_of(notice: &Notice, order: Option<&Ownership>) -> Option<OrderId> {
    let known = order.map(|order| order.order_id);
    known.or_else(|| notice.order.as_ref().and_then(OrderNumber::order_id))
}

/// The subjects whose operations a message concerns.
#[must_use]
pub fn subjects(notice: &Notice, order: Option<&Ownership>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    if let Some(number) = &notice.order {
        subjects.extend(number.order_id().map(Subject::Order));
        subjects.extend(number.out_order_no().map(Subject::Reference));
    }
    let resource = resource_of(notice, order);
    for subject in resource.into_iter().flat_map(|r| subjects_of(r, order)) {
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}

/// The effects of a message.
#[must_use]
pub fn effects(notice: &Notice, around: &Around, rereads: Rereads, waking: &Waking) -> Effects {
    let wake = around.operations.iter();
    let wake = wake.filter(|row| is_woken(row, &notice.news));
    Effects {
        changes: reported(notice, around, rereads, waking.now_ms),
        evidence: payment(notice, around),
        order: numbers(notice, around),
        wake: wake.map(|row| woken(row, waking)).collect(),
    }
}

/// The events of a message, and the new row of its order, refund or change. The facts are those that a read of the same
/// state shows, so each fact is told once, whatever reports it.
fn reported(notice: &Notice, around: &Around, rereads: Rereads, now_ms: i64) -> Changes {
    let order = around.order.as_ref();
    let resource = resource_of(notice, order);
    let subject = match (resource, &notice.order) {
        (Some(resource), _) => resource.number(),
        (None, Some(number)) => number.0.clone(),
        (None, None) => return Changes::default(),
    };
    let mut reported = match (ResourceStatus::of_news(&notice.news), resource) {
        (Some(status), Some(resource)) => {
            let snapshot = Snapshot {
                resource,
                order_id: order_id_of(notice, order),
                status,
            };
            changes(&snapshot, around, rereads, now_ms, false)
        }
        (Some(status), None) => Changes {
            events: around.events(&around.facts(status), &subject),
            tracked: None,
        },
        (None, _) => Changes::default(),
    };
    match &notice.news {
        // An order can have several such changes, each with its own message.
        News::FlightChanged => {
            let event = NewEvent {
                kind: EventKind::OrderFlightChanged,
                subject,
                fact: notice.id.clone(),
            };
            let owner = around.owner_of(&event);
            reported.events.push((event, owner));
        }
        // Like supplements of a refund. The first one may be the one that a read has shown.
        News::Refunded(_) if !is_shown_by_read(around) => {
            for (event, _) in &mut reported.events {
                if event.fact == SUPPLEMENTARY {
                    event.fact = format!("{SUPPLEMENTARY}/{}", notice.id);
                }
            }
        }
        _ => {}
    }
    reported
}

/// Whether a read has shown the supplementary refund that a message reports now.
fn is_shown_by_read(around: &Around) -> bool {
    let told = around.tracked.as_ref().map_or(&[][..], |row| &row.told);
    let is_told = |source| told.contains(&Fact::Supplement(source));
    is_told(Supplement::Read) && !is_told(Supplement::Message)
}

/// The payment of an order or a change that a message reports.
fn payment(notice: &Notice, around: &Around) -> Option<NewEvent> {
    let kind = match notice.news {
        News::OrderPaid => EventKind::OrderPaid,
        News::Change(_, ChangeStatus::AwaitingTicketing) => EventKind::ChangeAwaitingTicketing,
        _ => return None,
    };
    let resource = resource_of(notice, around.order.as_ref())?;
    Some(Fact::Event(kind).event(resource.number()))
}

/// The numbers of the order of a message.
fn numbers(notice: &Notice, around: &Around) -> OrderNumbers {
    let order = around.order.as_ref();
    let order_id = order_id_of(notice, order);
    let numbers = order_numbers(order_id, order);
    match (&notice.order, order_id) {
        (Some(number), None) => OrderNumbers {
            out_order_no: number.out_order_no(),
            ..numbers
        },
        (Some(_) | None, _) => numbers,
    }
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
