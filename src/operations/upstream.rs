//! Reads upstream: the TOP client, the accounts, and everything that interpreting a response needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::classify::{Classifier, Ending, Missing, Reference};
use super::masking::Names;
use super::observer::Observer;
use crate::clock::SharedClock;
use crate::domain::ids::{AccountName, HashKey};
use crate::domain::operation::{Cause, Failure, SessionTag, UpstreamAnswer};
use crate::domain::refund::EmptyFee;
use crate::domain::time::{LocalTime, Rfc3339};
use crate::domain::violation::{Violation, invisible_texts};
use crate::domain::vocabulary::Vocabulary;
use crate::top::call::{CallError, Lost};
use crate::top::client::{ReadOptions, Reply, TopClient};
use crate::top::lenient::Field;
use crate::top::method::{Answer, BusinessVerdict, Method};
use crate::top::sessions::{NoSession, Session, Sessions};
use crate::top::wire::QueryOrderList;
use crate::translate::{self, Context};

/// How refunds are requested.
#[derive(Clone, Debug)]
pub struct RefundSettings {
    /// How an unknown fee is sent.
    pub empty_fee: EmptyFee,
    /// How long a quote is accepted.
    pub quote_ttl: Duration,
}

/// The parts of [`Upstream`].
pub struct UpstreamParts {
    /// The client of TOP.
    pub top: Arc<TopClient>,
    /// The purchasing accounts with their channel names (渠道名称).
    pub channels: BTreeMap<AccountName, String>,
    /// Their sessions.
    pub sessions: Arc<Sessions>,
    /// The classification of responses.
    pub classifier: Classifier,
    /// The meanings of Fliggy's phrases and numbers.
    pub vocabulary: Vocabulary,
    /// How refunds are requested.
    pub refunds: RefundSettings,
    /// The key of all keyed hashes.
    pub hash_key: HashKey,
    /// Takes the states that reads show.
    pub observer: Arc<Observer>,
    /// The clock.
    pub clock: SharedClock,
}

/// Reads upstream. Callers pass account names only: the current session is looked up when a call is prepared.
pub struct Upstream {
    pub(in crate::operations) top: Arc<TopClient>,
    channels: BTreeMap<AccountName, String>,
    pub(in crate::operations) sessions: Arc<Sessions>,
    pub(in crate::operations) classifier: Classifier,
    pub(in crate::operations) vocabulary: Vocabulary,
    pub(in crate::operations) refunds: RefundSettings,
    hash_key: HashKey,
    pub(in crate::operations) observer: Arc<Observer>,
    pub(in crate::operations) clock: SharedClock,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream")
            .field("accounts", &self.channels.keys())
            .finish_non_exhaustive()
    }
}

/// Why nothing can be read or sent for an account.
pub(in crate::operations) const NO_ACCOUNT: &str = "the account is no longer configured";

/// Why a read has no result.
#[derive(Debug)]
pub enum ReadError {
    /// Upstream reports with a listed text or code that the object does not exist on this account.
    NotFound {
        /// The failure, with upstream's response.
        failure: Failure,
        /// Whether the text or code is listed by a configured row for this method.
        by_configuration: bool,
    },
    /// Upstream's response is about another resource than requested. The response may contain another passenger's
    /// data, so none of it is shown, and it proves nothing.
    OtherResource(Failure),
    /// The read failed in another way.
    Failed(Failure),
}

impl ReadError {
    /// The failure in every case.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::NotFound { failure, .. }
            | Self::OtherResource(failure)
            | Self::Failed(failure) => failure,
        }
    }
}

// === impl Upstream ===

impl Upstream {
    /// Builds an `Upstream` from its parts.
    #[must_use]
    pub fn new(parts: UpstreamParts) -> Self {
        let UpstreamParts {
            top,
            channels,
            sessions,
            classifier,
            vocabulary,
            refunds,
            hash_key,
            observer,
            clock,
        } = parts;
        Self {
            top,
            channels,
            sessions,
            classifier,
            vocabulary,
            refunds,
            hash_key,
            observer,
            clock,
        }
    }

    /// The key of all keyed hashes.
    #[must_use]
    pub fn hash_key(&self) -> &HashKey {
        &self.hash_key
    }

    /// The sessions of the accounts.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The time of day on the +08:00 clock.
    #[must_use]
    pub fn now(&self) -> LocalTime {
        LocalTime::from_timestamp(self.clock.wall())
    }

    /// The context in which a response to this account is translated now.
    pub(in crate::operations) fn context<'a>(&'a self, account: &'a AccountName) -> Context<'a> {
        Context {
            vocabulary: &self.vocabulary,
            key: &self.hash_key,
            account,
            now: self.now(),
        }
    }

