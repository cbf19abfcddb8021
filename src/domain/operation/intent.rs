//! What an operation requests.

use serde::{Deserialize, Serialize};

use super::kind::{Kind, Repetition};
use crate::domain::ids::{
    AccountName, ChangeOrderNo, OrderId, OutChangeNo, OutOrderNo, OutRefundNo, PassengerId,
    RefundOrderNo,
};
use crate::domain::money::Money;
use crate::domain::offer::OfferRules;
use crate::domain::refund::{
    RefundFee, RefundKind, RefundReceipt, RefundStatus, attachment_awaited,
};

/// What is needed to look up an operation's effect later: references, the agreed total, and keyed hashes of
/// the passengers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Intent {
    /// Create an order.
    Book(Book),
    /// Pay an order.
    Pay(Pay),
    /// Close an unpaid order.
    Close(Close),
    /// Apply for a refund.
    Refund(Refund),
    /// Create a change.
    Change(Change),
    /// Pay a change.
    ChangePay(ChangePay),
    /// Cancel an unpaid change.
    ChangeCancel(ChangeCancel),
}

/// Create an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The caller's number of the order.
    pub out_order_no: OutOrderNo,
    /// The total for all passengers, yuan.
    pub total: Money,
    /// Flight and departure of each segment, in travel order.
    pub segments: Vec<String>,
    /// The passengers.
    pub passengers: Vec<PassengerId>,
    /// The rules of the booked offer; none in journals from before they were stored.
    #[serde(default)]
    pub rules: Option<OfferRules>,
}

/// Pay an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    /// Fliggy's number of the order.
    pub order_id: OrderId,
    /// The total the caller agreed to, yuan.
    pub total: Money,
}

/// Close an unpaid order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Fliggy's number of the order.
    pub order_id: OrderId,
}

/// Apply for a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Fliggy's number of the order.
    pub order_id: OrderId,
    /// The caller's number of the application.
    pub out_refund_no: OutRefundNo,
    /// The kind of the refund.
    pub refund_kind: RefundKind,
    /// The passengers to refund.
    pub passengers: Vec<PassengerId>,
    /// The fee that the caller accepts.
    pub fee: RefundFee,
    /// Whether the application includes an attachment as proof.
    pub with_attachment: bool,
}

/// Create a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Fliggy's number of the order.
    pub order_id: OrderId,
    /// The caller's number of the change.
    pub out_change_no: OutChangeNo,
    /// The passengers to change.
    pub passengers: Vec<PassengerId>,
    /// Flight and departure of each new segment.
    pub targets: Vec<String>,
    /// The most that the caller wants to pay, yuan.
    pub max_total: Option<Money>,
}

/// Pay a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePay {
    /// Fliggy's number of the change.
    pub change_order_no: ChangeOrderNo,
    /// The total the caller agreed to, yuan.
    pub total: Money,
}

/// Cancel an unpaid change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCancel {
    /// Fliggy's number of the change.
    pub change_order_no: ChangeOrderNo,
}

impl From<Book> for Intent {
    fn from(book: Book) -> Self {
        Self::Book(book)
    }
}

impl From<Pay> for Intent {
    fn from(pay: Pay) -> Self {
        Self::Pay(pay)
    }
}

