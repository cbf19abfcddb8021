//! An operation as the journal keeps it. Nothing in here is personal data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cause::Failure;
use super::journal::SessionTag;
use super::states::{Basis, Kind, Repetition, Standing, State};
use crate::domain::change::ChangeReceipt;
use crate::domain::ids::{
    AccountName, ChangeOrderNo, OperationId, OrderId, OutChangeNo, OutOrderNo, OutRefundNo,
    PassengerId,
};
use crate::domain::money::Money;
use crate::domain::offer::OfferRules;
use crate::domain::order::OrderReceipt;
use crate::domain::refund::{RefundFee, RefundKind, RefundReceipt};

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
    fn travellers(&self) -> &[PassengerId] {
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

/// What a write achieved: how the thing that it made or moved stands. Nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OperationResult)]
#[serde(untagged)]
pub enum Receipt {
    /// Of a refund application. (The most particular come first: the store reads them in this order.)
    Refund(RefundReceipt),
    /// Of a change.
    Change(ChangeReceipt),
    /// Of an order.
    Order(OrderReceipt),
}

impl Receipt {
    /// Fliggy's number of the thing, where an operation of this kind makes such a thing.
    #[must_use]
    pub fn made_by(&self, kind: Kind) -> Option<u64> {
        match (kind, self) {
            (Kind::Book, Self::Order(order)) => Some(order.order_id.get()),
            (Kind::Refund, Self::Refund(refund)) => Some(refund.refund_order_no.get()),
            (Kind::Change, Self::Change(change)) => Some(change.change_order_no.get()),
            (
                Kind::Book
                | Kind::Refund
                | Kind::Change
                | Kind::Pay
                | Kind::Close
                | Kind::ChangePay
                | Kind::ChangeCancel,
                _,
            ) => None,
        }
    }

    /// Whether the total is the requested one. A receipt without a total fits.
    #[must_use]
    pub fn total_fits(&self, intent: &Intent) -> bool {
        match (self, intent) {
            (Self::Order(order), Intent::Book { total, .. }) => {
                order.total_price.is_none_or(|told| told == *total)
            }
            // What a change may cost at most is shown beside it; payments are looked at.
            (Self::Order(_) | Self::Refund(_) | Self::Change(_), _) => true,
        }
    }

    /// The same with what an answer to a write leaves out and the request, or an earlier read, told. How it
    /// stands, and whether it is paid, is only what the answer says.
    #[must_use]
    pub fn completed(self, before: Option<&Self>, intent: &Intent) -> Self {
        let mut receipt = self.completed_by_read(before);
        let ids = receipt.passenger_ids_mut();
        if ids.is_empty() {
            *ids = intent.travellers().to_vec();
        }
        receipt
    }

    fn passenger_ids_mut(&mut self) -> &mut Vec<PassengerId> {
        match self {
            Self::Order(order) => &mut order.passenger_ids,
            Self::Refund(refund) => &mut refund.passenger_ids,
            Self::Change(change) => &mut change.passenger_ids,
        }
    }

    fn completed_by_read(self, before: Option<&Self>) -> Self {
        match (self, before) {
            (Self::Order(now), Some(Self::Order(then))) => Self::Order(OrderReceipt {
                out_order_no: now.out_order_no.or_else(|| then.out_order_no.clone()),
                total_price: now.total_price.or(then.total_price),
                booked_at: now.booked_at.or(then.booked_at),
                pay_before: now.pay_before.or(then.pay_before),
                passenger_ids: then.passenger_ids.clone(),
                ..now
            }),
            (Self::Change(now), Some(Self::Change(then))) => Self::Change(ChangeReceipt {
                order_id: now.order_id.or(then.order_id),
                out_change_no: now.out_change_no.or_else(|| then.out_change_no.clone()),
                total_price: now.total_price.or(then.total_price),
                pay_before: now.pay_before.or(then.pay_before),
                passenger_ids: then.passenger_ids.clone(),
                ..now
            }),
            (now, _) => now,
        }
    }

    /// How it stands, in a few words.
    #[must_use]
    pub fn stands(&self) -> String {
        match self {
            Self::Order(order) => format!("the order is {}", order.status.as_str()),
            Self::Refund(refund) => format!("the refund is {}", refund.status.as_str()),
            Self::Change(change) => format!("the change is {}", change.status.as_str()),
        }
    }
}

/// Why a person must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Lookups do not find it, and no known order, refund or change of the account was found in the same
    /// way under the session in force: it may be there and not be shown.
    NoControl,
    /// Fliggy answered that it was done, and it cannot be found.
    NotFound,
    /// Fliggy answered that it was done, and lookups show that it cannot have been.
    Refuted,
    /// What was found is not what was asked for; `differs` tells in what.
    Differs,
    /// It was looked up for long enough without an answer that settles it.
    Undecided,
    /// It was settled, and Fliggy showed another outcome later.
    Contradicted,
}

