//! What the writes on orders share: the headers they take and the way to their answer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;

use crate::api::ApiState;
use crate::api::auth::{Account, Caller};
use crate::api::extract::{IdempotencyKey, PreferWait};
use crate::api::outcome::{answer, not_taken};
use crate::api::problem::{Code, Problem};
use crate::domain::ids::OperationId;
use crate::domain::order::OrderReceipt;
use crate::operations::orders::OrderKey;
use crate::operations::perform::{Asked, Performed, Write};
use crate::operations::service::Operations;
use crate::top::client::{Account as PurchasingAccount, ReadOptions};

/// Who asks for a write, for which account, under which key.
pub struct WriteContext {
    state: ApiState,
    caller: Caller,
    account: Arc<PurchasingAccount>,
    key: String,
    wait: Option<Duration>,
    path: String,
}

impl FromRequestParts<ApiState> for WriteContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Account(account) = Account::from_request_parts(parts, state).await?;
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        let PreferWait(wait) = PreferWait::from_request_parts(parts, state).await?;
        let account = state
            .operations()?
            .account(&account)
            .ok_or_else(|| Problem::new(Code::Internal))?;
        Ok(Self {
            state: state.clone(),
            caller,
            account,
            key,
            wait,
            path: parts.uri.path().to_owned(),
        })
    }
}

/// The request in one writing: neither white space nor the order of fields makes another request,
/// not even inside `extra`, whose fields the gateway does not know.
///
/// # Errors
/// None in practice: a request that was read can be written.
pub(super) fn canonical<T: Serialize>(request: &T) -> Result<Vec<u8>, Problem> {
    let mut value = serde_json::to_value(request).map_err(|_| Problem::new(Code::Internal))?;
    value.sort_all_objects();
    serde_json::to_vec(&value).map_err(|_| Problem::new(Code::Internal))
}

impl WriteContext {
    /// Performs the write and answers. `body` is the request in one canonical writing, so that
    /// white space and the order of fields make no other request.
    pub async fn perform<W: Write>(
        self,
        write: W,
        body: Vec<u8>,
        retry_of: Option<OperationId>,
        allow_duplicate: bool,
    ) -> Result<Response, Problem> {
        let operations = self.state.operations()?;
        let account = self.account.clone();
        let asked = Asked {
            caller: self.caller.name.to_string(),
            account: self.account,
            idempotency_key: self.key,
            path: self.path,
            body,
            retry_of,
            allow_duplicate,
            wait: self.wait,
        };
        let performed = operations
            .perform(write, asked)
            .await
            .map_err(|why| not_taken(why, &self.caller.name, self.caller.is_operator()))?;
        let performed = read_anew(operations, &account, performed).await;
        let timeline = if performed.operation.state().is_settled() {
            Vec::new()
        } else {
            // A story that cannot be read now is no reason to hide the operation.
            let story = operations.journal().timeline(performed.operation.id);
            story.await.unwrap_or_default()
        };
        Ok(answer(performed, timeline))
    }
}

/// A replayed success shows the order as it stands now; as it stood then, where it cannot be read.
async fn read_anew(
    operations: &Operations,
    account: &PurchasingAccount,
    mut performed: Performed,
) -> Performed {
    if let (true, Some(receipt)) = (performed.replayed, &mut performed.operation.result) {
        let key = OrderKey::Id(receipt.order_id);
        let read = operations.read_order(account, &key, ReadOptions::CALLER);
        if let Ok(found) = read.await {
            *receipt = OrderReceipt::from(&found.order);
        }
    }
    performed
}
