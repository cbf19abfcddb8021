//! What everything that is done on a purchasing account needs.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::api::ApiState;
use crate::api::auth::Account;
use crate::api::problem::{Code, Problem};
use crate::clock::SharedClock;
use crate::domain::time::LocalTime;
use crate::operations::service::Operations;
use crate::top::client::Account as PurchasingAccount;

/// The purchasing account that an allowed caller acts for, and what acts.
pub struct AccountContext {
    /// What acts.
    pub operations: Arc<Operations>,
    /// The purchasing account.
    pub account: Arc<PurchasingAccount>,
    clock: SharedClock,
}

impl FromRequestParts<ApiState> for AccountContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Account(account) = Account::from_request_parts(parts, state).await?;
        let operations = Arc::clone(state.operations()?);
        let account = operations
            .account(&account)
            .ok_or_else(|| Problem::new(Code::Internal))?;
        Ok(Self {
            operations,
            account,
            clock: Arc::clone(&state.clock),
        })
    }
}

impl AccountContext {
    /// The time in China.
    pub fn now(&self) -> LocalTime {
        LocalTime::from_timestamp(self.clock.wall())
    }
}
