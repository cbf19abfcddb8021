//! What all writes share: the headers they take and the way to their answer.

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
use crate::api::outcome::{not_taken, violations};
use crate::api::problem::{Code, Problem};
use crate::domain::change::ChangeReceipt;
use crate::domain::ids::OperationId;
use crate::domain::money::Money;
use crate::domain::operation::{Cause, Intent, Kind, Receipt, State, TimelineEntry};
use crate::domain::order::OrderReceipt;
use crate::domain::refund::quote_id::Quoted;
use crate::domain::refund::{QuoteId, RefundQuote, RefundReceipt};
use crate::domain::violation::Violation;
use crate::operations::reads::orders::OrderKey;
use crate::operations::service::Operations;
use crate::operations::writes::perform::{Asked, NotTaken, Performed, Write};
use crate::top::client::{Account as PurchasingAccount, ReadOptions};
use serde_json::value::RawValue;

/// Who asks for a write, for which account, under which key.
pub struct WriteContext {
    state: ApiState,
    caller: Caller,
    account: Arc<PurchasingAccount>,
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
            include,
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
    /// What a quote says, if this gateway made it for this account.
    pub fn open_quote(&self, quote_id: &QuoteId) -> Result<Option<Quoted>, Problem> {
        let key = self.state.operations()?.hash_key();
        Ok(quote_id.open(key, &self.account.name))
    }

    /// Performs the write and answers. `body` is the request in one canonical writing, so that
    /// white space and the order of fields make no other request; `found` is what is wrong with it.
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

    /// Performs the write; how it ended is still to be told.
    pub async fn run<W: Write>(
        self,
        write: W,
        body: Vec<u8>,
        mut found: Vec<Violation>,
        retry_of: Option<OperationId>,
        allow_duplicate: bool,
    ) -> Result<Ended, Problem> {
        let operations = self.state.operations()?;
        found.extend(operations.refused_extra::<W::Method>(write.extra()));
        if !found.is_empty() {
            let intent = write.intent(operations.hash_key(), &self.account.name);
            return self.refuse(intent.kind(), body, found).await;
        }
        let asked = Asked {
            retry_of,
            allow_duplicate,
            ..self.asked(body)
        };
        let performed = operations
            .perform(write, asked)
            .await
            .map_err(|why| self.not_taken(why))?;
        self.ended(performed).await
    }

    /// Refuses a request that failed its checks. One that passed them when it was sent first has its
    /// answer still: some checks ask for the date, and a later version may check more.
    async fn refuse(
        self,
        kind: Kind,
        body: Vec<u8>,
        found: Vec<Violation>,
    ) -> Result<Ended, Problem> {
        let before = self
            .state
            .operations()?
            .performed_before(kind, &self.asked(body))
            .await
            .map_err(|why| self.not_taken(why))?;
        match before {
            Some(performed) => self.ended(performed).await,
            None => Err(violations(found)),
        }
    }

    fn asked(&self, body: Vec<u8>) -> Asked {
        Asked {
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

    fn not_taken(&self, why: NotTaken) -> Problem {
        not_taken(why, &self.caller.name, self.caller.is_operator())
    }

    async fn ended(&self, mut performed: Performed) -> Result<Ended, Problem> {
        let operations = self.state.operations()?;
        let mut timeline = None;
        if !performed.operation.state().is_settled() {
            let read = operations.journal().with_timeline(performed.operation.id);
            // Where it cannot be read, the operation is shown as it was known, without a timeline.
            if let Ok(Some(found)) = read.await {
                performed.operation = found.0;
                timeline = Some(found.1);
            }
        }
        let upstream = if performed.replayed || self.include.upstream() {
            let options = self.include.options();
            read_anew(operations, &self.account, &mut performed, options).await
        } else {
            None
        };
        Ok(Ended {
            operations: operations.clone(),
            performed,
            timeline,
            upstream,
            account: self.account.clone(),
        })
    }
}

/// A write that has ended, or that is not to be waited for any longer.
pub struct Ended {
    pub(super) operations: Arc<Operations>,
    pub(super) account: Arc<PurchasingAccount>,
    performed: Performed,
    timeline: Option<Vec<TimelineEntry>>,
    upstream: Option<Box<RawValue>>,
}

impl Ended {
    /// Why it was not done, where it was not.
    pub fn cause(&self) -> Option<Cause> {
        let operation = &self.performed.operation;
        let failure = operation.failure.as_ref()?;
        operation.state().is_settled().then_some(failure.cause)
    }

    /// The answer; a problem carries the quote.
    pub fn answer(self, quote: Option<RefundQuote>) -> Response {
        answer(self.performed, self.timeline, self.upstream, quote)
    }
}

/// Reads what a write made as it stands now. A replayed success shows that; how it stood then, where it cannot
/// be read or what is read is another resource. Answers upstream's own object, where it was asked for.
async fn read_anew(
    operations: &Operations,
    account: &PurchasingAccount,
    performed: &mut Performed,
    options: ReadOptions<'_>,
) -> Option<Box<RawValue>> {
    let operation = &mut performed.operation;
    if operation.state() != State::Succeeded {
        return None;
    }
    // Fees that were not confirmed then may be now, and are held against the limit of then.
    let limit = match operation.intent {
        Intent::Change { max_total, .. } => max_total,
        Intent::Book { .. }
        | Intent::Pay { .. }
        | Intent::Close { .. }
        | Intent::Refund { .. }
        | Intent::ChangePay { .. }
        | Intent::ChangeCancel { .. } => None,
    };
    let then = operation.result.as_mut()?;
    let (now, upstream) = receipt_now(operations, account, then, limit, options).await?;
    if performed.replayed {
        *then = now;
    }
    upstream
}

async fn receipt_now(
    operations: &Operations,
    account: &PurchasingAccount,
    then: &Receipt,
    limit: Option<Money>,
    options: ReadOptions<'_>,
) -> Option<(Receipt, Option<Box<RawValue>>)> {
    Some(match then {
        Receipt::Order(order) => {
            let key = OrderKey::Id(order.order_id);
            let found = operations.read_order(account, &key, options).await.ok()?;
            may_be_same(&order.out_order_no, &found.order.out_order_no)?;
            let now = OrderReceipt::from(&found.order);
            (Receipt::Order(now), found.upstream)
        }
        Receipt::Refund(then) => {
            let (number, order) = (then.refund_order_no, Some(then.order_id));
            let read = operations.read_refund(account, number, order, options);
            let found = read.await.ok()?;
            let now = found.refund;
            let receipt = RefundReceipt {
                kind: now.kind.unwrap_or(then.kind),
                status: now.status,
                fee: now.fee,
                refund_amount: now.refund_amount,
                applied_at: now.applied_at,
                refunded_at: now.refunded_at,
                attachment_awaited: now.attachment_awaited.unwrap_or(then.attachment_awaited),
                ..then.clone()
            };
            (Receipt::Refund(receipt), found.upstream)
        }
        Receipt::Change(then) => {
            let read = operations.read_change(account, then.change_order_no, options);
            let found = read.await.ok()?;
            let now = ChangeReceipt::of(&found.change, limit);
            may_be_same(&then.order_id, &now.order_id)?;
            let receipt = ChangeReceipt {
                fee_above_limit: now.fee_above_limit.or(then.fee_above_limit),
                ..now
            };
            (Receipt::Change(receipt), found.upstream)
        }
    })
}

/// None where both name something, and not the same.
fn may_be_same<T: PartialEq>(then: &Option<T>, now: &Option<T>) -> Option<()> {
    let differ = then.is_some() && now.is_some() && then != now;
    (!differ).then_some(())
}
