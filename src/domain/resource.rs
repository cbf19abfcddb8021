//! Orders, refunds and changes, and the facts that their states show.

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeStatus};
use super::ids::{ChangeOrderNo, OrderId, RefundOrderNo};
use super::notice::{News, RefundNews};
use super::operation::{EventKind, NewEvent, Receipt, Subject};
use super::order::{Order, OrderStatus, OrderSummary};
use super::payment::Payment;
use super::refund::{Refund, RefundStatus};

/// An order, a refund or a change, by Fliggy's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// An order.
    Order(OrderId),
    /// A refund.
    Refund(RefundOrderNo),
    /// A change.
    Change(ChangeOrderNo),
}

/// The state of a resource, as a read or a message shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The resource.
    pub resource: Resource,
    /// Its order, if known.
    pub order_id: Option<OrderId>,
    /// Its state.
    pub status: ResourceStatus,
}

/// The part of a resource's state that events report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceStatus {
    /// Of an order.
    Order {
        /// The status.
        status: OrderStatus,
        /// Whether it shows that the order was paid.
        paid: bool,
    },
    /// Of a refund.
    Refund {
        /// The status.
        status: RefundStatus,
        /// What shows that it is a supplementary refund (补退); none if it is an ordinary one.
        supplement: Option<Supplement>,
    },
    /// Of a change.
    Change {
        /// The status.
        status: ChangeStatus,
        /// Whether it shows that the change was paid.
        paid: bool,
    },
}

/// A fact about a resource, as the store records that it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// The fact of all events of this type.
    Event(EventKind),
    /// A supplementary refund was paid. It may have the number of the ordinary refund.
    Supplement(Supplement),
}

/// What shows a supplementary refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Supplement {
    /// A read.
    #[serde(rename = "refund.supplement/read")]
    Read,
    /// A message. A refund can have several supplements, each with its own message.
    #[serde(rename = "refund.supplement/message")]
    Message,
}

/// The fact of the event of a supplementary refund.
pub const SUPPLEMENTARY: &str = "supplementary";

// === impl Resource ===

impl Resource {
    /// All words ([`Self::word`]).
    pub const WORDS: [&str; 3] = ["order", "refund", "change"];

    /// The word of the store and of metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Refund(_) => "refund",
            Self::Change(_) => "change",
        }
    }

    /// Fliggy's number.
    #[must_use]
    pub fn number(self) -> String {
        match self {
            Self::Order(number) => number.to_string(),
            Self::Refund(number) => number.to_string(),
            Self::Change(number) => number.to_string(),
        }
    }

    /// The resource with this word and number.
    #[must_use]
    pub fn named(word: &str, number: &str) -> Option<Self> {
        match word {
            "order" => number.parse().ok().map(Self::Order),
            "refund" => number.parse().ok().map(Self::Refund),
            "change" => number.parse().ok().map(Self::Change),
            _ => None,
        }
    }

    /// The order or change on which an operation acts.
    #[must_use]
    pub fn of_subject(subject: &Subject) -> Option<Self> {
        match subject {
            Subject::Order(order_id) => Some(Self::Order(*order_id)),
            Subject::Change(change) => Some(Self::Change(*change)),
            Subject::Reference(_) => None,
        }
    }

    /// The resource that an operation created or acted on, with its order.
    #[must_use]
    pub fn of(receipt: &Receipt) -> (Self, Option<OrderId>) {
        match receipt {
            Receipt::Order(order) => (Self::Order(order.order_id), Some(order.order_id)),
            Receipt::Refund(refund) => {
                (Self::Refund(refund.refund_order_no), Some(refund.order_id))
            }
            Receipt::Change(change) => (Self::Change(change.change_order_no), change.order_id),
        }
    }
}

// === impl Snapshot ===

impl Snapshot {
    fn of_order(order_id: OrderId, status: OrderStatus, paid: bool) -> Self {
        Self {
            resource: Resource::Order(order_id),
            order_id: Some(order_id),
            status: ResourceStatus::Order { status, paid },
        }
    }

    fn of_refund(
        refund_order_no: RefundOrderNo,
        order_id: Option<OrderId>,
        status: RefundStatus,
        supplementary: bool,
    ) -> Self {
        Self {
            resource: Resource::Refund(refund_order_no),
            order_id,
            status: ResourceStatus::Refund {
                status,
                supplement: supplementary.then_some(Supplement::Read),
            },
        }
    }

    fn of_change(
        change_order_no: ChangeOrderNo,
        order_id: Option<OrderId>,
        status: ChangeStatus,
        paid: bool,
    ) -> Self {
        Self {
            resource: Resource::Change(change_order_no),
            order_id,
            status: ResourceStatus::Change { status, paid },
        }
    }
}

impl From<&Order> for Snapshot {
    fn from(order: &Order) -> Self {
        let paid = order.payment() == Payment::Made;
        Self::of_order(order.order_id, order.status, paid)
    }
}

impl From<&OrderSummary> for Snapshot {
    fn from(order: &OrderSummary) -> Self {
        let paid = order.payment() == Payment::Made;
        Self::of_order(order.order_id, order.status, paid)
    }
}

impl From<&Refund> for Snapshot {
    fn from(refund: &Refund) -> Self {
        let supplementary = refund.supplementary == Some(true);
        let (number, order_id) = (refund.refund_order_no, refund.order_id);
        Self::of_refund(number, order_id, refund.status, supplementary)
    }
}

impl From<&Change> for Snapshot {
    fn from(change: &Change) -> Self {
        let paid = change.payment() == Payment::Made;
        let (number, order_id) = (change.change_order_no, change.order_id);
        Self::of_change(number, order_id, change.status, paid)
    }
}

// === impl ResourceStatus ===