impl Attention {
    /// The reason in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoControl => {
                "it is not found, but no known object of the account was found in the same way either"
            }
            Self::NotFound => "upstream said that it was done, and it cannot be found",
            Self::Refuted => "upstream said that it was done, and shows that it was not",
            Self::Differs => "what was found is not what was asked for",
            Self::Undecided => "looked for long enough without an answer that settles it",
            Self::Contradicted => "upstream shows another outcome than the recorded one",
        }
    }
}

/// A field of what was found that differs from the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The field. (`part` in journals of before.)
    #[serde(alias = "part")]
    pub field: DifferingField,
    /// What the request asked for. (`asked` in journals of before.)
    #[serde(alias = "asked")]
    #[schema(example = "1580.00")]
    pub expected: String,
    /// What Fliggy has.
    #[schema(example = "1590.00")]
    pub found: String,
}

/// A field of an order that is compared with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferingField {
    /// The total (yuan).
    TotalPrice,
    /// The amount that was paid (yuan).
    PaidPrice,
    /// The time of departure of a flight (+08:00), on the same day.
    DepartureTime,
    /// The day of departure of a flight (+08:00).
    DepartureDate,
    /// A flight: neither its marketing nor its operating number is the one that was asked for.
    FlightNo,
    /// How many flights there are.
    FlightCount,
    /// How many passengers there are.
    PassengerCount,
}

impl DifferingField {
    /// The field in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::TotalPrice => "the total",
            Self::PaidPrice => "the paid amount",
            Self::DepartureTime | Self::DepartureDate => "a departure on",
            Self::FlightNo => "flight",
            Self::FlightCount => "a number of flights of",
            Self::PassengerCount => "a number of passengers of",
        }
    }

    /// Whether it is another trip then, which a person must decide on. Otherwise it is the one that was
    /// asked for, on other terms.
    #[must_use]
    pub fn makes_another_trip(self) -> bool {
        match self {
            Self::TotalPrice | Self::PaidPrice | Self::DepartureTime => false,
            Self::DepartureDate | Self::FlightNo | Self::FlightCount | Self::PassengerCount => true,
        }
    }
}

/// What upstream's answer to the send said, as far as looks must agree with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Nothing that can be relied on.
    Silence,
    /// Done; it counts when it is seen.
    Done,
    /// Refused in words that are listed; it counts after one look that agrees.
    Refused,
    /// Refused in other words; it counts after two looks that agree.
    RefusedUnlisted,
}

