//! The kinds of writes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::EventKind;
use super::proof::LookupKind;

/// The kind of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Create and hold an order (`alitrip.flight.service.airbook`).
    Book,
    /// Pay an order (`alitrip.flight.service.pay`).
    Pay,
    /// Close an unpaid order (`alitrip.flight.service.close`).
    Close,
    /// Apply for a refund (`alitrip.flight.refund.create`). It succeeds once the application exists.
    Refund,
    /// Create a change and hold its seats (`alitrip.flight.change.order.create`).
    Change,
    /// Pay a change (`alitrip.flight.change.order.pay`).
    ChangePay,
    /// Cancel an unpaid change (`alitrip.flight.change.order.cancel`).
    ChangeCancel,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Book,
        Self::Pay,
        Self::Close,
        Self::Refund,
        Self::Change,
        Self::ChangePay,
        Self::ChangeCancel,
    ];
}

/// Whether an operation could repeat the effect of an earlier one on the same subject (law 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// No: the effects are different.
    Never,
    /// Yes: the effects are the same, whatever else is requested.
    Always,
    /// Only if both operations have the caller's number or a passenger in common: an order can have several refunds
    /// and changes.
    InCommon,
}

/// When a listed upstream refusal settles an operation (law 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCounts {
    /// At once: if the classification is wrong, no money is lost.
    AtOnce,
    /// When a lookup agrees with it.
    WhenConfirmed,
    /// When a lookup agrees with it. If the refusal is not listed, only lookups after the deadline of the send
    /// count: money may still be on its way.
    WhenConfirmedAfterDeadline,
}

/// What distinguishes one kind from another.
struct Row {
    /// The name in the API and the store.
    word: &'static str,
    /// Whether success needs evidence of payment.
    moves_money: bool,
    /// Whether another operation of the kind on the same subject could repeat its effect.
    repetition: Repetition,
    refusal_counts: RefusalCounts,
    /// Whether Fliggy causes the same effect by itself when the payment deadline has passed.
    happens_by_itself: bool,
    /// The lookup that finds what it creates. None for the kinds that act on an existing order or change.
    creates: Option<LookupKind>,
    /// The event of a success.
    event: EventKind,
}

impl Kind {
    /// The table of kinds.
    const fn row(self) -> Row {
        match self {
            Self::Book => Row {
                word: "book",
                moves_money: false,
                repetition: Repetition::Always,
                refusal_counts: RefusalCounts::WhenConfirmed,
                happens_by_itself: false,
                creates: Some(LookupKind::OrderByReference),
                event: EventKind::OrderBooked,
            },
            Self::Pay => Row {
                word: "pay",
                moves_money: true,
                repetition: Repetition::Always,
                refusal_counts: RefusalCounts::WhenConfirmedAfterDeadline,
                happens_by_itself: false,
                creates: None,
                event: EventKind::OrderPaid,
            },
            Self::Close => Row {
                word: "close",
                moves_money: false,
                repetition: Repetition::Always,
                refusal_counts: RefusalCounts::AtOnce,
                happens_by_itself: true,
                creates: None,
                event: EventKind::OrderClosed,
            },
            Self::Refund => Row {
                word: "refund",
                moves_money: false,
                repetition: Repetition::InCommon,
                refusal_counts: RefusalCounts::WhenConfirmedAfterDeadline,
                happens_by_itself: false,
                creates: Some(LookupKind::RefundsOfOrder),
                event: EventKind::RefundCreated,
            },
            Self::Change => Row {
                word: "change",
                moves_money: false,
                repetition: Repetition::InCommon,
                refusal_counts: RefusalCounts::AtOnce,
                happens_by_itself: false,
                creates: Some(LookupKind::ChangesOfOrder),
                event: EventKind::ChangeCreated,
            },
            Self::ChangePay => Row {
                word: "change_pay",
                moves_money: true,
                repetition: Repetition::Always,
                refusal_counts: RefusalCounts::WhenConfirmedAfterDeadline,
                happens_by_itself: false,
                creates: None,
                event: EventKind::ChangeAwaitingTicketing,
            },
            Self::ChangeCancel => Row {
                word: "change_cancel",
                moves_money: false,
                repetition: Repetition::Always,
                refusal_counts: RefusalCounts::AtOnce,
                happens_by_itself: true,
                creates: None,
                event: EventKind::ChangeClosed,
            },
        }
    }