impl ResourceStatus {
    /// The state that a message reports. None if it reports no state.
    #[must_use]
    pub const fn of_news(news: &News) -> Option<Self> {
        let (status, paid) = match news {
            News::OrderPaid => (OrderStatus::Paid, true),
            News::OrderTicketed => (OrderStatus::Ticketed, true),
            News::OrderClosed => (OrderStatus::Closed, false),
            News::RefundCreated(refund) => {
                return Some(Self::refund(RefundStatus::Applied, refund));
            }
            News::RefundClosed(refund) => {
                return Some(Self::refund(RefundStatus::Rejected, refund));
            }
            News::Refunded(refund) => return Some(Self::refund(RefundStatus::Refunded, refund)),
            News::Change(_, status) => {
                let status = *status;
                let paid = matches!(
                    status,
                    ChangeStatus::AwaitingTicketing | ChangeStatus::Ticketed
                );
                return Some(Self::Change { status, paid });
            }
            News::FlightChanged | News::Unlisted => return None,
        };
        Some(Self::Order { status, paid })
    }

    const fn refund(status: RefundStatus, news: &RefundNews) -> Self {
        Self::Refund {
            status,
            supplement: match news.supplementary {
                Some(true) => Some(Supplement::Message),
                Some(false) | None => None,
            },
        }
    }

    /// The facts that this state shows and that are not told yet, in the order in which they happen. A lasting fact that
    /// was passed before it was seen is told too: a ticketed order was paid. A state that lags behind what is told shows
    /// nothing. `is_being_paid` tells that a payment of the change is not settled; the payment decides whether a closed
    /// change was rejected.
    #[must_use]
    pub fn facts(self, told: &[Fact], is_being_paid: bool) -> Vec<Fact> {
        let is_told = |kind| told.contains(&Fact::Event(kind));
        let event =
            |is_reached: bool, kind| (is_reached && !is_told(kind)).then_some(Fact::Event(kind));
        let facts = match self {
            Self::Order { status, paid } => {
                use EventKind::{OrderClosed, OrderFailed, OrderPaid, OrderTicketed};
                let failed = status == OrderStatus::Failed
                    && !is_told(OrderTicketed)
                    && !is_told(OrderClosed);
                vec![
                    event(paid, OrderPaid),
                    event(status == OrderStatus::Ticketed, OrderTicketed),
                    event(failed, OrderFailed),
                    event(status == OrderStatus::Closed, OrderClosed),
                ]
            }
            Self::Refund { status, supplement } => {
                use EventKind::{RefundCreated, RefundRefunded, RefundRejected};
                let refunded = status == RefundStatus::Refunded;
                let rejected = status == RefundStatus::Rejected && !is_told(RefundRefunded);
                vec![
                    event(true, RefundCreated),
                    event(rejected, RefundRejected),
                    match supplement {
                        None => event(refunded, RefundRefunded),
                        Some(source) => (refunded && source.shows_another(told))
                            .then_some(Fact::Supplement(source)),
                    },
                ]
            }
            Self::Change { status, paid } => {
                use EventKind::{
                    ChangeAwaitingPayment, ChangeAwaitingTicketing, ChangeClosed, ChangeCreated,
                    ChangeRejected, ChangeTicketed,
                };
                let was_paid = paid || includes_payment(told);
                let closed = status == ChangeStatus::Closed || is_told(ChangeClosed);
                let awaits_payment =
                    status == ChangeStatus::AwaitingPayment && !was_paid && !closed;
                vec![
                    event(true, ChangeCreated),
                    event(awaits_payment, ChangeAwaitingPayment),
                    event(was_paid, ChangeAwaitingTicketing),
                    event(status == ChangeStatus::Ticketed, ChangeTicketed),
                    event(closed && was_paid, ChangeRejected),
                    event(closed && !was_paid && !is_being_paid, ChangeClosed),
                ]
            }
        };
        facts.into_iter().flatten().collect()
    }
}

// === impl Supplement ===

impl Supplement {
    /// Whether this source shows a supplementary refund beyond the ones that are told. A read shows one at most.
    fn shows_another(self, told: &[Fact]) -> bool {
        let is_told = |source| told.contains(&Fact::Supplement(source));
        match self {
            Self::Read => !is_told(Self::Read) && !is_told(Self::Message),
            Self::Message => true,
        }
    }
}

// === impl Fact ===

impl Fact {
    /// The type of its event.
    #[must_use]
    pub const fn kind(self) -> EventKind {
        match self {
            Self::Event(kind) => kind,
            Self::Supplement(_) => EventKind::RefundRefunded,
        }
    }

    /// Its event, about this subject.
    #[must_use]
    pub fn event(self, subject: String) -> NewEvent {
        let fact = match self {
            Self::Event(kind) => kind.fact(),
            Self::Supplement(_) => SUPPLEMENTARY,
        };
        NewEvent {
            kind: self.kind(),
            subject,
            fact: fact.to_owned(),
        }
    }

    /// Whether it is usually the last fact about a resource.
    #[must_use]
    pub const fn finishes(self) -> bool {
        matches!(
            self.kind(),
            EventKind::OrderTicketed
                | EventKind::OrderClosed
                | EventKind::RefundRejected
                | EventKind::RefundRefunded
                | EventKind::ChangeTicketed
                | EventKind::ChangeRejected
                | EventKind::ChangeClosed
        )
    }
}

/// Whether these facts of a change include its payment.
#[must_use]
pub fn includes_payment(told: &[Fact]) -> bool {
    let is_payment = |fact: &Fact| {
        matches!(
            fact.kind(),
            EventKind::ChangeAwaitingTicketing | EventKind::ChangeTicketed
        )
    };
    told.iter().any(is_payment)
}

#[cfg(test)]
mod tests;
