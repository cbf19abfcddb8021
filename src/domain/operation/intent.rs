//! What an operation is to do.

use serde::{Deserialize, Serialize};

use super::kind::{Kind, Repetition};
use crate::domain::ids::{
    AccountName, ChangeOrderNo, OrderId, OutChangeNo, OutOrderNo, OutRefundNo, PassengerId,
};
use crate::domain::money::Money;
use crate::domain::offer::OfferRules;
use crate::domain::refund::{RefundFee, RefundKind};

/// What is needed to look for an operation's effect later: references, the agreed total, and keyed
/// hashes of the passengers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Intent {
    /// Create an order.
    Book {
        /// The caller's number of the order.
        out_order_no: OutOrderNo,
        /// The total of all passengers, yuan.
        total: Money,
        /// Flight and departure of each segment, in travel order.
        segments: Vec<String>,
        /// The passengers.
        passengers: Vec<PassengerId>,
        /// The rules of the offer that was booked; none in journals from before they were kept.
        #[serde(default)]
        rules: Option<OfferRules>,
    },
    /// Pay an order.
    Pay {
        /// Fliggy's number of the order.
        order_id: OrderId,
        /// The total the caller agreed to, yuan.
        total: Money,
    },
    /// Close an unpaid order.
    Close {
        /// Fliggy's number of the order.
        order_id: OrderId,
    },
    /// Apply for a refund.
    Refund {
        /// Fliggy's number of the order.
        order_id: OrderId,
        /// The caller's number of the application.
        out_refund_no: OutRefundNo,
        /// On what ground.
        refund_kind: RefundKind,
        /// Whose tickets.
        passengers: Vec<PassengerId>,
        /// What the caller accepts as the fee.
        fee: RefundFee,
        /// Whether a proof comes with it.
        with_attachment: bool,
    },
    /// Make a change.
    Change {
        /// Fliggy's number of the order.
        order_id: OrderId,
        /// The caller's number of the change.
        out_change_no: OutChangeNo,
        /// Whose tickets.
        passengers: Vec<PassengerId>,
        /// Flight and departure of each segment to be.
        targets: Vec<String>,
        /// What the caller wants to pay at most, yuan.
        max_total: Option<Money>,
    },
    /// Pay a change.
    ChangePay {
        /// Fliggy's number of the change.
        change_order_no: ChangeOrderNo,
        /// The total the caller agreed to, yuan.
        total: Money,
    },
    /// Cancel an unpaid change.
    ChangeCancel {
        /// Fliggy's number of the change.
        change_order_no: ChangeOrderNo,
    },
}

impl Intent {
    /// The kind of the operation.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Book { .. } => Kind::Book,
            Self::Pay { .. } => Kind::Pay,
            Self::Close { .. } => Kind::Close,
            Self::Refund { .. } => Kind::Refund,
            Self::Change { .. } => Kind::Change,
            Self::ChangePay { .. } => Kind::ChangePay,
            Self::ChangeCancel { .. } => Kind::ChangeCancel,
        }
    }

    /// Whether it is a repetition of an earlier intent. A booking may be repeated under another number;
    /// everything else is about its subject.
    #[must_use]
    pub fn repeats(&self, earlier: &Self) -> bool {
        self.kind().repetition_of(earlier.kind()) != Repetition::Never
            && (self.kind() == Kind::Book || self.subject() == earlier.subject())
    }

    /// Whether what the later operation does to the same subject may be taken for what this one was to
    /// do.
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

    /// The rules of the offer that it books.
    #[must_use]
    pub fn rules(&self) -> Option<&OfferRules> {
        match self {
            Self::Book { rules, .. } => rules.as_ref(),
            Self::Pay { .. }
            | Self::Close { .. }
            | Self::Refund { .. }
            | Self::Change { .. }
            | Self::ChangePay { .. }
            | Self::ChangeCancel { .. } => None,
        }
    }

    /// Whom it is about.
    pub(super) fn travellers(&self) -> &[PassengerId] {
        match self {
            Self::Book { passengers, .. }
            | Self::Refund { passengers, .. }
            | Self::Change { passengers, .. } => passengers,
            Self::Pay { .. }
            | Self::Close { .. }
            | Self::ChangePay { .. }
            | Self::ChangeCancel { .. } => &[],
        }
    }

    /// The caller's number, where a subject can have several of the kind. An order can have several refunds
    /// and changes, but each number once; everything else is done once on its subject.
    #[must_use]
    pub fn number_among_several(&self) -> Option<&str> {
        match self {
            Self::Refund { out_refund_no, .. } => Some(out_refund_no.as_str()),
            Self::Change { out_change_no, .. } => Some(out_change_no.as_str()),
            Self::Book { .. }
            | Self::Pay { .. }
            | Self::Close { .. }
            | Self::ChangePay { .. }
            | Self::ChangeCancel { .. } => None,
        }
    }

    /// Whether both are refunds or changes under different numbers of the caller: where Fliggy gives the
    /// number back, it tells which of the two it shows.
    #[must_use]
    pub fn has_another_number_than(&self, other: &Self) -> bool {
        match (self.number_among_several(), other.number_among_several()) {
            (Some(ours), Some(theirs)) => ours != theirs,
            (None, _) | (_, None) => false,
        }
    }

    /// What the operation is about, as callers know it.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Book { out_order_no, .. } => Subject::Reference(out_order_no.clone()),
            Self::Pay { order_id, .. }
            | Self::Close { order_id }
            | Self::Refund { order_id, .. }
            | Self::Change { order_id, .. } => Subject::Order(*order_id),
            Self::ChangePay {
                change_order_no, ..
            }
            | Self::ChangeCancel { change_order_no } => Subject::Change(*change_order_no),
        }
    }
}

/// What an operation is about. One open write per subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An order that may not exist yet: the caller's number.
    Reference(OutOrderNo),
    /// An order.
    Order(OrderId),
    /// A change.
    Change(ChangeOrderNo),
}

impl Subject {
    /// The subject as the API shows it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Reference(reference) => reference.to_string(),
            Self::Order(order) => order.to_string(),
            Self::Change(change) => change.to_string(),
        }
    }

    /// The lock in the store. It holds within the account: an order belongs to one account, and who
    /// names it under another one must not be in the way of its owner.
    #[must_use]
    pub fn lock(&self, account: &AccountName) -> String {
        match self {
            Self::Reference(reference) => format!("reference:{account}:{reference}"),
            Self::Order(order) => format!("order:{account}:{order}"),
            Self::Change(change) => format!("change:{account}:{change}"),
        }
    }
}
