//! `/router/rest`: one call from request to response.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{platform, wrap_lists};
use super::faults::Fault;
use super::gate::{PlatformError, check_app, check_session};
use super::input::{asked, input};
use super::ledger::Changed;
use super::message_methods::MessageMethod;
use super::methods::{Context, Done, Refusal, run, subject};
use super::op::Op;
use super::params::{FilePart, Received, read};
use super::platform::PlatformMethod;
use super::script::{Strike, Subject};
use super::trouble::{another, business, distort, preempt};
use super::verdict::Verdict;
use super::{MAX_BODY, Simulator};
use crate::top::contract::{Finding, FindingKind, MethodContract, validate_request};

/// How long a client may take to send its request.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Handles one call. The effect is complete before any wait, so a client that disconnects cannot undo it.
pub(super) async fn handle(State(simulator): State<Simulator>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match head.method {
        Method::POST => {
            let body = axum::body::to_bytes(body, MAX_BODY);
            match tokio::time::timeout(BODY_TIMEOUT, body).await {
                Ok(Ok(body)) => body,
                Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
                Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
            }
        }
        _ => bytes::Bytes::new(),
    };
    let verdict = if head.method == Method::POST || head.method == Method::GET {
        simulator.answer(&read(head.uri.query(), &head.headers, &body))
    } else {
        Verdict::error(&PlatformError::http_action(), "")
    };
    simulator.send(verdict, &head.headers).await
}

impl Simulator {
    /// Checks the call, applies its effect and builds the response, without any wait.
    fn answer(&self, received: &Received) -> Verdict {
        let params = &received.params;
        let request_id = request_id();
        let method = params.get("method").map_or("", |name| name.trim());
        let contract = self.config().registry.method(method);
        if method.is_empty() {
            let error = PlatformError::new(21, "Missing method");
            return Verdict::error(&error, &request_id);
        }
        if let Some(method) = MessageMethod::of(method) {
            let response = check_app(self.config(), params)
                .and_then(|()| method.run(params, &mut self.state().messages, &request_id));
            return match response {
                Ok(response) => Verdict::json(response.to_string()),
                Err(error) => Verdict::error(&error, &request_id),
            };
        }
        if let Some(method) = PlatformMethod::of_method(method) {
            return self.answer_platform(method, params, &request_id);
        }
        let (Some(contract), Some(op)) = (contract, Op::of_method(method)) else {
            return Verdict::error(&PlatformError::invalid_method(), &request_id);
        };
        let input = input(&self.config().overrides, contract, received);
        let named = match &input {
            Ok(input) => subject(asked(contract, input)),
            Err(_) => Subject::default(),
        };
        let checked = check_app(self.config(), params)
            .and_then(|()| check_session(self.config(), &self.state().sessions, params));
        let account = match checked {
            Ok(account) => account,
            Err(error) => {
                let mut state = self.state();
                let (now, outcome) = (self.config().clock.wall(), format!("error {}", error.code));
                let method = op.into();
                state.calls.record(now, method, named, None, false, outcome);
                return Verdict::error(&error, &request_id);
            }
        };
        let call = AcceptedCall {
            simulator: self,
            contract,
            op,
            account,
            input,
            files: &received.files,
            simplify: params.get("simplify").is_some_and(|word| word == "true"),
            request_id,
        };
        call.run(named)
    }
}

/// Whether the finding concerns `refund_apply_type`: the contract's list of values is incomplete, so the
/// methods check the value themselves.
fn is_open(finding: &Finding) -> bool {
    finding.kind == FindingKind::ValueNotListed && finding.path.ends_with(".refund_apply_type")
}

/// 13 letters and digits, like TOP's own ids.
fn request_id() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("s{}", &random[..12])
}

/// A call that passed the checks of `gate`.
struct AcceptedCall<'a> {
    simulator: &'a Simulator,
    contract: &'a MethodContract,
    op: Op,
    account: String,
    input: Result<Value, PlatformError>,
    files: &'a [FilePart],
    simplify: bool,
    request_id: String,
}

