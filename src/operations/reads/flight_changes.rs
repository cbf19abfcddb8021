//! Reads of the airlines' schedule changes of an order.

use serde_json::value::RawValue;

use crate::domain::flight_change::FlightChange;
use crate::domain::ids::OrderId;
use crate::domain::operation::Failure;
use crate::operations::classify::Missing;
use crate::operations::service::Operations;
use crate::operations::upstream::{ReadError, check_same, unreadable_answer};
use crate::top::client::{Account, ReadOptions, Reply};
use crate::top::method::Method;
use crate::top::wire::FlightChangeQuery;
use crate::translate;

/// Schedule changes, and what upstream called their fields.
#[derive(Debug)]
pub struct FoundFlightChanges {
    /// The changes.
    pub changes: Vec<FlightChange>,
    /// Upstream's own object, when it was asked for.
    pub upstream: Option<Box<RawValue>>,
}

// === impl Operations ===

impl Operations {
    /// The schedule changes of an order.
    ///
    /// # Errors
    /// Why they cannot be shown.
    pub async fn read_flight_changes(
        &self,
        account: &Account,
        order_id: OrderId,
        options: ReadOptions<'_>,
    ) -> Result<FoundFlightChanges, Failure> {
        let request = translate::flight_changes::request(order_id);
        let read = self
            .ask::<FlightChangeQuery>(account, &request, options, Missing::Order)
            .await;
        let Reply { answer, upstream } = match read {
            Ok(reply) => reply,
            Err(ReadError::NotFound {
                by_configuration: true,
                ..
            }) => {
                return Ok(FoundFlightChanges {
                    changes: Vec::new(),
                    upstream: None,
                });
            }
            Err(error) => return Err(error.into_failure()),
        };
        for row in &answer.result.0 {
            check_same::<FlightChangeQuery, _, _>(&row.order_id, &order_id, "order_id")
                .map_err(ReadError::into_failure)?;
        }
        translate::flight_changes::answer(answer)
            .map(|changes| FoundFlightChanges { changes, upstream })
            .map_err(|unreadable| unreadable_answer(FlightChangeQuery::NAME, unreadable.field))
    }
}
