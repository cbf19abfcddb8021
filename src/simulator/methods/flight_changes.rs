//! alitrip.flight.flightchange.order.query

use serde_json::{Value, json};

use super::{Context, Done, Refusal, object};

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let order = context.order()?;
    let steady = context.config.clock.steady();
    let changes = order.schedule_changes.iter();
    let changes = changes.filter(|change| change.is_visible(steady));
    let rows = changes.map(|change| {
        json!({
            "order_id": order.order_id,
            "flight_change": object(change.json()),
        })
    });
    Ok(done(rows.collect()))
}

/// The response with these schedule changes.
pub(super) fn done(rows: Vec<Value>) -> Done {
    Done {
        answer: object(json!({"result": rows})),
        changed: None,
    }
}
