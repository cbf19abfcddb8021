//! alitrip.flight.change.order.cancel

use serde_json::json;

use super::change_query::{named, not_found};
use super::{Context, Done, Refusal, object};
use crate::simulator::change::ChangeStatus;
use crate::simulator::ledger::Changed;

/// The refusal for a change that can no longer be cancelled.
pub(super) const NOT_NOW: (&str, &str) =
    ("isv.CHANGE_STATUS_NOT_ALLOWED", "当前改签单状态不可取消");

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let change = named(context)?;
    match change.progress.status {
        ChangeStatus::Submitted | ChangeStatus::AwaitingPayment => {}
        ChangeStatus::AwaitingTicketing | ChangeStatus::Closed | ChangeStatus::Ticketed => {
            return Err(Refusal::business(NOT_NOW.0, NOT_NOW.1));
        }
    }
    let number = change.change_order_no;
    let Some(change) = context.ledger.changes.cancel(number) else {
        return Err(not_found());
    };
    Ok(Done {
        answer: object(json!({
            "change_order_no": number,
            "order_id": change.order_id,
            "status": change.progress.number(),
        })),
        changed: Some(Changed::Change(number)),
    })
}
