//! The kinds of refunds, and Fliggy's codes for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of a refund: why tickets are refunded.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RefundKind {
    /// The passenger does not want to fly.
    Voluntary,
    /// The airline has cancelled or moved the flight. Needs an attachment, and is reviewed.
    FlightChanged,
    /// The airline has an epidemic policy for the flight. Fliggy refuses the application if there is
    /// no such policy.
    Epidemic,
    /// The passenger is ill. Needs an attachment, and is reviewed.
    Illness,
    /// The airline refused to carry the passenger. Needs an attachment, and is reviewed.
    DeniedBoarding,
    /// The same trip was bought twice.
    DuplicatePurchase,
    /// Another kind that Fliggy has named to the owner of the purchasing account.
    Other,
}

impl RefundKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Voluntary,
        Self::FlightChanged,
        Self::Epidemic,
        Self::Illness,
        Self::DeniedBoarding,
        Self::DuplicatePurchase,
        Self::Other,
    ];

    /// The name in API and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voluntary => "voluntary",
            Self::FlightChanged => "flight_changed",
            Self::Epidemic => "epidemic",
            Self::Illness => "illness",
            Self::DeniedBoarding => "denied_boarding",
            Self::DuplicatePurchase => "duplicate_purchase",
            Self::Other => "other",
        }
    }

    /// Whether an application needs a proof (seed: 特殊退票需上传附件, and type 2 is reviewed).
    #[must_use]
    pub const fn wants_attachment(self) -> bool {
        match self {
            Self::FlightChanged | Self::Illness | Self::DeniedBoarding => true,
            Self::Voluntary | Self::Epidemic | Self::DuplicatePurchase | Self::Other => false,
        }
    }
}

/// Fliggy's codes (`refund_apply_type`). Two are known, both from the seed: 2 and 100. A refund of
/// a kind without a code cannot be applied for until the configuration provides the code: the gateway must not guess
/// the kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundKinds {
    by_kind: BTreeMap<RefundKind, i64>,
}

impl RefundKinds {
    /// The known codes, overridden by configured rows.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (RefundKind, i64)>) -> Self {
        let mut by_kind =
            BTreeMap::from([(RefundKind::FlightChanged, 2), (RefundKind::Epidemic, 100)]);
        by_kind.extend(rows);
        Self { by_kind }
    }

    /// Fliggy's code for a kind, if there is one.
    #[must_use]
    pub fn code(&self, kind: RefundKind) -> Option<i64> {
        self.by_kind.get(&kind).copied()
    }

    /// The kind for a code; if several kinds share it, the first in [`RefundKind::ALL`].
    #[must_use]
    pub fn kind(&self, code: i64) -> Option<RefundKind> {
        RefundKind::ALL
            .into_iter()
            .find(|kind| self.code(*kind) == Some(code))
    }
}

impl Default for RefundKinds {
    fn default() -> Self {
        Self::new([])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kinds_in_the_seed_have_a_code() {
        let kinds = RefundKinds::default();
        let known: Vec<_> = RefundKind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind.as_str(), kinds.code(kind)?)))
            .collect();
        assert_eq!(known, [("flight_changed", 2), ("epidemic", 100)]);
        assert_eq!(kinds.kind(2), Some(RefundKind::FlightChanged));
        assert_eq!(kinds.kind(1), None);
    }

    #[test]
    fn configuration_adds_and_overrides_codes() {
        let kinds = RefundKinds::new([
            (RefundKind::Voluntary, 1),
            (RefundKind::Epidemic, 101),
            (RefundKind::Illness, 2),
        ]);
        assert_eq!(kinds.code(RefundKind::Voluntary), Some(1));
        assert_eq!(kinds.kind(101), Some(RefundKind::Epidemic));
        assert_eq!(kinds.kind(100), None);
        assert_eq!(kinds.kind(2), Some(RefundKind::FlightChanged));
    }

    #[test]
    fn as_str_returns_the_names_of_serde() {
        for kind in RefundKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
