//! The kinds of writes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of write a caller asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Create and hold an order (`alitrip.flight.service.airbook`).
    Book,
    /// Pay an order (`alitrip.flight.service.pay`).
    Pay,
    /// Close an unpaid order (`alitrip.flight.service.close`).
    Close,
    /// Apply for a refund (`alitrip.flight.refund.create`). Done means that the application exists.
    Refund,
    /// Make a change and hold its seat (`alitrip.flight.change.order.create`).
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

    /// The word of the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Pay => "pay",
            Self::Close => "close",
            Self::Refund => "refund",
            Self::Change => "change",
            Self::ChangePay => "change_pay",
            Self::ChangeCancel => "change_cancel",
        }
    }

    /// Whether money moves: such a write settles as done on evidence of payment only.
    #[must_use]
    pub fn moves_money(self) -> bool {
        match self {
            Self::Pay | Self::ChangePay => true,
            Self::Book | Self::Close | Self::Refund | Self::Change | Self::ChangeCancel => false,
        }
    }
}

/// Whether an operation could repeat the effect of an earlier one on the same subject (law 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Its effect is another one.
    Never,
    /// Its effect is the same one, whatever else it asks for.
    Always,
    /// Where both have the caller's number or a traveller in common: an order can have several refunds and
    /// changes.
    InCommon,
}

/// A later kind, an earlier kind on the same subject, and whether the later one could repeat the effect of the
/// earlier one. What is not listed never does. A write of a kind that is listed here must name the earlier
/// operation in `retry_of` where that one ended `absent`, and what it does may be taken for the earlier
/// one's doing.
const REPETITIONS: [(Kind, Kind, Repetition); 7] = [
    (Kind::Book, Kind::Book, Repetition::Always),
    (Kind::Pay, Kind::Pay, Repetition::Always),
    (Kind::Close, Kind::Close, Repetition::Always),
    (Kind::Refund, Kind::Refund, Repetition::InCommon),
    (Kind::Change, Kind::Change, Repetition::InCommon),
    (Kind::ChangePay, Kind::ChangePay, Repetition::Always),
    (Kind::ChangeCancel, Kind::ChangeCancel, Repetition::Always),
];

impl Kind {
    /// Whether an operation of this kind could repeat the effect of an earlier one of that kind.
    #[must_use]
    pub fn repetition_of(self, earlier: Self) -> Repetition {
        let listed = REPETITIONS
            .into_iter()
            .find(|(later, before, _)| (*later, *before) == (self, earlier));
        listed.map_or(Repetition::Never, |(_, _, repetition)| repetition)
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

    #[test]
    fn law_6_the_table_of_repetitions() {
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
