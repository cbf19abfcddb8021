//! alitrip.flight.service.queryorderlist

use serde_json::{Value, json};

use super::{Context, Done, Refusal, object};
use crate::simulator::gate::PlatformError;
use crate::simulator::order::{Order, from_wire_time, wire_time};

const PAGE: u64 = 20;
const MAX_PAGE: u64 = 100;

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let time = |name: &str| {
        let text = context.input[name].as_str().unwrap_or_default();
        from_wire_time(text)
            .ok_or_else(|| PlatformError::invalid(name, "a time as yyyy-MM-dd HH:mm:ss"))
    };
    let (from, to) = (time("book_time_start")?, time("book_time_end")?);
    let count = |name: &str, default: u64, most: u64| {
        let value = &context.input[name];
        let number = if value.is_null() {
            Some(default)
        } else {
            value.as_u64()
        };
        number
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| PlatformError::invalid(name, format!("1 to {most}")))
    };
    let page = count("page_index", 1, 1_000_000)?;
    let size = count("page_size", PAGE, MAX_PAGE)?;

    let mut orders = context.ledger.list(context.account, from, to);
    if let Some(phrase) = context.input["order_status"].as_str() {
        orders.retain(|order| order.progress.phrase() == phrase);
    }
    let total = orders.len() as u64;
    let skip = usize::try_from((page - 1) * size).unwrap_or(usize::MAX);
    let take = usize::try_from(size).unwrap_or(usize::MAX);
    let rows: Vec<Value> = orders.iter().skip(skip).take(take).map(row).collect();
    Ok(done(rows, page, size, total))
}

/// The response for a window without orders.
pub(super) fn empty() -> Done {
    done(Vec::new(), 1, PAGE, 0)
}

fn done(rows: Vec<Value>, page: u64, size: u64, total: u64) -> Done {
    Done {
        answer: object(json!({
            "flight_book_order_list": rows,
            "pagination": {
                "current_page": page,
                "page_size": size,
                "total_count": total,
                "total_page": total.div_ceil(size),
            },
        })),
        changed: None,
    }
}

fn row(order: &Order) -> Value {
    let payment = order.progress.payment.as_ref();
    Value::Object(object(json!({
        "order_id": order.order_id,
        "out_order_no": order.out_order_no,
        "order_status": order.progress.phrase(),
        "seller_nick": order.seller,
        "book_time": wire_time(order.booked_at),
        "pay_time": payment.map(|p| wire_time(p.at)),
        "total_price": order.total.json(),
        "real_pay_price": payment.map(|p| p.paid.json()),
        "alipay_trade_no": payment.map(|p| &p.alipay_trade_no),
        "passenger_list": order.passengers,
    })))
}
