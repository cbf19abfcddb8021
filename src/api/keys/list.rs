//! `GET /v1/keys`

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{KeyOperator, KeyView};
use crate::access::keys::ConfiguredKey;
use crate::api::ApiState;
use crate::api::extract::{Json, Query};
use crate::api::limit::Limit;
use crate::api::problem::{API, Problem, RESTRICTED};
use crate::domain::access::{Scope, Scopes};
use crate::domain::api_key::KeyState;
use crate::domain::ids::{AccountName, CallerName, KeyId};
use crate::domain::time::Rfc3339;
use crate::problem_answers;

/// The page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct KeySelection {
    /// Only keys of this caller.
    #[serde(default)]
    #[param(required = false, value_type = CallerName)]
    caller: Option<CallerName>,
    /// Only keys in this state.
    #[serde(default)]
    #[param(required = false, value_type = KeyState, inline)]
    state: Option<KeyState>,
    /// The maximum number of keys; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next_cursor` of the previous page.
    #[serde(default)]
    #[param(required = false, value_type = KeyId)]
    cursor: Option<KeyId>,
}

/// A page of keys, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyPage {
    /// The keys that the gateway created.
    items: Vec<KeyView>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// All keys of the configuration (`auth.keys`), by the names of their callers. They are changed there.
    configured: Vec<ConfiguredKeyView>,
}

/// A key of the configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfiguredKey)]
pub struct ConfiguredKeyView {
    /// The caller.
    #[schema(value_type = String)]
    caller: Arc<str>,
    /// The parts of the API that the caller may use.
    #[schema(value_type = Vec<Scope>, max_items = 8)]
    scopes: Scopes,
    /// The purchasing accounts that the caller may use; null means all.
    #[schema(required = true, value_type = Option<Vec<AccountName>>)]
    accounts: Option<Arc<BTreeSet<AccountName>>>,
    /// The account of its requests without `Gateway-Account`; null if none is set.
    #[schema(required = true)]
    default_account: Option<AccountName>,
    /// When it was last used since the gateway started (+08:00); null if it was not.
    #[schema(required = true)]
    last_used_at: Option<Rfc3339>,
}

impl From<ConfiguredKey> for ConfiguredKeyView {
    fn from(key: ConfiguredKey) -> Self {
        Self {
            caller: key.caller,
            scopes: key.rights.scopes,
            accounts: key.rights.accounts,
            default_account: key.rights.default_account,
            last_used_at: key.last_used_at.map(Rfc3339),
        }
    }
}

problem_answers!(ListKeysProblems = API, RESTRICTED);

/// List the API keys
///
/// Those that the gateway created, oldest first, and those of the configuration.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "list_keys",
    tag = "keys",
    params(KeySelection),
    responses((status = 200, description = "A page of keys.", body = KeyPage, example = json!(crate::api::examples::keys())), ListKeysProblems),
)]
pub async fn list_keys(
    State(state): State<ApiState>,
    KeyOperator(_): KeyOperator,
    Query(selection): Query<KeySelection>,
) -> Result<Json<KeyPage>, Problem> {
    let limit = selection.limit.unwrap_or_default();
    let now = state.clock.wall();
    let service = state.keys()?;
    let all = service.list().into_iter();
    let mut found: Vec<_> = all
        .filter(|key| selection.cursor.is_none_or(|cursor| key.id > cursor))
        .filter(|key| {
            selection
                .caller
                .as_ref()
                .is_none_or(|caller| key.caller == *caller)
        })
        .filter(|key| {
            selection
                .state
                .is_none_or(|wanted| key.state(now) == wanted)
        })
        .collect();
    let next_cursor = limit.cut(&mut found).map(|key| key.id.to_string());
    let configured = service.keys().configured().into_iter();
    Ok(Json(KeyPage {
        items: found
            .into_iter()
            .map(|key| KeyView::new(key, now))
            .collect(),
        next_cursor,
        configured: configured.map(ConfiguredKeyView::from).collect(),
    }))
}
