//! What is known about an operation's effect, from the response to its send and from lookups.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::difference::DifferingField;
use super::proof::SessionTag;
use super::receipt::Receipt;
use crate::domain::ids::PassengerId;

/// What upstream's response to the send claimed, which lookups must confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Nothing reliable.
    Silence,
    /// Executed; the claim counts once a lookup finds the effect.
    Done,
    /// Refused with a listed phrase; the claim counts after one lookup that agrees.
    Refused,
    /// Refused with another phrase; the claim counts after two lookups that agree.
    RefusedUnlisted,
}

/// What lookups have found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// The number of lookups.
    #[serde(rename = "looks")]
    pub lookups: u32,
    /// Lookups that found the effect absent, begun after the deadline of the send.
    pub absent: u32,
    /// Lookups that agree with a refusal, a second or more apart.
    pub agreeing: u32,
    /// Lookups that show that the write cannot have been executed, begun after the deadline of the send and a second
    /// or more apart.
    #[serde(default)]
    pub refuting: u32,
    /// Steady time over which the effect was absent, in ms, measured by running processes: clock jumps and
    /// downtime do not count.
    pub absent_ms: u64,
    /// Steady time over which lookups were made, in ms, measured in the same way.
    #[serde(rename = "looked_ms")]
    pub lookup_ms: u64,
    /// The process that last measured `lookup_ms`, and the steady time of that measurement.
    pub anchor: Option<Anchor>,
    /// The process and steady time of the last lookup that found the effect absent.
    pub absent_anchor: Option<Anchor>,
    /// The session under which the lookups that found the effect absent were made.
    #[serde(default)]
    pub absent_session: Option<SessionTag>,
    /// The process and steady time of the last lookup that counts as agreeing.
    #[serde(default)]
    pub agreeing_anchor: Option<Anchor>,
    /// The process and steady time of the last lookup that counts as refuting.
    #[serde(default)]
    pub refuting_anchor: Option<Anchor>,
    /// Lookups, two seconds or more apart, that found differences in the same fields.
    #[serde(default)]
    pub differing: u32,
    /// The fields that differ.
    #[serde(default)]
    pub differing_parts: Vec<DifferingField>,
    /// The process and steady time of the last lookup that counts as differing.
    #[serde(default)]
    pub differing_anchor: Option<Anchor>,
    /// Steady time for which the operation was watched after it settled, in ms, measured by running
    /// processes.
    #[serde(default)]
    pub watched_ms: u64,
    /// The process that last measured `watched_ms`, and the steady time of that measurement.
    #[serde(default)]
    pub watched_anchor: Option<Anchor>,
    /// The name of the last lookup's finding.
    pub last: Option<String>,
    /// The result that was recorded before upstream showed another outcome; no lookup finds it any more. Kept until the
    /// operation is settled again.
    #[serde(default)]
    pub recorded: Option<Receipt>,
}

impl Findings {
    /// Resets the count of lookups that found the effect absent.
    pub fn forget_absence(&mut self) {
        self.absent = 0;
        self.absent_ms = 0;
        self.absent_anchor = None;
        self.absent_session = None;
    }

    /// Resets the counts of lookups that are evidence against a success.
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

/// The state of an order before a refund or change of it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Fliggy's numbers of the order's refunds or changes. This operation did not create any of them.
    pub numbers: Vec<u64>,
    /// All passengers of the order. A passenger that is not listed here cannot be attributed: the document may be
    /// masked, or its type may be missing.
    pub travellers: Vec<PassengerId>,
}

/// Why a person must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Lookups do not find the effect, but under the current session the same kind of lookup found no other known
    /// order, refund or change of the account either. The effect may exist without being shown.
    NoControl,
    /// Fliggy reported that the write was executed, but lookups do not find its effect.
    NotFound,
    /// Fliggy reported that the write was executed, but lookups show that it cannot have been executed.
    Refuted,
    /// What was found differs from the request; `differs` contains the differences.
    Differs,
    /// The lookup period ended without a result that settles the operation.
    Undecided,
    /// The operation was settled, and Fliggy showed another outcome later.
    Contradicted,
}

impl Attention {
    /// The reason in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoControl => {
                "lookups do not find the effect, but they find no other known object of the account either"
            }
            Self::NotFound => {
                "upstream reported the write as executed, but lookups do not find its effect"
            }
            Self::Refuted => {
                "upstream reported the write as executed, but lookups show that it was not"
            }
            Self::Differs => "what was found differs from the request",
            Self::Undecided => {
                "the lookup period ended without a result that settles the operation"
            }
            Self::Contradicted => "upstream shows a different outcome than the recorded one",
        }
    }
}
