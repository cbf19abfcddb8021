//! The gateway's own words for Fliggy's phrases and numbers.

use super::change::ChangeKinds;
use super::order::StatusMap;
use super::refund::RefundKinds;

/// What Fliggy's phrases and numbers mean: what is built in, and what the configuration adds. The default
/// is what is built in.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Its phrases for the status of an order.
    pub statuses: StatusMap,
    /// Its numbers for the grounds of a refund.
    pub refund_kinds: RefundKinds,
    /// Its numbers for the grounds of a change.
    pub change_kinds: ChangeKinds,
}
