//! `[status_map]`: upstream's order status phrases, in our words.

use std::collections::BTreeMap;

use super::OrderStatus;
use super::table::Table;
use super::value;

pub(crate) fn read(mut table: Table<'_>) -> BTreeMap<String, OrderStatus> {
    let problems = table.problems();
    let mut map = BTreeMap::new();
    for (phrase, value) in table.named() {
        match value::text(&value)
            .ok()
            .and_then(|word| super::parse_order_status(&word))
        {
            Some(status) => {
                map.insert(phrase, status);
            }
            None => problems.add(format!(
                "`status_map.{phrase}`: expected one of {}",
                super::ORDER_STATUS_WORDS
            )),
        }
    }
    map
}