    /// Checks the fields that a caller sends as `extra` with this method: the gateway's own fields and texts
    /// with invisible characters are refused.
    #[must_use]
    pub fn refused_extra<M: Method>(&self, extra: Option<&Map<String, Value>>) -> Vec<Violation> {
        extra.map_or_else(Vec::new, |extra| {
            let mut refused = self.top.refused_extra::<M>(extra);
            refused.extend(invisible_texts("/extra", extra));
            refused
        })
    }

    /// The channel name of an account.
    ///
    /// # Errors
    /// When no such account is configured.
    pub(in crate::operations) fn channel(&self, name: &AccountName) -> Result<&str, Failure> {
        let channel = self.channels.get(name);
        channel
            .map(String::as_str)
            .ok_or_else(|| Failure::of(Cause::ReadFailed).with_detail(NO_ACCOUNT))
    }

    /// The session in force of an account, for one call.
    ///
    /// # Errors
    /// When no such account is configured, or TOP would refuse the call because of its session.
    pub(in crate::operations) fn session(
        &self,
        account: &AccountName,
    ) -> Result<Arc<Session>, Failure> {
        let session = self.sessions.usable(account);
        session.map_err(|why| no_session(account, why))
    }

    /// Whether the account is configured.
    pub(in crate::operations) fn has_account(&self, name: &AccountName) -> bool {
        self.channels.contains_key(name)
    }

    /// Makes a harmless read to find out whether TOP accepts a session. None if the read does not tell.
    pub(in crate::operations) async fn try_session(&self, session: &Arc<Session>) -> Option<bool> {
        let now = self.now();
        let request = translate::list::request(now, now, 1, 1);
        let read = self
            .top
            .read::<QueryOrderList>(session, &request, ReadOptions::WATCH);
        match read.await {
            Ok(_) => Some(true),
            Err(CallError::Refused(error)) => match (error.session_code(), error.code) {
                (Some(_), _) => Some(false),
                // The call got as far as its arguments or the service, and so past its session.
                (None, Some(15 | 40 | 41)) => Some(true),
                (None, _) => None,
            },
            Err(CallError::NotSent(_) | CallError::Lost(_)) => None,
        }
    }

    /// The tag of the session in force of an account; none if it has no session, or is no longer configured.
    pub(in crate::operations) fn session_tag(&self, name: &AccountName) -> Option<SessionTag> {
        Some(self.sessions.in_force(name)?.tag().clone())
    }

