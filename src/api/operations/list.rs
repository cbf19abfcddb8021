//! `GET /v1/operations`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{own_only, unreadable};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Query};
use crate::api::limit::Limit;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, Code, Problem};
use crate::domain::ids::OperationId;
use crate::domain::operation::{Kind, Operation, State as OperationState};
use crate::operations::Filter;
use crate::problem_answers;

/// The selection of operations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OperationFilter {
    /// Only operations in this state, such as `needs_attention`.
    #[serde(default)]
    #[param(required = false, value_type = OperationState)]
    state: Option<OperationState>,
    /// Only operations of this kind.
    #[serde(default)]
    #[param(required = false, value_type = Kind, inline)]
    kind: Option<Kind>,
    /// Only operations about this order id, order number or change number.
    #[serde(default)]
    #[param(
        required = false,
        value_type = String,
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9_.-]+$"
    )]
    subject: Option<SubjectText>,
    /// The maximum number of operations; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next_cursor` of the previous page.
    #[serde(default)]
    #[param(required = false, value_type = OperationId)]
    cursor: Option<OperationId>,
}

/// An order id, order number or change number.
#[derive(Debug, Clone)]
pub struct SubjectText(String);

impl<'de> Deserialize<'de> for SubjectText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(
                "expected an order id or number, such as 1234125412",
            ))
        }
    }
}

/// A page of operations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationPage {
    /// The operations without their `timeline`, which `GET /v1/operations/{id}` returns.
    items: Vec<OperationView>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

impl OperationPage {
    /// A page of these operations. With a `cursor`, older ones follow.
    pub(in crate::api) fn new(operations: Vec<Operation>, cursor: Option<OperationId>) -> Self {
        Self {
            items: shown(operations),
            next_cursor: cursor.map(|id| id.to_string()),
        }
    }
}

fn shown(operations: Vec<Operation>) -> Vec<OperationView> {
    let operations = operations.into_iter();
    operations
        .map(|operation| OperationView::new(operation, None))
        .collect()
}

problem_answers!(ListOperationsProblems = API, &[Code::JournalUnavailable]);

/// List operations
///
/// Newest first. A caller sees its own operations, an operator sees all. `state=needs_attention` lists
/// the operations that wait for a person.
#[utoipa::path(
    get,
    path = "/v1/operations",
    operation_id = "list_operations",
    tag = "operations",
    params(OperationFilter),
    responses((status = 200, description = "A page of operations.", body = OperationPage, example = json!(super::super::examples::operations())), ListOperationsProblems),
)]
pub async fn list_operations(
    State(state): State<ApiState>,
    caller: Caller,
    Query(filter): Query<OperationFilter>,
) -> Result<Json<OperationPage>, Problem> {
    let limit = filter.limit.unwrap_or_default();
    let mut found = state
        .operations()?
        .journal()
        .list(Filter {
            caller: own_only(&caller).map(str::to_owned),
            state: filter.state,
            kind: filter.kind,
            subject: filter.subject.map(|s| s.0),
            about: None,
            before: filter.cursor,
            limit: limit.and_one(),
        })
        .await
        .map_err(unreadable)?;
    let cursor = limit.cut(&mut found).map(|operation| operation.id);
    Ok(Json(OperationPage::new(found, cursor)))
}
