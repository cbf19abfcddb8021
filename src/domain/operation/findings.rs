//! What is known of an operation's effect: from the answer to its send, and from lookups.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::difference::DifferingField;
use super::proof::SessionTag;
use super::receipt::Receipt;
use crate::domain::ids::PassengerId;

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
    /// The result that was recorded before upstream showed another outcome: no lookup shows it. Kept until
    /// the operation is settled again.
    #[serde(default)]
    pub recorded: Option<Receipt>,
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
