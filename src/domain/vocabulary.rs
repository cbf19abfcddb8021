//! The gateway's names for Fliggy's phrases and codes.

use super::change::ChangeKinds;
use super::order::StatusMap;
use super::refund::RefundKinds;

/// The meanings of Fliggy's phrases and codes: built-in values plus the configured ones. The default is the built-in
/// values.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Status phrases of orders.
    pub statuses: StatusMap,
    /// Codes of the kinds of refunds.
    pub refund_kinds: RefundKinds,
    /// Codes of the kinds of changes.
    pub change_kinds: ChangeKinds,
}
