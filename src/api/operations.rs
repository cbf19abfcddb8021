//! Operations: the journal for callers and operators.

pub mod get;
pub mod list;
pub mod reconcile;
pub mod resolve;
pub(super) mod view;

use axum::http::StatusCode;
use axum::response::Response;

use self::view::OperationView;
use super::ApiState;
use super::auth::Caller;
use super::problem::{Code, Problem};
use crate::domain::ids::OperationId;
use crate::domain::operation::Operation;
use crate::operations::{Fault, JournalError};

/// The current operation with its timeline.
async fn shown(state: &ApiState, caller: &Caller, id: OperationId) -> Result<Response, Problem> {
    let read = state.operations()?.journal().with_timeline(id);
    let found = read.await.map_err(unreadable)?;
    let (operation, timeline) = found.unzip();
    let operation = visible(operation, caller)?;
    Ok(OperationView::new(operation, timeline).with_status(StatusCode::OK))
}

/// The operation, if the caller may see it: its own, or any for an operator; in both cases of an account that it may use.
pub(super) fn visible(operation: Option<Operation>, caller: &Caller) -> Result<Operation, Problem> {
    operation
        .filter(|operation| own_only(caller).is_none_or(|own| operation.caller == own))
        .filter(|operation| caller.may_use(&operation.account))
        .ok_or_else(|| Problem::new(Code::OperationNotFound))
}

/// The caller to whose own operations a query is limited; none for an operator, who sees all.
pub(super) fn own_only(caller: &Caller) -> Option<&str> {
    (!caller.is_operator()).then_some(&*caller.name)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function of map_err"
)]
pub(super) fn unreadable(error: JournalError) -> Problem {
    tracing::error!(%error, "the journal could not be read");
    match error.fault {
        Fault::Closed => Problem::new(Code::ShuttingDown),
        Fault::Unavailable | Fault::Moved | Fault::Damaged => {
            Problem::new(Code::JournalUnavailable)
                .detail("The journal cannot be read at the moment.")
        }
    }
}
