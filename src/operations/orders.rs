//! Reads of orders: for callers, for checks before a send, and for looks.

use serde_json::value::RawValue;

use super::cause::{Cause, Failure, Upstream};
use super::classify::Ending;
use super::service::Operations;
use crate::domain::ids::{OrderId, OutOrderNo};
use crate::domain::order::{Order, OrderPage, OrderWindow};
use crate::top::call::{CallError, Lost};
use crate::top::client::{Account, ReadOptions, Reply};
use crate::top::method::{Answer, BusinessVerdict, Method};
use crate::top::wire::{QueryOrderDetail, QueryOrderList};
use crate::translate;

/// By which number an order is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// Fliggy's number.
    Id(OrderId),
    /// The caller's number.
    Reference(OutOrderNo),
}

/// An order, and what upstream called its fields.
#[derive(Debug)]
pub struct FoundOrder {
    /// The order.
    pub order: Order,
    /// Upstream's own object, when it was asked for.
    pub upstream: Option<Box<RawValue>>,
}

/// Why there is no order to show.
#[derive(Debug)]
pub enum OrderReadError {
    /// Upstream says, in listed words, that it does not exist on this account.
    NotFound(Failure),
    /// Upstream could not be asked, or did not say.
    Failed(Failure),
}

impl OrderReadError {
    /// The failure in either case.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::NotFound(failure) | Self::Failed(failure) => failure,
        }
    }
}

// === impl Operations ===

impl Operations {
    /// One order.
    ///
    /// # Errors
    /// See [`OrderReadError`].
    pub async fn read_order(
        &self,
        account: &Account,
        key: &OrderKey,
        options: ReadOptions<'_>,
    ) -> Result<FoundOrder, OrderReadError> {
        const NAME: &str = QueryOrderDetail::NAME;
        let request = match key {
            OrderKey::Id(id) => translate::detail::request(Some(*id), None),
            OrderKey::Reference(reference) => {
                translate::detail::request(None, Some(reference.as_str()))
            }
        };
        let reply = match self
            .top
            .read::<QueryOrderDetail>(account, &request, options)
            .await
        {
            Ok(reply) => reply,
            Err(error) => {
                let failure = self.read_failure(NAME, &error);
                return Err(
                    if self.classifier.says_not_found(NAME, &Ending::Error(&error)) {
                        OrderReadError::NotFound(Failure {
                            cause: Cause::OrderNotFound,
                            ..failure
                        })
                    } else {
                        OrderReadError::Failed(failure)
                    },
                );
            }
        };
        if let Some(failure) = self.refusal_of_read(NAME, &reply.answer.verdict()) {
            let not_found = self.says_not_found(NAME, &reply.answer.verdict());
            return Err(if not_found {
                OrderReadError::NotFound(Failure {
                    cause: Cause::OrderNotFound,
                    ..failure
                })
            } else {
                OrderReadError::Failed(failure)
            });
        }
        let Reply { answer, upstream } = reply;
        match translate::detail::answer(answer, &self.statuses, self.hash_key(), &account.name) {
            Ok(order) => Ok(FoundOrder { order, upstream }),
            Err(unreadable) => Err(OrderReadError::Failed(unreadable_answer(
                NAME,
                unreadable.field,
            ))),
        }
    }

    /// One page of the orders booked in a window.
    ///
    /// # Errors
    /// Why the list cannot be shown.
    pub async fn list_page(
        &self,
        account: &Account,
        window: &OrderWindow,
        options: ReadOptions<'_>,
    ) -> Result<OrderPage, Failure> {
        const NAME: &str = QueryOrderList::NAME;
        let request = translate::list::request(
            window.booked_from,
            window.booked_until,
            window
                .status
                .and_then(|status| self.statuses.phrase(status)),
            window.page,
            window.page_size,
        );
        let reply = self
            .top
            .read::<QueryOrderList>(account, &request, options)
            .await
            .map_err(|error| self.read_failure(NAME, &error))?;
        if let Some(failure) = self.refusal_of_read(NAME, &reply.answer.verdict()) {
            return Err(failure);
        }
        translate::list::answer(reply.answer, &self.statuses, self.hash_key(), &account.name)
            .map_err(|unreadable| unreadable_answer(NAME, unreadable.field))
    }

    pub(super) fn says_not_found(&self, method: &str, verdict: &BusinessVerdict<'_>) -> bool {
        let ending = Ending::Answer {
            verdict: *verdict,
            reference: super::classify::Reference::Ours,
            complete: false,
        };
        self.classifier.says_not_found(method, &ending)
    }

    /// Why upstream's answer to a read is no answer, if so. An answer that says that it worked is
    /// one, whatever code stands beside it: the documented sample has `isv.SYSTEM_ERROR` there.
    pub(super) fn refusal_of_read(
        &self,
        method: &str,
        verdict: &BusinessVerdict<'_>,
    ) -> Option<Failure> {
        if verdict.is_success == Some(true) {
            return None;
        }
        if verdict.is_success.is_none() && verdict.code.is_none() && verdict.message.is_none() {
            // Neither a yes nor a no: nothing was refused, and nothing in it counts.
            return Some(unreadable_answer(method, "is_success"));
        }
        let upstream = Upstream::of_business(method, verdict, &[]);
        let ending = Ending::Answer {
            verdict: *verdict,
            reference: super::classify::Reference::Ours,
            complete: false,
        };
        let cause = self
            .classifier
            .cause_of_read(method, &ending)
            .unwrap_or_else(|| slow_or_down([verdict.message, verdict.code, None]));
        Some(
            Failure::of(cause)
                .with_upstream(Some(upstream))
                .with_hint(self.classifier.hint(method, &ending)),
        )
    }

    /// Why a read failed.
    pub(super) fn read_failure(&self, method: &str, error: &CallError) -> Failure {
        match error {
            CallError::NotSent(why) => Failure::from(why),
            CallError::Lost(lost) => Failure::of(match lost {
                Lost::Deadline => Cause::UpstreamTimeout,
                Lost::Connection | Lost::Status(_) => Cause::UpstreamUnavailable,
                Lost::TooLarge | Lost::Unreadable(_) => Cause::UpstreamUnreadable,
            }),
            CallError::Refused(refused) => {
                let cause = self
                    .classifier
                    .cause_of_read(method, &Ending::Error(error))
                    .unwrap_or_else(|| {
                        slow_or_down([
                            refused.sub_msg.as_deref().or(refused.msg.as_deref()),
                            refused.sub_code.as_deref(),
                            refused.msg.as_deref(),
                        ])
                    });
                Failure {
                    retry_after: refused.ban_seconds(),
                    ..Failure::of(cause)
                        .with_upstream(Some(Upstream::of_error(method, refused, &[])))
                        .with_hint(self.classifier.hint(method, &Ending::Error(error)))
                }
            }
        }
    }
}

/// What an unlisted refusal of a read is to the caller: slowness, trouble, or a plain no.
fn slow_or_down(texts: [Option<&str>; 3]) -> Cause {
    let says = |words: &[&str]| {
        texts.iter().flatten().any(|text| {
            let text = text.to_ascii_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    };
    if says(&["超时", "timeout"]) {
        Cause::UpstreamTimeout
    } else if says(&[
        "系统",
        "异常",
        "繁忙",
        "system_error",
        "isp.",
        "unavailable",
    ]) {
        Cause::UpstreamUnavailable
    } else {
        Cause::Refused
    }
}

pub(super) fn unreadable_answer(method: &str, field: &str) -> Failure {
    Failure::of(Cause::UpstreamUnreadable).with_detail(format!(
        "{method}: the field {field} is missing or cannot be read"
    ))
}