    /// The name in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().word
    }

    /// Whether money moves: such a write succeeds only on evidence of payment.
    #[must_use]
    pub const fn moves_money(self) -> bool {
        self.row().moves_money
    }

    /// See [`RefusalCounts`].
    #[must_use]
    pub const fn refusal_counts(self) -> RefusalCounts {
        self.row().refusal_counts
    }

    /// Whether Fliggy causes the same effect by itself: it closes what is not paid in time. If so, a later lookup that
    /// finds the effect does not contradict an operation that settled as not executed.
    #[must_use]
    pub const fn happens_by_itself(self) -> bool {
        self.row().happens_by_itself
    }

    /// The lookup that finds what operations of this kind create; none for a kind that creates nothing. The control
    /// uses the same kind of lookup. A kind that creates nothing needs no control: its lookup finds the order or
    /// change that it acts on.
    #[must_use]
    pub const fn creates(self) -> Option<LookupKind> {
        self.row().creates
    }

    /// Whether it is a refund or a change of an order.
    #[must_use]
    pub const fn is_after_sale(self) -> bool {
        matches!(
            self.row().creates,
            Some(LookupKind::RefundsOfOrder | LookupKind::ChangesOfOrder)
        )
    }

    /// The event of a success, with a fact that is unique for the subject.
    #[must_use]
    pub fn fact(self) -> (EventKind, &'static str) {
        let event = self.row().event;
        (event, event.fact())
    }

    /// Whether an operation of this kind could repeat the effect of an operation of kind `earlier` on the same subject.
    /// If so, the effect of one can be mistaken for the effect of the other, and the later operation must name the
    /// earlier one in `retry_of` if the earlier one ended `absent`.
    #[must_use]
    pub fn repetition_of(self, earlier: Self) -> Repetition {
        if self == earlier {
            self.row().repetition
        } else {
            Repetition::Never
        }
    }

    /// The kinds whose effect an operation of this kind could repeat.
    pub fn could_repeat(self) -> impl Iterator<Item = Self> {
        let kinds = Self::ALL.into_iter();
        kinds.filter(move |earlier| self.repetition_of(*earlier) != Repetition::Never)
    }

    /// The kinds that could repeat the effect of an operation of this kind.
    pub fn could_be_repeated_by(self) -> impl Iterator<Item = Self> {
        let kinds = Self::ALL.into_iter();
        kinds.filter(move |later| later.repetition_of(self) != Repetition::Never)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema as _;

    #[test]
    fn all_kinds_are_listed_under_their_names_in_the_api() {
        let schema = serde_json::to_value(Kind::schema()).unwrap();
        let words = Kind::ALL.map(Kind::as_str);
        assert_eq!(schema["enum"], serde_json::json!(words));
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn law_6_only_the_same_kind_repeats_an_effect() {
        use Repetition::{Always as A, InCommon as C, Never as N};
        // Rows are later kinds and columns earlier ones, in the order of `Kind::ALL`.
        let table = [
            [A, N, N, N, N, N, N],
            [N, A, N, N, N, N, N],
            [N, N, A, N, N, N, N],
            [N, N, N, C, N, N, N],
            [N, N, N, N, C, N, N],
            [N, N, N, N, N, A, N],
            [N, N, N, N, N, N, A],
        ];
        for (later, row) in Kind::ALL.into_iter().zip(table) {
            for (earlier, repetition) in Kind::ALL.into_iter().zip(row) {
                assert_eq!(
                    later.repetition_of(earlier),
                    repetition,
                    "{later:?} {earlier:?}"
                );
                let could = repetition != N;
                assert_eq!(later.could_repeat().any(|kind| kind == earlier), could);
                assert_eq!(
                    earlier.could_be_repeated_by().any(|kind| kind == later),
                    could
                );
            }
        }
    }
}
