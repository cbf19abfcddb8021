//! Reads of the airlines' schedule changes of an order.

use crate::domain::flight_change::FlightChange;
use crate::domain::ids::{AccountName, OrderId};
use crate::domain::operation::Failure;
use crate::operations::classify::Missing;
use crate::operations::upstream::{ReadError, Upstream, check_same, unreadable_answer};
use crate::top::client::{ReadOptions, Reply};
use crate::top::method::Method;
use crate::top::wire::FlightChangeQuery;
use crate::translate;

// === impl Upstream ===

impl Upstream {
    /// The schedule changes of an order.
    ///
    /// # Errors
    /// The failure, if they cannot be shown.
    pub async fn read_flight_changes(
        &self,
        account: &AccountName,
        order_id: OrderId,
        options: ReadOptions<'_>,
    ) -> Result<Reply<Vec<FlightChange>>, Failure> {
        let request = translate::flight_changes::request(order_id);
        let read = self.ask_list::<FlightChangeQuery>(account, &request, options, Missing::Order);
        let Some(Reply { answer, upstream }) = read.await.map_err(ReadError::into_failure)? else {
            return Ok(Reply::default());
        };
        for row in &answer.result.0 {
            check_same::<FlightChangeQuery, _, _>(&row.order_id, &order_id, "order_id")
                .map_err(ReadError::into_failure)?;
        }
        translate::flight_changes::answer(answer, &self.context(account))
            .map(|answer| Reply { answer, upstream })
            .map_err(|unreadable| unreadable_answer(FlightChangeQuery::NAME, unreadable.field))
    }
}
