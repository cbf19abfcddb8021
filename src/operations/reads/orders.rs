//! Reads of orders: for callers, for checks before a send, and for lookups.

use crate::domain::ids::{AccountName, OrderId, OutOrderNo};
use crate::domain::operation::Failure;
use crate::domain::order::{Order, OrderPage, OrderWindow};
use crate::domain::resource::Snapshot;
use crate::operations::classify::Missing;
use crate::operations::upstream::{ReadError, Upstream, check_same, unreadable_answer};
use crate::top::client::{ReadOptions, Reply};
use crate::top::lenient::Field;
use crate::top::method::Method;
use crate::top::wire::{QueryOrderDetail, QueryOrderList};
use crate::translate;

/// The number by which an order is requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// Fliggy's number.
    Id(OrderId),
    /// The caller's number.
    Reference(OutOrderNo),
}

// === impl Upstream ===

impl Upstream {
    /// Reads the requested order. If it is requested by reference, the response must repeat the reference;
    /// otherwise it could be about any order.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_order(
        &self,
        account: &AccountName,
        key: &OrderKey,
        options: ReadOptions<'_>,
    ) -> Result<Reply<Order>, ReadError> {
        let request = match key {
            OrderKey::Id(id) => translate::detail::request(Some(*id), None),
            OrderKey::Reference(reference) => {
                translate::detail::request(None, Some(reference.as_str()))
            }
        };
        let Reply { answer, upstream } = self
            .ask::<QueryOrderDetail>(account, &request, options, Missing::Order)
            .await?;
        match key {
            // The translation rejects a missing id.
            OrderKey::Id(id) => {
                check_same::<QueryOrderDetail, _, _>(&answer.order_id, id, "order_id")?;
            }
            OrderKey::Reference(reference) => {
                let received = &answer.out_order_no;
                check_same::<QueryOrderDetail, _, _>(received, reference.as_str(), "out_order_no")?;
                if matches!(received, Field::Absent) {
                    let failure = unreadable_answer(QueryOrderDetail::NAME, "out_order_no");
                    return Err(ReadError::Failed(failure));
                }
            }
        }
        let answer =
            translate::detail::answer(answer, &self.context(account)).map_err(|unreadable| {
                ReadError::Failed(unreadable_answer(QueryOrderDetail::NAME, unreadable.field))
            })?;
        self.observer
            .observe(account, std::iter::once(Snapshot::from(&answer)));
        Ok(Reply { answer, upstream })
    }

    /// One page of the orders booked in a window, and upstream's own object if it was requested.
    ///
    /// # Errors
    /// The failure, if the list cannot be shown.
    pub async fn list_page(
        &self,
        account: &AccountName,
        window: &OrderWindow,
        options: ReadOptions<'_>,
    ) -> Result<Reply<OrderPage>, Failure> {
        let request = translate::list::request(
            window.booked_from,
            window.booked_until,
            window.page,
            window.page_size,
        );
        let Reply { answer, upstream } = self
            .ask::<QueryOrderList>(account, &request, options, Missing::Order)
            .await
            .map_err(ReadError::into_failure)?;
        let mut page = translate::list::answer(answer, &self.context(account))
            .map_err(|unreadable| unreadable_answer(QueryOrderList::NAME, unreadable.field))?;
        self.observer
            .observe(account, page.orders.iter().map(Snapshot::from));
        if let Some(status) = window.status {
            let received = page.orders.len();
            page.orders.retain(|order| order.status == status);
            page.in_other_status = received - page.orders.len();
        }
        Ok(Reply {
            answer: page,
            upstream,
        })
    }
}
