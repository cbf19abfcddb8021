//! What an operation can be, and what may become of it. One pure function holds the table.

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

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = OperationState)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In the journal; nothing was sent.
    Accepted,
    /// The one send is under way, or its answer is being checked.
    Sending,
    /// It may have been done. The gateway asks upstream until it knows.
    Unknown,
    /// Done, on evidence.
    Succeeded,
    /// Upstream refused; nothing was done.
    Rejected,
    /// Nothing was done; `basis` says how that is known.
    NotExecuted,
    /// A person must decide; the gateway goes on asking, more slowly.
    NeedsAttention,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Sending,
        Self::Unknown,
        Self::Succeeded,
        Self::Rejected,
        Self::NotExecuted,
        Self::NeedsAttention,
    ];

    /// The word of the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Succeeded => "succeeded",
            Self::Rejected => "rejected",
            Self::NotExecuted => "not_executed",
            Self::NeedsAttention => "needs_attention",
        }
    }

    /// Whether the gateway is still working on it and will move it on by itself, so that waiting for it makes
    /// sense.
    #[must_use]
    pub fn is_in_progress(self) -> bool {
        match self {
            Self::Accepted | Self::Sending | Self::Unknown => true,
            Self::Succeeded | Self::Rejected | Self::NotExecuted | Self::NeedsAttention => false,
        }
    }

    /// Whether the operation is over. An open one holds the lock on its subject.
    #[must_use]
    pub fn is_settled(self) -> bool {
        match self {
            Self::Succeeded | Self::Rejected | Self::NotExecuted => true,
            Self::Accepted | Self::Sending | Self::Unknown | Self::NeedsAttention => false,
        }
    }
}

/// How it is known that nothing was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// No byte of the call left the gateway.
    NotSent,
    /// TOP, or the gateway itself, refused the call before the business service saw it.
    RefusedByGateway,
    /// Upstream was asked over the whole settle window and has never heard of it.
    Absent,
}

impl Basis {
    /// The word of the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::RefusedByGateway => "refused_by_gateway",
            Self::Absent => "absent",
        }
    }

    /// Whether the idempotency key is free again: provably nothing was sent.
    #[must_use]
    pub fn frees_the_key(self) -> bool {
        match self {
            Self::NotSent | Self::RefusedByGateway => true,
            Self::Absent => false,
        }
    }
}

/// A state together with the basis that `not_executed` must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// Present exactly when the state is `not_executed`.
    pub basis: Option<Basis>,
}

impl Standing {
    /// A state that needs no basis.
    #[must_use]
    pub const fn of(state: State) -> Self {
        Self { state, basis: None }
    }

    /// `not_executed` on this basis.
    #[must_use]
    pub const fn not_executed(basis: Basis) -> Self {
        Self {
            state: State::NotExecuted,
            basis: Some(basis),
        }
    }
}

/// Whether an operation may pass from one standing to another. The table of the law of writes:
/// nothing leads back to `sending`, and a settled operation is reopened on contradiction only.
#[must_use]
pub fn may_become(from: Standing, to: Standing) -> bool {
    if (to.state == State::NotExecuted) != to.basis.is_some() {
        return false;
    }
    match from.state {
        State::Accepted => match to.state {
            State::Sending => true,
            // Nothing was sent yet, so nothing can be found absent.
            State::NotExecuted => to.basis != Some(Basis::Absent),
            State::Accepted
            | State::Unknown
            | State::Succeeded
            | State::Rejected
            | State::NeedsAttention => false,
        },
        State::Sending => match to.state {
            State::Succeeded | State::Rejected | State::Unknown => true,
            State::NotExecuted => to.basis != Some(Basis::Absent),
            State::Accepted | State::Sending | State::NeedsAttention => false,
        },
        State::Unknown => match to.state {
            State::Succeeded | State::Rejected | State::NotExecuted | State::NeedsAttention => true,
            State::Accepted | State::Sending | State::Unknown => false,
        },
        State::NeedsAttention => match to.state {
            State::Succeeded | State::Rejected | State::NotExecuted => true,
            State::Accepted | State::Sending | State::Unknown | State::NeedsAttention => false,
        },
        // On contradiction only.
        State::Succeeded | State::Rejected | State::NotExecuted => {
            to.state == State::NeedsAttention
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standings() -> Vec<Standing> {
        let mut all: Vec<_> = State::ALL
            .into_iter()
            .filter(|s| *s != State::NotExecuted)
            .map(Standing::of)
            .collect();
        all.extend(
            [Basis::NotSent, Basis::RefusedByGateway, Basis::Absent].map(Standing::not_executed),
        );
        all
    }

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

    #[test]
    fn the_table_is_that_of_the_law() {
        let written = |s: &Standing| match s.basis {
            Some(basis) => format!("{}/{}", s.state.as_str(), basis.as_str()),
            None => s.state.as_str().to_owned(),
        };
        let table: Vec<String> = standings()
            .iter()
            .map(|from| {
                let to: Vec<_> = standings()
                    .iter()
                    .filter(|to| may_become(*from, **to))
                    .map(&written)
                    .collect();
                format!("{} -> {}", written(from), to.join(" "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "accepted -> sending not_executed/not_sent not_executed/refused_by_gateway",
                "sending -> unknown succeeded rejected not_executed/not_sent not_executed/refused_by_gateway",
                "unknown -> succeeded rejected needs_attention not_executed/not_sent not_executed/refused_by_gateway not_executed/absent",
                "succeeded -> needs_attention",
                "rejected -> needs_attention",
                "needs_attention -> succeeded rejected not_executed/not_sent not_executed/refused_by_gateway not_executed/absent",
                "not_executed/not_sent -> needs_attention",
                "not_executed/refused_by_gateway -> needs_attention",
                "not_executed/absent -> needs_attention",
            ]
        );
    }

    proptest! {
        #[test]
        fn law_2_no_path_leads_from_a_possible_send_back_to_sending(
            steps in proptest::collection::vec(0usize..9, 1..40),
        ) {
            let all = standings();
            let mut at = Standing::of(State::Accepted);
            let mut sends = 0;
            for step in steps {
                if may_become(at, all[step]) {
                    at = all[step];
                    sends += usize::from(at.state == State::Sending);
                }
            }
            prop_assert!(sends <= 1);
        }
    }
}
