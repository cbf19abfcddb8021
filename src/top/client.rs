//! Typed calls: a method is a type with its request and response as associated types.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tower::ServiceExt;

use super::call::{Call, CallError, FilePart, Lane, Lost, NotSent, Received};
use super::contract::overrides::{Overrides, Side};
use super::contract::registry::{MethodContract, Registry};
use super::departure::Departure;
use super::envelope::{self, Envelope};
use super::lenient::bounded;
use super::method::{Effect, Method, PlatformMethod};
use super::sessions::Session;
use super::stack::{self, Gate, Parts, Permit, RetrySettings, Stack, Transport, TransportSettings};
use crate::clock::SharedClock;
use crate::domain::violation::Violation;

/// A usable response.
#[derive(Debug, Default)]
pub struct Reply<A> {
    /// The typed response.
    pub answer: A,
    /// The unmodified upstream object, if requested.
    pub upstream: Option<Box<RawValue>>,
}

/// Options for a read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions<'a> {
    /// The share of the quota that the read uses.
    pub lane: Lane,
    /// A caller's extra fields, added to the wire object.
    pub extra: Option<&'a Map<String, Value>>,
    /// Whether to keep the unmodified upstream object.
    pub keep_upstream: bool,
}

impl ReadOptions<'_> {
    /// A plain read for a caller.
    pub const CALLER: Self = Self {
        lane: Lane::Caller,
        extra: None,
        keep_upstream: false,
    };
    /// A lookup by the reconciler of a settled operation.
    pub const WATCH: Self = Self {
        lane: Lane::Watch,
        extra: None,
        keep_upstream: false,
    };
    /// A lookup by the reconciler of an open operation.
    pub const LOOKUP: Self = Self {
        lane: Lane::Lookup,
        extra: None,
        keep_upstream: false,
    };
}

/// A write that has been encoded but not sent. Contains personal data; never stored or logged.
#[derive(Clone, Debug)]
pub struct Prepared {
    call: Call,
    session: Arc<Session>,
}

/// A write with an open connection. The body, which contains all parameters, has not been sent. Dropping the value
/// closes the connection, and nothing is sent.
#[must_use]
pub struct Opened {
    attempt: BoxFuture<'static, Result<Received, CallError>>,
    departure: Departure,
    session: Arc<Session>,
    _permit: Permit,
}

/// The client of TOP.
#[derive(Debug)]
pub struct TopClient {
    read: Stack,
    write: Stack,
    gate: Arc<Gate>,
    overrides: Arc<Overrides>,
    clock: SharedClock,
}

// === impl TopClient ===

