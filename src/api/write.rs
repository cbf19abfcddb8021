//! What all writes share: their headers, and the steps from the request to the response.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;

use crate::api::ApiState;
use crate::api::auth::{Account, Caller};
use crate::api::extract::{IdempotencyKey, PreferWait, Query};
use crate::api::include::Include;
use crate::api::operations::view::answer;
use crate::api::outcome::{refusal, violations};
use crate::api::problem::{Code, Problem};
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{Cause, Kind, TimelineEntry};
use crate::domain::refund::quote_id::Quoted;
use crate::domain::refund::{QuoteId, RefundQuote};
use crate::domain::violation::Violation;
use crate::operations::services::Services;
use crate::operations::writes::perform::{Performed, Refusal, Write, WriteRequest};
use serde_json::value::RawValue;

/// The caller, account, idempotency key and headers of a write.
pub struct WriteContext {
    state: ApiState,
    caller: Caller,
    account: AccountName,
    key: String,
    wait: Option<Duration>,
    include: Include,
    path: String,
}

impl FromRequestParts<ApiState> for WriteContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Account(account) = Account::from_request_parts(parts, state).await?;
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        let PreferWait(wait) = PreferWait::from_request_parts(parts, state).await?;
        let Query(include) = Query::<Include>::from_request_parts(parts, state).await?;
        Ok(Self {
            state: state.clone(),
            caller,
            account,
            key,
            wait,
            include,
            path: parts.uri.path().to_owned(),
        })
    }
}

/// The request in canonical form, so that whitespace and the order of fields do not matter, not even
/// inside `extra`, whose fields the gateway does not know.
///
/// # Errors
/// None in practice: a request that was parsed can be serialised.
pub(super) fn canonical<T: Serialize>(request: &T) -> Result<Vec<u8>, Problem> {
    let mut value = serde_json::to_value(request).map_err(|_| Problem::new(Code::Internal))?;
    value.sort_all_objects();
    serde_json::to_vec(&value).map_err(|_| Problem::new(Code::Internal))
}

impl WriteContext {
    /// The content of a quote, if this gateway issued it for this account.
    pub fn open_quote(&self, quote_id: &QuoteId) -> Result<Option<Quoted>, Problem> {
        let services = self.state.services()?;
        Ok(quote_id.open(services.upstream().hash_key(), &self.account))
    }

    /// Performs the write and builds the response. `body` is the request in canonical form; `found` lists
    /// what is wrong with it.
    pub async fn perform<W: Write>(
        self,
        write: W,
        body: Vec<u8>,
        found: Vec<Violation>,
        retry_of: Option<OperationId>,
        allow_duplicate: bool,
    ) -> Result<Response, Problem> {
        let ended = self
            .run(write, body, found, retry_of, allow_duplicate)
            .await?;
        Ok(ended.answer(None))
    }

    /// Performs the write; the caller builds the response.
    pub async fn run<W: Write>(
        self,
        write: W,
        body: Vec<u8>,
        mut found: Vec<Violation>,
        retry_of: Option<OperationId>,
        allow_duplicate: bool,
    ) -> Result<Ended, Problem> {
        let operations = self.state.operations()?;
        let upstream = operations.upstream();
        found.extend(upstream.refused_extra::<W::Method>(write.extra()));
        if !found.is_empty() {
            return self.refuse(W::KIND, body, found).await;
        }
        let request = WriteRequest {
            retry_of,
            allow_duplicate,
            ..self.request(body)
        };
        let performed = operations
            .perform(write, request)
            .await
            .map_err(|why| self.refusal(why))?;
        self.ended(performed).await
    }

    /// Refuses a request that failed its checks. If the request passed the checks when it was first sent, its
    /// operation is replayed instead: some checks depend on the date, and a later version may check more.
    async fn refuse(
        self,
        kind: Kind,
        body: Vec<u8>,
        found: Vec<Violation>,
    ) -> Result<Ended, Problem> {
        let before = self
            .state
            .operations()?
            .performed_before(kind, &self.request(body))
            .await
            .map_err(|why| self.refusal(why))?;
        match before {
            Some(performed) => self.ended(performed).await,
            None => Err(violations(found)),
        }
    }

    fn request(&self, body: Vec<u8>) -> WriteRequest {
        WriteRequest {
            caller: self.caller.name.to_string(),
            account: self.account.clone(),
            idempotency_key: self.key.clone(),
            path: self.path.clone(),
            body,
            retry_of: None,
            allow_duplicate: false,
            wait: self.wait,
        }
    }

    fn refusal(&self, why: Refusal) -> Problem {
        refusal(why, &self.caller.name, self.caller.is_operator())
    }

    async fn ended(&self, mut performed: Performed) -> Result<Ended, Problem> {
        let operations = self.state.operations()?;
        let mut timeline = None;
        if !performed.operation.state().is_settled() {
            let read = operations.journal().with_timeline(performed.operation.id);
            // If the journal cannot be read, the operation is returned as last known, without a timeline.
            if let Ok(Some(found)) = read.await {
                performed.operation = found.0;
                timeline = Some(found.1);
            }
        }
        let upstream = if performed.replayed || self.include.upstream() {
            operations
                .reread(&mut performed, self.include.options())
                .await
        } else {
            None
        };
        Ok(Ended {
            services: self.state.services()?.clone(),
            performed,
            timeline,
            upstream,
            account: self.account.clone(),
        })
    }
}

/// A write that has ended, or whose wait is over.
pub struct Ended {
    pub(super) services: Arc<Services>,
    pub(super) account: AccountName,
    performed: Performed,
    timeline: Option<Vec<TimelineEntry>>,
    upstream: Option<Box<RawValue>>,
}

impl Ended {
    /// Why the write was not executed, if it settled without success.
    pub fn cause(&self) -> Option<Cause> {
        let operation = &self.performed.operation;
        let failure = operation.failure.as_ref()?;
        operation.state().is_settled().then_some(failure.cause)
    }

    /// Builds the response; a problem contains the quote.
    pub fn answer(self, quote: Option<RefundQuote>) -> Response {
        answer(self.performed, self.timeline, self.upstream, quote)
    }
}