impl AcceptedCall<'_> {
    fn run(self, named: Subject) -> Verdict {
        let config = self.simulator.config();
        let mut state = self.simulator.state();
        let state = &mut *state;
        let mut subject = state.ledger.complete(&self.account, named);
        let mut strike = state.scripts.take(self.op, &subject);
        if strike.is_none() && self.op == Op::List {
            // A list names no order, so use the magic numbers of the account's orders.
            let numbers = state.ledger.magic_numbers(&self.account);
            strike = numbers
                .iter()
                .find_map(|no| state.scripts.take_magic(Op::List, no));
        }
        let fault = strike.as_ref().map(|strike| strike.fault);

        let id = subject.order_id;
        // A snapshot is only needed to undo or hide the effect.
        let needs_snapshot = matches!(
            fault,
            Some(Fault::SuccessWithoutEffect | Fault::LateVisibility)
        );
        let before = id
            .filter(|_| needs_snapshot)
            .and_then(|id| state.ledger.snapshot(id));
        let mut result = match fault.and_then(|fault| preempt(fault, self.op, &strike, config)) {
            Some(result) => result,
            None => self.checked().and_then(|input| {
                let other = (fault == Some(Fault::AnotherOrder))
                    .then(|| another(self.op, input, &self.account, id, &mut state.ledger))
                    .flatten();
                let input = other.as_ref().unwrap_or(input);
                let mut context = Context {
                    config,
                    ledger: &mut state.ledger,
                    account: &self.account,
                    input,
                    files: self.files,
                    fault,
                };
                run(self.op, &mut context)
            }),
        };
        let done = result.as_ref().ok();
        let mut changed = done.and_then(|done| done.changed.clone());
        if let (Some(strike), Ok(done)) = (&strike, &mut result) {
            distort(strike, self.op, done, &mut state.ledger, before);
            if strike.fault == Fault::SuccessWithoutEffect {
                changed = None;
            }
        }
        if let Some(Changed::Order(id)) = &changed {
            subject.order_id = Some(*id);
        }
        let outcome = match &result {
            Ok(_) => "ok".to_owned(),
            Err(Refusal::Business { .. }) => "refused".to_owned(),
            Err(Refusal::Platform(error)) => format!("error {}", error.code),
        };
        let now = config.clock.wall();
        let (method, effect) = (self.op.into(), changed.is_some());
        state
            .calls
            .record(now, method, subject, fault, effect, outcome);
        self.verdict(result, strike)
    }

    fn checked(&self) -> Result<&Value, Refusal> {
        let input = self
            .input
            .as_ref()
            .map_err(|error| Refusal::Platform(error.clone()))?;
        let findings = validate_request(self.contract, input);
        if let Some(finding) = findings.iter().find(|finding| !is_open(finding)) {
            let path = &finding.path;
            let error = match finding.kind {
                FindingKind::MissingRequired => PlatformError::missing(path),
                FindingKind::UnknownField
                | FindingKind::WrongType(_)
                | FindingKind::ValueNotListed => PlatformError::invalid(path, finding.to_string()),
            };
            return Err(error.into());
        }
        Ok(asked(self.contract, input))
    }

    /// Builds the response in wire format.
    fn verdict(self, result: Result<Done, Refusal>, strike: Option<Strike>) -> Verdict {
        let fault = strike.as_ref().map(|strike| strike.fault);
        let result = match fault {
            Some(Fault::TimeoutDone) => Err(PlatformError::remote_timeout().into()),
            Some(Fault::BusinessTimeoutDone) => Err(business(&strike, None, "远程调用服务超时")),
            Some(Fault::ErrorAfterSuccess) => {
                Err(business(&strike, Some("isv.SYSTEM_ERROR"), "系统错误"))
            }
            _ => result,
        };
        let json = match result {
            Ok(done) => self.root(done.answer, true, fault),
            Err(Refusal::Business { code, text }) => {
                let mut inner = Map::from_iter([("error_msg".to_owned(), json!(text))]);
                if let Some(code) = code {
                    inner.insert("error_code_info".to_owned(), json!(code));
                }
                self.root(inner, false, fault)
            }
            Err(Refusal::Platform(error)) => platform(&error, &self.request_id).to_string(),
        };
        Verdict::under(strike.as_ref(), json, self.contract.root())
    }

    fn root(&self, mut inner: Map<String, Value>, success: bool, fault: Option<Fault>) -> String {
        if fault != Some(Fault::MissingIsSuccess) {
            inner.insert("is_success".to_owned(), json!(success));
        }
        inner.insert("request_id".to_owned(), json!(self.request_id));
        if !self.simplify {
            wrap_lists(&self.contract.response, &mut inner);
        }
        let overrides = &self.simulator.config().overrides;
        let inner = overrides.answer_to_wire(&self.contract.name, Value::Object(inner));
        if self.simplify {
            return inner.to_string();
        }
        json!({self.contract.root(): inner}).to_string()
    }
}