/// What the looks have found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Looks in all.
    pub looks: u32,
    /// Looks that found the effect absent, begun after the deadline of the send.
    pub absent: u32,
    /// Lookups that agree with a refusal, a second or more apart.
    pub agreeing: u32,
    /// Lookups, begun after the deadline of the send and a second or more apart, that show that it
    /// cannot have been done any more.
    #[serde(default)]
    pub refuting: u32,
    /// Steady time over which the effect was absent, in ms, as seen by running processes: no jump
    /// of a wall clock and no downtime adds to it.
    pub absent_ms: u64,
    /// Steady time for which the operation was looked for, in ms, counted likewise.
    pub looked_ms: u64,
    /// The process that measured last, and its steady time then, in ms.
    pub anchor: Option<Anchor>,
    /// The same for the last look that found the effect absent.
    pub absent_anchor: Option<Anchor>,
    /// The session under which these looks were made.
    #[serde(default)]
    pub absent_session: Option<SessionTag>,
    /// The same for the last lookup that counts as agreeing.
    #[serde(default)]
    pub agreeing_anchor: Option<Anchor>,
    /// The same for the last lookup that counts as refuting.
    #[serde(default)]
    pub refuting_anchor: Option<Anchor>,
    /// Lookups, two seconds or more apart, in which the same parts of the order differ.
    #[serde(default)]
    pub differing: u32,
    /// Those parts.
    #[serde(default)]
    pub differing_parts: Vec<DifferingField>,
    /// When the last of these lookups began.
    #[serde(default)]
    pub differing_anchor: Option<Anchor>,
    /// Steady time for which the operation was watched after it settled, in ms, as seen by running
    /// processes.
    #[serde(default)]
    pub watched_ms: u64,
    /// The process that measured it last, and its steady time then.
    #[serde(default)]
    pub watched_anchor: Option<Anchor>,
    /// What the last look found, in a word.
    pub last: Option<String>,
}

impl Findings {
    /// Begins anew to count lookups that find the effect absent.
    pub fn forget_absence(&mut self) {
        self.absent = 0;
        self.absent_ms = 0;
        self.absent_anchor = None;
        self.absent_session = None;
    }

    /// Begins anew to count lookups that speak against a success.
    pub fn forget_doubts(&mut self) {
        self.forget_absence();
        self.refuting = 0;
        self.refuting_anchor = None;
    }
}

/// A point in the steady time of one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The process.
    pub boot: String,
    /// Its steady time, ms.
    pub at_ms: u64,
}

/// How an order stood before a refund or change of it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Fliggy's numbers of the refunds or changes that it had: what is among them is not this
    /// operation's doing.
    pub numbers: Vec<u64>,
    /// Everybody who travels on it. Who is said to travel and is not among them cannot be told: the
    /// document may be masked, or its kind left out.
    pub travellers: Vec<PassengerId>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Grows with every write; every write is a compare-and-set on it.
    pub revision: i64,
    /// What callers and operators see of that: grows with the state, its basis, the result and what differs
    /// of it, and with nothing else.
    pub version: i64,
    /// What was asked for.
    pub intent: Intent,
    /// Where it stands.
    pub standing: Standing,
    /// The purchasing account; it never changes.
    pub account: AccountName,
    /// The app that asked.
    pub caller: String,
    /// The process that last worked on the send.
    pub boot: String,
    /// When it did: store time in ms, which no clock jump moves while the process lives.
    pub touched_ms: i64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When the send was committed.
    pub sent_at: Option<Timestamp>,
    /// Steady ms of the sending process at the send.
    pub sent_steady_ms: Option<u64>,
    /// When it settled.
    pub settled_at: Option<Timestamp>,
    /// When a lookup agreed with how it was settled; none where it settled on a word alone.
    pub confirmed_at: Option<Timestamp>,
    /// What upstream's answer claimed.
    pub claim: Claim,
    /// What looks found.
    pub findings: Findings,
    /// When to look next: store time in ms, `None` when there is nothing to look for.
    pub next_look_at: Option<i64>,
    /// Until when a settled operation is watched if no process ends meanwhile: store time in ms. The watch is
    /// over when its last step has been measured, whatever a wall clock says.
    pub watch_until: Option<i64>,
    /// When it is deleted because it sent nothing: store time in ms.
    pub prune_at: Option<i64>,
    /// Whether evidence against a settled state came in: only a person settles it then.
    pub contradicted: bool,
    /// Why a person must decide, where the state says that one must.
    pub attention: Option<Attention>,
    /// The operation that this one repeats after it ended `absent`.
    pub retry_of: Option<OperationId>,
    /// How the order stood before the send of a refund or change.
    pub baseline: Baseline,
    /// What was achieved.
    pub result: Option<Receipt>,
    /// The parts of the result that differ from the request.
    pub differs: Vec<Difference>,
    /// Why it was not.
    pub failure: Option<Failure>,
}

