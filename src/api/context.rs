//! The context of a request on a purchasing account.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::api::ApiState;
use crate::api::auth::Account;
use crate::api::problem::Problem;
use crate::clock::SharedClock;
use crate::domain::ids::AccountName;
use crate::domain::time::LocalTime;
use crate::operations::services::Services;
use crate::operations::upstream::Upstream;

/// The purchasing account of an authorised caller, and the services of this process.
pub struct AccountContext {
    /// The services of this process.
    pub services: Arc<Services>,
    /// The purchasing account.
    pub account: AccountName,
    clock: SharedClock,
}

impl FromRequestParts<ApiState> for AccountContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Account(account) = Account::from_request_parts(parts, state).await?;
        Ok(Self {
            services: Arc::clone(state.services()?),
            account,
            clock: Arc::clone(&state.clock),
        })
    }
}

impl AccountContext {
    /// The reads of upstream.
    pub fn upstream(&self) -> &Upstream {
        self.services.upstream()
    }

    /// The time in China.
    pub fn now(&self) -> LocalTime {
        LocalTime::from_timestamp(self.clock.wall())
    }
}
