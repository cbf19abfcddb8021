//! `alitrip.flight.service.queryorderlist`.

use super::{Context, Unreadable, optional, parts, required};
use crate::domain::order::{OrderPage, OrderSummary};
use crate::domain::payment_time::PaymentTime;
use crate::domain::time::LocalTime;
use crate::top::wire;

/// The request for a page of the orders booked from `from` to `to`, in any status: Fliggy filters by its status
/// phrases, several of which mean the same. Pages count from 1.
#[must_use]
pub fn request(
    from: LocalTime,
    to: LocalTime,
    page_index: u32,
    page_size: u32,
) -> wire::QueryOrderListRequest {
    wire::QueryOrderListRequest {
        book_time_start: from.to_wire(),
        book_time_end: to.to_wire(),
        page_index,
        page_size,
    }
}

/// A page of orders. Unreadable rows are counted.
///
/// # Errors
/// The number of pages is garbled, so the end of the list is unknown.
pub fn answer(
    answer: wire::QueryOrderListResponse,
    context: &Context<'_>,
) -> Result<OrderPage, Unreadable> {
    let paging = optional(answer.pagination.0, "pagination")?.unwrap_or_default();
    let total_pages = optional(paging.total_page, "total_page")?
        .map(|pages| {
            u32::try_from(pages).map_err(|_| Unreadable {
                field: "total_page",
            })
        })
        .transpose()?;
    let rows = answer.flight_book_order_list.0;
    let mut page = OrderPage {
        orders: Vec::with_capacity(rows.len()),
        dropped: 0,
        in_other_status: 0,
        total_pages,
    };
    for row in rows {
        match summary(row, context) {
            Ok(order) => page.orders.push(order),
            Err(Unreadable { .. }) => page.dropped += 1,
        }
    }
    Ok(page)
}

fn summary(row: wire::FlightBookOrder, context: &Context<'_>) -> Result<OrderSummary, Unreadable> {
    let booked_at = row.book_time.lossy();
    let (status, status_text) = parts::status(row.order_status, &context.vocabulary.statuses);
    let mut passengers: Vec<_> = row
        .passenger_list
        .into_iter()
        .map(|p| parts::passenger(p, context))
        .collect();
    parts::drop_shared_ids(
        &mut passengers,
        |p| &mut p.passenger_id,
        |p| p.name.as_ref(),
    );
    Ok(OrderSummary {
        order_id: required(row.order_id, "order_id")?,
        out_order_no: optional(row.out_order_no, "out_order_no")?,
        status,
        status_text,
        seller: row.seller_nick.lossy(),
        booked_at,
        paid_at: PaymentTime::assess(row.pay_time.lossy(), booked_at, context.now).known(),
        total_price: optional(row.total_price, "total_price")?,
        paid_price: optional(row.real_pay_price, "real_pay_price")?,
        alipay_trade_no: row.alipay_trade_no.lossy(),
        passengers,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::order::OrderStatus;
    use crate::translate::samples;

    fn read(wire: wire::QueryOrderListResponse) -> Result<OrderPage, Unreadable> {
        answer(wire, &samples::context())
    }

    #[test]
    fn the_request_equals_the_sample() {
        let from = "2030-05-01T00:00:00+08:00".parse().unwrap();
        let to = "2030-05-01T23:59:59+08:00".parse().unwrap();
        let page = request(from, to, 1, 20);
        samples::same_request::<wire::QueryOrderList>(&page);
    }

    #[test]
    fn the_sample_is_read_as_one_page_with_one_order() {
        let page = read(samples::answer::<wire::QueryOrderList>()).unwrap();
        assert_eq!((page.orders.len(), page.dropped), (1, 0));
        assert_eq!(page.total_pages, Some(1));
        let order = &page.orders[0];
        assert_eq!(order.status, OrderStatus::Ticketed);
        assert_eq!(order.passengers.len(), 2);
        assert!(order.passengers[0].passenger_id.is_some());
    }

    #[test]
    fn an_empty_list_in_every_form() {
        for list in [
            json!(null),
            json!({}),
            json!([]),
            json!({"flight_book_order": []}),
        ] {
            let wire = json!({"flight_book_order_list": list, "is_success": true});
            let page = read(serde_json::from_value(wire).unwrap()).unwrap();
            assert_eq!((page.orders.len(), page.dropped), (0, 0));
            assert_eq!(page.total_pages, None);
        }
    }

    #[test]
    fn unreadable_rows_are_counted_and_garbled_paging_is_an_error() {
        let wire = json!({"flight_book_order_list": [{"order_id": 1}, {"order_id": "x"}]});
        let page = read(serde_json::from_value(wire).unwrap()).unwrap();
        assert_eq!((page.orders.len(), page.dropped), (1, 1));
        let wire = json!({"pagination": {"total_page": "many"}});
        let error = read(serde_json::from_value(wire).unwrap()).unwrap_err();
        assert_eq!(error.field, "total_page");
    }
}
