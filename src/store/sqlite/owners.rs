//! The owners of orders.

use futures::future::BoxFuture;
use sqlx::{SqliteConnection, SqliteExecutor};

use super::{SqliteJournal, failed, ms_of, row};
use crate::domain::ids::{AccountName, ChangeOrderNo, OrderId, OutOrderNo};
use crate::domain::operation::{
    EventKind, Operation, OrderNumbers, Ownership, OwnershipFact, Subject,
};
use crate::store::{JournalError, Owners};

/// Fliggy's number, the caller's number, the owner, the last departure, the booking time, and the id of the booking.
type Line = (String, String, String, Option<String>, i64, String);

const OF_ORDER: &str = "SELECT order_id, out_order_no, owner, last_departure, booked_at, operation_id FROM orders \
                        WHERE account = ?1 AND order_id = ?2";
// The `+` keeps the planner from scanning all orders of the account.
const OF_REFERENCE: &str = "SELECT order_id, out_order_no, owner, last_departure, booked_at, operation_id FROM orders \
                            WHERE +account = ?1 AND out_order_no = ?2 ORDER BY booked_at DESC LIMIT 1";

async fn owner<'c>(
    connection: impl SqliteExecutor<'c>,
    query: &'static str,
    account: &AccountName,
    number: String,
) -> Result<Option<Ownership>, JournalError> {
    let found = line_of(connection, query, account, number).await?;
    found.map(|line| ownership(account, line)).transpose()
}

/// Like [`owner`], but a damaged row counts as none: neither a message nor the end of an operation may depend on it.
async fn readable_owner<'c>(
    connection: impl SqliteExecutor<'c>,
    query: &'static str,
    account: &AccountName,
    number: String,
) -> Result<Option<Ownership>, JournalError> {
    let found = line_of(connection, query, account, number).await?;
    Ok(found.and_then(|line| {
        ownership(account, line)
            .inspect_err(|error| tracing::error!(%error, "the owner of an order cannot be read"))
            .ok()
    }))
}

async fn line_of<'c>(
    connection: impl SqliteExecutor<'c>,
    query: &'static str,
    account: &AccountName,
    number: String,
) -> Result<Option<Line>, JournalError> {
    sqlx::query_as(query)
        .bind(account.to_string())
        .bind(number)
        .fetch_optional(connection)
        .await
        .map_err(failed)
}

fn ownership(account: &AccountName, line: Line) -> Result<Ownership, JournalError> {
    let (order_id, out_order_no, owner, last_departure, booked_at, operation_id) = line;
    let last_departure = last_departure.map(serde_json::Value::String);
    Ok(Ownership {
        account: account.clone(),
        order_id: order_id.parse().map_err(failed)?,
        out_order_no: out_order_no.parse().map_err(failed)?,
        owner,
        last_departure: last_departure
            .map(|time| serde_json::from_value(time).map_err(failed))
            .transpose()?,
        booked_at: row::time(booked_at)?,
        operation_id: operation_id.parse().map_err(failed)?,
    })
}

/// The order with Fliggy's number, if it was booked through this gateway.
pub(super) async fn of_order<'c>(
    connection: impl SqliteExecutor<'c>,
    account: &AccountName,
    order_id: OrderId,
) -> Result<Option<Ownership>, JournalError> {
    readable_owner(connection, OF_ORDER, account, order_id.to_string()).await
}

/// The order with this number. A number in the form of Fliggy's is never taken for a caller's: a caller may use the number
/// of another order as its own.
pub(super) async fn order_named(
    connection: &mut SqliteConnection,
    account: &AccountName,
    number: &str,
) -> Result<Option<Ownership>, JournalError> {
    let query = match number.parse::<OrderId>() {
        Ok(_) => OF_ORDER,
        Err(_) => OF_REFERENCE,
    };
    readable_owner(connection, query, account, number.to_owned()).await
}

/// The order that an operation concerns. The journal knows more than the row: an order that was booked here, or the order
/// of a change.
pub(super) async fn order_of(
    connection: &mut SqliteConnection,
    operation: &Operation,
) -> Result<OrderNumbers, JournalError> {
    let mut order = OrderNumbers::of(operation);
    if let (None, Subject::Change(change)) = (order.order_id, operation.intent.subject()) {
        order.order_id = order_of_change(connection, change).await?;
    }
    if let (Some(order_id), None) = (order.order_id, &order.out_order_no) {
        let known = of_order(connection, &operation.account, order_id).await?;
        order.out_order_no = known.map(|known| known.out_order_no);
    }
    Ok(order)
}

/// The order of a change, by an earlier event about the change.
async fn order_of_change(
    connection: &mut SqliteConnection,
    change: ChangeOrderNo,
) -> Result<Option<OrderId>, JournalError> {
    let found: Option<String> = sqlx::query_scalar(
        "SELECT order_id FROM events WHERE kind = ?1 AND subject = ?2 AND order_id IS NOT NULL LIMIT 1",
    )
    .bind(EventKind::ChangeCreated.as_str())
    .bind(change.to_string())
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    Ok(found.and_then(|order_id| order_id.parse().ok()))
}

impl Owners for SqliteJournal {
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        let account = account.clone();
        self.reading(
            async move { owner(&self.readers, OF_ORDER, &account, order_id.to_string()).await },
        )
    }

    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        let (account, number) = (account.clone(), out_order_no.to_string());
        self.reading(async move { owner(&self.readers, OF_REFERENCE, &account, number).await })
    }
}

/// Records the owner of the order: the caller of the booking that succeeded last.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    fact: &OwnershipFact,
) -> Result<(), JournalError> {
    let query = match fact {
        OwnershipFact::Booked(order) => sqlx::query(
            "INSERT INTO orders (account, order_id, out_order_no, owner, last_departure, booked_at, operation_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (account, order_id) DO UPDATE SET \
             out_order_no = excluded.out_order_no, owner = excluded.owner, booked_at = excluded.booked_at, \
             last_departure = max(coalesce(last_departure, excluded.last_departure), excluded.last_departure), \
             operation_id = excluded.operation_id",
        )
        .bind(order.account.to_string())
        .bind(order.order_id.to_string())
        .bind(order.out_order_no.to_string())
        .bind(&order.owner)
        .bind(order.last_departure.map(|time| time.to_string()))
        .bind(ms_of(order.booked_at))
        .bind(order.operation_id.to_string()),
        OwnershipFact::NoOther(operation_id, booked) => {
            let booked = booked.map(|order_id| order_id.to_string());
            sqlx::query(
                "DELETE FROM resources WHERE kind = 'order' AND (account, number) IN (SELECT account, order_id \
                 FROM orders WHERE operation_id = ?1 AND order_id IS NOT ?2)",
            )
            .bind(operation_id.to_string())
            .bind(booked.clone())
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
            sqlx::query("DELETE FROM orders WHERE operation_id = ?1 AND order_id IS NOT ?2")
                .bind(operation_id.to_string())
                .bind(booked)
        }
        OwnershipFact::Changed {
            account,
            order_id,
            last_departure,
        } => sqlx::query(
            "UPDATE orders SET last_departure = max(coalesce(last_departure, ?3), ?3) \
             WHERE account = ?1 AND order_id = ?2",
        )
        .bind(account.to_string())
        .bind(order_id.to_string())
        .bind(last_departure.to_string()),
    };
    query.execute(connection).await.map_err(failed)?;
    Ok(())
}