impl TopClient {
    /// Builds both stacks, each with its own HTTP client.
    ///
    /// # Errors
    /// When the TLS backend or the proxy cannot be set up.
    pub fn new(
        parts: &Parts,
        transport: &TransportSettings,
        retry: RetrySettings,
        overrides: Arc<Overrides>,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self::on_stacks(
            stack::read(parts, retry, Transport::for_reads(transport)?),
            stack::write(parts, Transport::for_writes(transport)?),
            parts.gate.clone(),
            overrides,
            parts.clock.clone(),
        ))
    }

    /// A client with the given stacks. `gate` issues the permits for writes; `clock` limits when they may be sent.
    #[must_use]
    pub fn on_stacks(
        read: Stack,
        write: Stack,
        gate: Arc<Gate>,
        overrides: Arc<Overrides>,
        clock: SharedClock,
    ) -> Self {
        Self {
            read,
            write,
            gate,
            overrides,
            clock,
        }
    }

    /// Calls a method that changes nothing upstream.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn read<M: Method>(
        &self,
        session: &Arc<Session>,
        request: &M::Request,
        options: ReadOptions<'_>,
    ) -> Result<Reply<M::Answer>, CallError> {
        let call = self.encode::<M>(session, request, options.lane, options.extra)?;
        let received = self.read.clone().oneshot(call).await;
        let result = received.and_then(|got| self.decode::<M>(&got, options.keep_upstream));
        session.observe(&result, self.clock.wall());
        result
    }

    /// Encodes a request. This happens early, so that encoding cannot fail once the operation is `sending`.
    ///
    /// # Errors
    /// [`NotSent::Encode`].
    pub fn prepare<M: Method>(
        &self,
        session: &Arc<Session>,
        request: &M::Request,
        extra: Option<&Map<String, Value>>,
    ) -> Result<Prepared, CallError> {
        self.encode::<M>(session, request, Lane::Caller, extra)
            .map(|call| Prepared {
                call,
                session: session.clone(),
            })
    }

    /// Acquires the permit for one write of this method and opens the write's own connection.
    ///
    /// This happens before the operation becomes `sending`, so that neither a queue nor a slow connection uses up the
    /// time in which the write may be sent. The request is already handed to the HTTP client, with its body held back:
    /// reqwest has no other way to open a connection in advance.
    ///
    /// # Errors
    /// The reason why the write cannot be sent now.
    pub async fn open<M: Method>(&self, prepared: Prepared) -> Result<Opened, NotSent> {
        let permit = self.gate.permit(Lane::Caller, M::NAME).await?;
        let departure = Departure::new(self.clock.clone());
        let call = Call {
            departure: Some(departure.clone()),
            ..prepared.call
        };
        let mut attempt = self.write.clone().oneshot(call).boxed();
        tokio::select! {
            biased;
            ended = &mut attempt => Err(match ended {
                Err(CallError::NotSent(why)) => why,
                // The body was not released, so this cannot be a response to the write.
                Ok(_) | Err(CallError::Refused(_) | CallError::Lost(_)) => NotSent::Broken,
            }),
            () = departure.asked() => Ok(Opened {
                attempt,
                departure,
                session: prepared.session,
                _permit: permit,
            }),
        }
    }

    /// Sends a write: once, and not after this steady time.
    ///
    /// # Errors
    /// See [`CallError`]. [`CallError::delivery`] states what the error proves.
    pub async fn send<M: Method>(
        &self,
        mut opened: Opened,
        send_before: Duration,
    ) -> Result<Reply<M::Answer>, CallError> {
        // Lets the runtime process received data: the connection may have broken, or an unsolicited response may have
        // arrived. Neither may be mistaken for the outcome of this call.
        tokio::task::yield_now().await;
        let ended = match (&mut opened.attempt).now_or_never() {
            Some(ended) => ended,
            None => {
                opened.departure.release(send_before);
                (&mut opened.attempt).await
            }
        };
        let session = opened.session.clone();
        drop(opened);
        if let Err(CallError::Refused(error)) = &ended {
            self.gate.observe(M::NAME, error);
        }
        let result = ended.and_then(|received| self.decode::<M>(&received, false));
        session.observe(&result, self.clock.wall());
        result
    }

    /// Uploads a file with text parameters. Uses the read stack, whose retry layer sends an upload only once.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload<M: Method>(
        &self,
        session: &Arc<Session>,
        texts: Vec<(String, String)>,
        file: FilePart,
    ) -> Result<Reply<M::Answer>, CallError> {
        let (texts, file) = self
            .upload_parts::<M>(texts, file)
            .ok_or(CallError::NotSent(NotSent::Encode))?;
        let call = Call {
            method: M::NAME.into(),
            effect: M::EFFECT,
            lane: Lane::Caller,
            session: Some(session.key().clone()),
            params: texts.into(),
            file: Some(file),
            departure: None,
        };
        let received = self.read.clone().oneshot(call).await;
        let result = received.and_then(|received| self.decode::<M>(&received, false));
        session.observe(&result, self.clock.wall());
        result
    }

    /// Calls any method with raw parameters, for the shell and support cases. Reads only.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn raw(
        &self,
        method: &str,
        session: Option<SecretString>,
        params: Vec<(String, String)>,
    ) -> Result<Received, CallError> {
        let call = Call {
            method: method.into(),
            effect: Effect::Read,
            lane: Lane::Caller,
            session,
            params: params.into(),
            file: None,
            departure: None,
        };
        self.read.clone().oneshot(call).await
    }

    /// Calls a method of the platform that concerns no account. Comes after lookups for which somebody waits, and is never
    /// retried, because its caller repeats it anyway.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn platform<M: PlatformMethod>(
        &self,
        params: Vec<(String, String)>,
    ) -> Result<M::Answer, CallError> {
        self.platform_call::<M>(None, params).await
    }

    /// Like [`Self::platform`], for a method that concerns the user of a session.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn platform_under<M: PlatformMethod>(
        &self,
        session: &Arc<Session>,
        params: Vec<(String, String)>,
    ) -> Result<M::Answer, CallError> {
        let key = session.key().clone();
        let result = self.platform_call::<M>(Some(key), params).await;
        session.observe(&result, self.clock.wall());
        result
    }

    async fn platform_call<M: PlatformMethod>(
        &self,
        session: Option<SecretString>,
        params: Vec<(String, String)>,
    ) -> Result<M::Answer, CallError> {
        let call = Call {
            method: M::NAME.into(),
            effect: Effect::Read,
            lane: Lane::Watch,
            session,
            params: params.into(),
            file: None,
            departure: None,
        };
        let received = self.read.clone().oneshot(call).await?;
        unwrap(envelope::decode::<M::Answer>(M::NAME, &received.body))
    }

    fn encode<M: Method>(
        &self,
        session: &Arc<Session>,
        request: &M::Request,
        lane: Lane,
        extra: Option<&Map<String, Value>>,
    ) -> Result<Call, CallError> {
        let text = self
            .request_text::<M>(request, extra)
            .map_err(CallError::NotSent)?;
        Ok(Call {
            method: M::NAME.into(),
            effect: M::EFFECT,
            lane,
            session: Some(session.key().clone()),
            params: text.into(),
            file: None,
            departure: None,
        })
    }

    /// The fields of `extra` that a caller must not send with this method, because they are the gateway's own.
    #[must_use]
    pub fn refused_extra<M: Method>(&self, extra: &Map<String, Value>) -> Vec<Violation> {
        contract::<M>().map_or_else(Vec::new, |contract| {
            self.overrides.refused_extra(contract, M::PARAM, extra)
        })
    }

    fn request_text<M: Method>(
        &self,
        request: &M::Request,
        extra: Option<&Map<String, Value>>,
    ) -> Result<Vec<(String, String)>, NotSent> {
        let extra = extra.filter(|extra| !extra.is_empty());
        if extra.is_none() && !self.overrides.touches(M::NAME, Side::Request) {
            let text = serde_json::to_string(request).map_err(|_| NotSent::Encode)?;
            return Ok(vec![(M::PARAM.to_owned(), text)]);
        }
        let object = serde_json::to_value(request).map_err(|_| NotSent::Encode)?;
        let params = match (extra, object) {
            (Some(extra), Value::Object(object)) => self.with_extra::<M>(object, extra)?,
            (_, object) => {
                let params = Map::from_iter([(M::PARAM.to_owned(), object)]);
                self.overrides
                    .request_to_wire(M::NAME, Value::Object(params))
            }
        };
        let Value::Object(params) = params else {
            return Ok(Vec::new());
        };
        let texts = params.into_iter().map(param_text);
        texts.collect::<Result<_, _>>().map_err(|_| NotSent::Encode)
    }

    /// The parameters with a caller's extra fields. A request whose `extra` contains one of the gateway's fields was
    /// refused earlier; the check here ensures that none of the gateway's fields is ever replaced.
    fn with_extra<M: Method>(
        &self,
        object: Map<String, Value>,
        extra: &Map<String, Value>,
    ) -> Result<Value, NotSent> {
        let contract = contract::<M>().ok_or(NotSent::Encode)?;
        if !self
            .overrides
            .refused_extra(contract, M::PARAM, extra)
            .is_empty()
        {
            return Err(NotSent::Encode);
        }
        self.overrides
            .request_to_wire_with(contract, M::PARAM, object, extra)
            .map_err(|_| NotSent::Encode)
    }

    /// The parts of an upload with their wire names, which overrides may change for the file too. `None` if the wire
    /// has no place for a file.
    fn upload_parts<M: Method>(
        &self,
        texts: Vec<(String, String)>,
        file: FilePart,
    ) -> Option<(Vec<(String, String)>, FilePart)> {
        if !self.overrides.touches(M::NAME, Side::Request) {
            return Some((texts, file));
        }
        // A null stands for the file. No text is null, and no override produces or changes a null.
        let mut params: Map<_, _> = texts
            .into_iter()
            .map(|(name, text)| (name, Value::String(text)))
            .collect();
        params.insert(file.name.clone().into_owned(), Value::Null);
        let Value::Object(params) = self
            .overrides
            .request_to_wire(M::NAME, Value::Object(params))
        else {
            return None;
        };
        let mut name = None;
        let mut texts = Vec::with_capacity(params.len());
        for (param, value) in params {
            if value.is_null() {
                name = Some(param.into());
            } else {
                texts.push(param_text((param, value)).ok()?);
            }
        }
        let name = name?;
        Some((texts, FilePart { name, ..file }))
    }

    fn decode<M: Method>(
        &self,
        received: &Received,
        keep_upstream: bool,
    ) -> Result<Reply<M::Answer>, CallError> {
        let lost = |reason| CallError::Lost(Lost::Unreadable(reason));
        let answer = if self.overrides.touches(M::NAME, Side::Answer) {
            let tree = unwrap(envelope::decode_tree(M::NAME, &received.body))?;
            let tree = self.overrides.answer_from_wire(M::NAME, tree);
            bounded(received.body.len(), || serde_json::from_value(tree))
                .map_err(|_| lost("the response does not match the contract"))?
        } else {
            unwrap(envelope::decode::<M::Answer>(M::NAME, &received.body))?
        };
        let upstream = keep_upstream
            .then(|| envelope::inner_raw(&received.body).map(ToOwned::to_owned))
            .flatten();
        Ok(Reply { answer, upstream })
    }
}

fn contract<M: Method>() -> Option<&'static MethodContract> {
    Registry::embedded().method(M::NAME)
}

fn unwrap<A>(decoded: Result<Envelope<A>, envelope::Unreadable>) -> Result<A, CallError> {
    match decoded {
        Ok(Envelope::Answer(answer)) => Ok(answer),
        Ok(Envelope::Error(error)) => Err(CallError::Refused(Box::new(error))),
        Err(unreadable) => Err(CallError::Lost(Lost::Unreadable(unreadable.reason))),
    }
}

/// A parameter as a form field: texts unchanged, everything else as JSON.
fn param_text((name, value): (String, Value)) -> serde_json::Result<(String, String)> {
    let text = match value {
        Value::String(text) => text,
        other => serde_json::to_string(&other)?,
    };
    Ok((name, text))
}