    /// Reads upstream.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(in crate::operations) async fn ask<M: Method>(
        &self,
        account: &AccountName,
        request: &M::Request,
        options: ReadOptions<'_>,
        about: Missing,
    ) -> Result<Reply<M::Answer>, ReadError> {
        let session = self.session(account).map_err(ReadError::Failed)?;
        self.interpret_read::<M>(self.top.read::<M>(&session, request, options).await, about)
    }

    /// Reads a list. None if a configured row says that the response means an empty list.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(in crate::operations) async fn ask_list<M: Method>(
        &self,
        account: &AccountName,
        request: &M::Request,
        options: ReadOptions<'_>,
        about: Missing,
    ) -> Result<Option<Reply<M::Answer>>, ReadError> {
        match self.ask::<M>(account, request, options, about).await {
            Ok(reply) => Ok(Some(reply)),
            Err(ReadError::NotFound {
                by_configuration: true,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Interprets the outcome of a read.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(in crate::operations) fn interpret_read<M: Method>(
        &self,
        ended: Result<Reply<M::Answer>, CallError>,
        about: Missing,
    ) -> Result<Reply<M::Answer>, ReadError> {
        let (failure, ending) = match &ended {
            Ok(reply) => {
                let verdict = reply.answer.verdict();
                match self.refusal_of_read(M::NAME, &verdict) {
                    None => return ended.map_err(|error| self.failed::<M>(&error)),
                    Some(failure) => (failure, ending_of(verdict)),
                }
            }
            Err(error) => (self.read_failure(M::NAME, error), Ending::Error(error)),
        };
        if !self.classifier.says_not_found(M::NAME, &ending, about) {
            return Err(ReadError::Failed(failure));
        }
        let cause = match about {
            Missing::Order => Cause::OrderNotFound,
            Missing::Refund => Cause::RefundNotFound,
            Missing::Change => Cause::ChangeNotFound,
        };
        Err(ReadError::NotFound {
            failure: Failure { cause, ..failure },
            by_configuration: self.classifier.says_empty(M::NAME, &ending),
        })
    }

    fn failed<M: Method>(&self, error: &CallError) -> ReadError {
        ReadError::Failed(self.read_failure(M::NAME, error))
    }

    /// The failure that upstream's response to a read reports, if any. A response with `is_success: true` reports no
    /// failure, whatever its code: the documented sample contains `isv.SYSTEM_ERROR`.
    pub(in crate::operations) fn refusal_of_read(
        &self,
        method: &str,
        verdict: &BusinessVerdict<'_>,
    ) -> Option<Failure> {
        if verdict.is_success == Some(true) {
            return None;
        }
        if verdict.is_success.is_none() && verdict.code.is_none() && verdict.message.is_none() {
            // Neither success nor refusal: the response cannot be used.
            return Some(unreadable_answer(method, "is_success"));
        }
        let upstream = UpstreamAnswer::of_business(method, verdict, &Names::default());
        let ending = ending_of(*verdict);
        let cause = self
            .classifier
            .cause_of_read(method, &ending)
            .unwrap_or_else(|| {
                Classifier::cause_of_unlisted([verdict.message, verdict.code, None])
            });
        Some(
            Failure::of(cause)
                .with_upstream(Some(upstream))
                .with_hint(self.classifier.hint(method, &ending)),
        )
    }

    /// The failure of a read.
    pub(in crate::operations) fn read_failure(&self, method: &str, error: &CallError) -> Failure {
        match error {
            CallError::NotSent(why) => Failure::from(why),
            CallError::Lost(lost) => Failure::of(match lost {
                Lost::Deadline => Cause::UpstreamTimeout,
                Lost::Connection | Lost::Status(_) => Cause::UpstreamUnavailable,
                Lost::TooLarge | Lost::Unreadable(_) => Cause::UpstreamUnreadable,
            })
            .with_detail(format!("{method}: {lost}")),
            CallError::Refused(refused) => {
                let cause = self
                    .classifier
                    .cause_of_read(method, &Ending::Error(error))
                    .unwrap_or_else(|| {
                        Classifier::cause_of_unlisted([
                            refused.sub_msg.as_deref().or(refused.msg.as_deref()),
                            refused.sub_code.as_deref(),
                            refused.msg.as_deref(),
                        ])
                    });
                Failure {
                    retry_after: refused.ban_seconds(),
                    ..Failure::of(cause)
                        .with_upstream(Some(UpstreamAnswer::of_error(
                            method,
                            refused,
                            &Names::default(),
                        )))
                        .with_hint(self.classifier.hint(method, &Ending::Error(error)))
                }
            }
        }
    }
}

/// The ending of a read with a response. Reference and completeness matter for writes only.
fn ending_of(verdict: BusinessVerdict<'_>) -> Ending<'_> {
    Ending::Answer {
        verdict,
        reference: Reference::Ours,
        complete: false,
    }
}

/// Compares an id in a response with the requested one. An id that is missing or cannot be read passes; the caller of
/// this function handles it.
///
/// # Errors
/// [`ReadError::OtherResource`].
pub(in crate::operations) fn check_same<M: Method, T: PartialEq<A>, A: ?Sized>(
    received: &Field<T>,
    requested: &A,
    field: &str,
) -> Result<(), ReadError> {
    match received {
        Field::Value(id) if id != requested => Err(ReadError::OtherResource(
            Failure::of(Cause::UpstreamUnreadable).with_detail(format!(
                "{}: the response is about another {field} than requested",
                M::NAME
            )),
        )),
        Field::Value(_) | Field::Absent | Field::Unreadable => Ok(()),
    }
}

/// The failure of a call that was not made, because TOP would refuse its session.
fn no_session(account: &AccountName, why: NoSession) -> Failure {
    match why {
        NoSession::UnknownAccount => Failure::of(Cause::ReadFailed).with_detail(NO_ACCOUNT),
        NoSession::Missing => Failure::of(Cause::SessionMissing).with_detail(format!(
            "The account `{account}` is not authorised. Nothing was sent to TOP."
        )),
        NoSession::Refused(refused) => Failure::of(Cause::SessionInvalid).with_detail(format!(
            "TOP refuses the session of the account `{account}` since {} (code {}). Nothing was sent to TOP.",
            Rfc3339(refused.at), refused.code
        )),
    }
}

pub(in crate::operations) fn unreadable_answer(method: &str, field: &str) -> Failure {
    Failure::of(Cause::UpstreamUnreadable).with_detail(format!(
        "{method}: the field {field} is missing or cannot be read"
    ))
}