impl From<Close> for Intent {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl From<Refund> for Intent {
    fn from(refund: Refund) -> Self {
        Self::Refund(refund)
    }
}

impl From<Change> for Intent {
    fn from(change: Change) -> Self {
        Self::Change(change)
    }
}

impl From<ChangePay> for Intent {
    fn from(pay: ChangePay) -> Self {
        Self::ChangePay(pay)
    }
}

impl From<ChangeCancel> for Intent {
    fn from(cancel: ChangeCancel) -> Self {
        Self::ChangeCancel(cancel)
    }
}

impl Refund {
    /// The receipt of the application, if only Fliggy's number and the status are known.
    #[must_use]
    pub fn receipt(&self, refund_order_no: RefundOrderNo, status: RefundStatus) -> RefundReceipt {
        let kind = self.refund_kind;
        RefundReceipt {
            refund_order_no,
            order_id: self.order_id,
            out_refund_no: self.out_refund_no.clone(),
            kind,
            status,
            fee: self.fee.amount(),
            refund_amount: None,
            applied_at: None,
            refunded_at: None,
            attachment_awaited: attachment_awaited(Some(kind), status, self.with_attachment),
            passenger_ids: self.passengers.clone(),
        }
    }
}

impl Intent {
    /// The kind of the operation.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Book(_) => Kind::Book,
            Self::Pay(_) => Kind::Pay,
            Self::Close(_) => Kind::Close,
            Self::Refund(_) => Kind::Refund,
            Self::Change(_) => Kind::Change,
            Self::ChangePay(_) => Kind::ChangePay,
            Self::ChangeCancel(_) => Kind::ChangeCancel,
        }
    }

    /// What the operation acts on, under the number that callers know.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Book(book) => Subject::Reference(book.out_order_no.clone()),
            Self::Pay(pay) => Subject::Order(pay.order_id),
            Self::Close(close) => Subject::Order(close.order_id),
            Self::Refund(refund) => Subject::Order(refund.order_id),
            Self::Change(change) => Subject::Order(change.order_id),
            Self::ChangePay(pay) => Subject::Change(pay.change_order_no),
            Self::ChangeCancel(cancel) => Subject::Change(cancel.change_order_no),
        }
    }

    /// The passengers whom the operation names; none for a kind that acts on a whole order or change.
    #[must_use]
    pub fn travellers(&self) -> &[PassengerId] {
        match self {
            Self::Book(book) => &book.passengers,
            Self::Refund(refund) => &refund.passengers,
            Self::Change(change) => &change.passengers,
            Self::Pay(_) | Self::Close(_) | Self::ChangePay(_) | Self::ChangeCancel(_) => &[],
        }
    }

    /// The caller's number, if a subject can have several operations of this kind. An order can have several refunds
    /// and changes, each number once; all other kinds can succeed once per subject.
    #[must_use]
    pub fn number_among_several(&self) -> Option<&str> {
        match self {
            Self::Refund(refund) => Some(refund.out_refund_no.as_str()),
            Self::Change(change) => Some(change.out_change_no.as_str()),
            Self::Book(_)
            | Self::Pay(_)
            | Self::Close(_)
            | Self::ChangePay(_)
            | Self::ChangeCancel(_) => None,
        }
    }

    /// The rules of the booked offer.
    #[must_use]
    pub fn rules(&self) -> Option<&OfferRules> {
        match self {
            Self::Book(book) => book.rules.as_ref(),
            Self::Pay(_)
            | Self::Close(_)
            | Self::Refund(_)
            | Self::Change(_)
            | Self::ChangePay(_)
            | Self::ChangeCancel(_) => None,
        }
    }

    /// The most that the caller wants to pay for a change, yuan.
    #[must_use]
    pub fn max_total(&self) -> Option<Money> {
        match self {
            Self::Change(change) => change.max_total,
            Self::Book(_)
            | Self::Pay(_)
            | Self::Close(_)
            | Self::Refund(_)
            | Self::ChangePay(_)
            | Self::ChangeCancel(_) => None,
        }
    }

    /// Whether this intent repeats an earlier one. A booking can be repeated under another number; a repetition of any
    /// other kind has the same subject.
    #[must_use]
    pub fn repeats(&self, earlier: &Self) -> bool {
        self.kind().repetition_of(earlier.kind()) != Repetition::Never
            && (self.kind() == Kind::Book || self.subject() == earlier.subject())
    }

    /// Whether the effect of a later operation on the same subject can be mistaken for the effect of this one.
    #[must_use]
    pub fn may_be_taken_for(&self, later: &Self) -> bool {
        match later.kind().repetition_of(self.kind()) {
            Repetition::Never => false,
            Repetition::Always => true,
            Repetition::InCommon => {
                let number = self.number_among_several();
                let theirs = later.travellers();
                (number.is_some() && number == later.number_among_several())
                    || self.travellers().iter().any(|one| theirs.contains(one))
            }
        }
    }

    /// Whether both are refunds or changes with different numbers of the caller. If Fliggy reports the number, it
    /// distinguishes the two.
    #[must_use]
    pub fn has_another_number_than(&self, other: &Self) -> bool {
        match (self.number_among_several(), other.number_among_several()) {
            (Some(ours), Some(theirs)) => ours != theirs,
            (None, _) | (_, None) => false,
        }
    }
}

/// What an operation acts on. A subject has at most one open write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An order that may not exist yet, by the caller's number.
    Reference(OutOrderNo),
    /// An order.
    Order(OrderId),
    /// A change.
    Change(ChangeOrderNo),
}

impl Subject {
    /// The subject as shown in the API.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Reference(reference) => reference.to_string(),
            Self::Order(order) => order.to_string(),
            Self::Change(change) => change.to_string(),
        }
    }

    /// The name of the lock in the store. It includes the account: an order belongs to one account, and a caller that
    /// names the order under another account must not block its owner.
    #[must_use]
    pub fn lock(&self, account: &AccountName) -> String {
        match self {
            Self::Reference(reference) => format!("reference:{account}:{reference}"),
            Self::Order(order) => format!("order:{account}:{order}"),
            Self::Change(change) => format!("change:{account}:{change}"),
        }
    }
}
