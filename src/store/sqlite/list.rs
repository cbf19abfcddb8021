//! The query for a list of operations. Each combination of filters has an index that returns its rows in order,
//! so the cost of a list does not depend on the length of the history.

use sqlx::{QueryBuilder, Sqlite};

use super::row::COLUMNS;
use crate::domain::operation::{Kind, State};
use crate::store::Filter;

/// Builds the query.
///
/// The indexes contain caller, state, kind and id, in this order. If only one of state and kind is given, the query
/// merges one ordered search for each value of the missing one, at most seven.
pub(super) fn query(filter: &Filter) -> QueryBuilder<Sqlite> {
    let (states, kinds) = match (filter.state, filter.kind) {
        _ if about_one(filter) => (vec![filter.state], vec![filter.kind]),
        (None, None) => (vec![None], vec![None]),
        (None, kind) => (State::ALL.map(Some).to_vec(), vec![kind]),
        (state, None) => (vec![state], Kind::ALL.map(Some).to_vec()),
        (state, kind) => (vec![state], vec![kind]),
    };
    let mut query = QueryBuilder::new("");
    let mut separator = "";
    for state in states {
        for kind in &kinds {
            query.push(separator);
            separator = " UNION ALL ";
            search(&mut query, filter, state, *kind);
        }
    }
    query
        .push(" ORDER BY id DESC LIMIT ")
        .push_bind(i64::from(filter.limit));
    query
}

/// Whether the filter names a subject. A subject has few operations.
fn about_one(filter: &Filter) -> bool {
    filter.subject.is_some() || filter.about.is_some()
}

fn search(
    query: &mut QueryBuilder<Sqlite>,
    filter: &Filter,
    state: Option<State>,
    kind: Option<Kind>,
) {
    query.push(format!("SELECT {COLUMNS} FROM operations WHERE 1 = 1"));
    // The `+` keeps the planner from using the indexes of the other filters.
    let plus = if about_one(filter) { "+" } else { "" };
    if let Some(subject) = &filter.subject {
        query.push(" AND subject = ").push_bind(subject.clone());
    }
    if let Some((account, subject)) = &filter.about {
        query.push(" AND subject = ").push_bind(subject.text());
        query.push(" AND +lock_base = ");
        query.push_bind(subject.lock(account));
    }
    if let Some(caller) = &filter.caller {
        query.push(format!(" AND {plus}caller = "));
        query.push_bind(caller.clone());
    }
    if let Some(state) = state {
        query.push(format!(" AND {plus}state = "));
        query.push_bind(state.as_str());
    }
    if let Some(kind) = kind {
        query.push(format!(" AND {plus}kind = "));
        query.push_bind(kind.as_str());
    }
    if let Some(before) = filter.before {
        query.push(" AND id < ").push_bind(before.to_string());
    }
}
