//! `[status_map]`: upstream status phrases, each with the order status that it means.

use std::collections::BTreeMap;

use super::table::Table;
use super::{OrderStatus, value};

pub(crate) fn read(mut table: Table<'_>) -> BTreeMap<String, OrderStatus> {
    let problems = table.problems();
    let mut map = BTreeMap::new();
    for (phrase, value) in table.named() {
        match value::word(&value) {
            Ok(status) => {
                map.insert(phrase, status);
            }
            Err(why) => problems.add(format!("`status_map.{phrase}`: {why}")),
        }
    }
    map
}
