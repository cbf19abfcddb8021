//! The owners of orders.

use futures::future::BoxFuture;

use super::{SqliteJournal, failed, row};
use crate::domain::ids::{AccountName, OrderId, OutOrderNo};
use crate::domain::operation::Ownership;
use crate::store::{JournalError, Owners};

/// Fliggy's number, the caller's number, the owner, the last departure, the booking time, and the id of the booking.
type Line = (String, String, String, Option<String>, i64, String);

impl SqliteJournal {
    async fn owner(
        &self,
        query: &'static str,
        account: AccountName,
        number: String,
    ) -> Result<Option<Ownership>, JournalError> {
        let found: Option<Line> = sqlx::query_as(query)
            .bind(account.to_string())
            .bind(number)
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
        let Some((order_id, out_order_no, owner, last_departure, booked_at, operation_id)) = found
        else {
            return Ok(None);
        };
        let last_departure = last_departure.map(serde_json::Value::String);
        Ok(Some(Ownership {
            account,
            order_id: order_id.parse().map_err(failed)?,
            out_order_no: out_order_no.parse().map_err(failed)?,
            owner,
            last_departure: last_departure
                .map(|time| serde_json::from_value(time).map_err(failed))
                .transpose()?,
            booked_at: row::time(booked_at)?,
            operation_id: operation_id.parse().map_err(failed)?,
        }))
    }
}

impl Owners for SqliteJournal {
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        const QUERY: &str = "SELECT order_id, out_order_no, owner, last_departure, booked_at, operation_id FROM orders \
                             WHERE account = ?1 AND order_id = ?2";
        self.reading(self.owner(QUERY, account.clone(), order_id.to_string()))
    }

    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        // The `+` keeps the planner from scanning all orders of the account.
        const QUERY: &str = "SELECT order_id, out_order_no, owner, last_departure, booked_at, operation_id FROM orders \
                             WHERE +account = ?1 AND out_order_no = ?2 ORDER BY booked_at DESC LIMIT 1";
        self.reading(self.owner(QUERY, account.clone(), out_order_no.to_string()))
    }
}