impl Operation {
    /// A new operation in state `accepted`.
    #[must_use]
    pub fn accepted(
        id: OperationId,
        intent: Intent,
        account: AccountName,
        caller: String,
        boot: String,
        touched_ms: i64,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            revision: 1,
            version: 1,
            intent,
            standing: Standing::of(State::Accepted),
            account,
            caller,
            boot,
            touched_ms,
            created_at,
            sent_at: None,
            sent_steady_ms: None,
            settled_at: None,
            confirmed_at: None,
            claim: Claim::Silence,
            findings: Findings::default(),
            next_look_at: None,
            watch_until: None,
            prune_at: None,
            contradicted: false,
            attention: None,
            retry_of: None,
            baseline: Baseline::default(),
            result: None,
            differs: Vec::new(),
            failure: None,
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.intent.kind()
    }

    /// The state without its basis.
    #[must_use]
    pub fn state(&self) -> State {
        self.standing.state
    }

    /// Fliggy's number of the order, refund or change that the operation made.
    #[must_use]
    pub fn made(&self) -> Option<u64> {
        self.result.as_ref()?.made_by(self.kind())
    }

    /// Whether it ended before its send began.
    #[must_use]
    pub fn sent_nothing(&self) -> bool {
        self.standing.basis == Some(Basis::NotSent) && self.sent_at.is_none()
    }
}

/// One line of an operation's story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// When, +08:00.
    #[schema(value_type = String, format = DateTime, example = "2030-05-01T10:05:00.000+08:00")]
    pub at: crate::domain::time::Rfc3339,
    /// The state after this entry.
    pub state: State,
    /// What happened, in words a person can read; never personal data.
    #[schema(example = "look 1: the order is paid")]
    pub what: String,
}

/// A fact to be told to internal apps, committed with the change it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What kind of fact.
    pub kind: EventKind,
    /// What it is about.
    pub subject: String,
    /// The fact itself; with kind and subject it is unique.
    pub fact: String,
}

/// The kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An operation's outcome is not known; the gateway looks for it.
    OperationUnknown,
    /// An operation settled.
    OperationSettled,
    /// A person must decide.
    OperationNeedsAttention,
    /// Evidence against a settled operation came in.
    OperationContradicted,
    /// An order was created.
    OrderBooked,
    /// An order was paid.
    OrderPaid,
    /// An order was closed.
    OrderClosed,
    /// A refund was applied for.
    RefundApplied,
    /// A change was made; it waits for its fees, or for payment.
    ChangeCreated,
    /// A change was paid.
    ChangePaid,
    /// A change was cancelled.
    ChangeCancelled,
}

impl EventKind {
    /// The word of the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OperationUnknown => "operation_unknown",
            Self::OperationSettled => "operation_settled",
            Self::OperationNeedsAttention => "operation_needs_attention",
            Self::OperationContradicted => "operation_contradicted",
            Self::OrderBooked => "order_booked",
            Self::OrderPaid => "order_paid",
            Self::OrderClosed => "order_closed",
            Self::RefundApplied => "refund_applied",
            Self::ChangeCreated => "change_created",
            Self::ChangePaid => "change_paid",
            Self::ChangeCancelled => "change_cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_read_in_the_words_of_earlier_journals() {
        let stored = r#"{"part":"total_price","asked":"1580.00","found":"1590.00"}"#;
        let difference = Difference {
            field: DifferingField::TotalPrice,
            expected: "1580.00".to_owned(),
            found: "1590.00".to_owned(),
        };
        assert_eq!(
            serde_json::from_str::<Difference>(stored).unwrap(),
            difference
        );
    }
}
