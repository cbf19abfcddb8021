//! The states of an operation and the transitions between them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = OperationState)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Recorded in the journal; nothing has been sent.
    Accepted,
    /// The request is being sent, once only, or the response to it is being checked.
    Sending,
    /// The write may have been executed. The gateway looks up its effect until the outcome is known.
    Unknown,
    /// Executed: there is evidence.
    Succeeded,
    /// Upstream refused; nothing was executed.
    Rejected,
    /// Nothing was executed; `basis` says how that is known.
    NotExecuted,
    /// A person must decide; lookups continue, but less often.
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

    /// The name in the API and the store.
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

    /// Whether the gateway can still settle the operation soon and without a person, so that it makes sense to wait.
    #[must_use]
    pub fn is_in_progress(self) -> bool {
        match self {
            Self::Accepted | Self::Sending | Self::Unknown => true,
            Self::Succeeded | Self::Rejected | Self::NotExecuted | Self::NeedsAttention => false,
        }
    }

    /// Whether the operation is settled. An open operation holds the lock on its subject.
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
    /// Nothing of the call left the gateway.
    NotSent,
    /// TOP, or the gateway itself, refused the call before the business service saw it.
    RefusedByGateway,
    /// Lookups over the whole settle window did not find the effect.
    Absent,
}

impl Basis {
    /// The name in the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::RefusedByGateway => "refused_by_gateway",
            Self::Absent => "absent",
        }
    }

    /// Whether the idempotency key is free again, because provably nothing was executed.
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
    /// Present if and only if the state is `not_executed`.
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

/// Whether an operation may change from one standing to another (the laws of writes): nothing leads back to
/// `sending`, and a settled operation is reopened only on contradiction.
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
        // Only on contradiction.
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
    fn only_these_transitions_are_allowed() {
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
