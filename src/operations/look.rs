//! One look: reads of upstream about one operation, and what they say.

use std::time::Duration;

use super::cause::{Cause, Failure};
use super::evidence::{Finding, Sight, judge};
use super::journal::Proof;
use super::orders::OrderKey;
use super::reads::ReadError;
use super::record::{Claim, Intent, Operation};
use super::service::Operations;
use super::states::Basis;
use crate::domain::ids::{OperationId, OutOrderNo};
use crate::domain::order::{Order, OrderSummary, OrderWindow};
use crate::domain::time::LocalTime;
use crate::top::client::{Account, ReadOptions};

/// What a look came to.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) finding: Finding,
    /// What the account's reads are known to show from now on.
    pub(super) proves: Option<Proof>,
    /// The look was not made, for want of quota or because the process stops: it does not count, and
    /// comes later.
    pub(super) not_made: Option<Duration>,
}

/// No look was made; when to come back.
struct NotMade(Duration);

/// What one read came to.
enum Seen<T> {
    Found(T),
    NotFound,
    /// Nothing that counts, and why.
    Nothing(&'static str),
}

/// TOP may leave an empty list out. But the name of the list is a guess until one was seen.
const NO_LIST: &str = "the answer has no list, and none was ever seen on this account";
const NOT_ASKED: &str = "upstream could not be asked, or did not say";
const OTHER_RESOURCE: &str = "the answer is about another order, refund or change";

impl Look {
    /// No look, for want of time.
    pub(super) fn cut_short() -> Self {
        Self::not_made(Duration::from_secs(1))
    }

    fn not_made(later: Duration) -> Self {
        Self {
            not_made: Some(later),
            ..Self::nothing("no look was made")
        }
    }

    /// A look that says nothing.
    pub(super) fn nothing(why: &'static str) -> Self {
        Self {
            finding: Finding::Inconclusive(why),
            proves: None,
            not_made: None,
        }
    }
}

impl NotMade {
    /// A call for which there was no quota was never made. One that upstream answered with a limit was
    /// made, and found nothing.
    fn of(failure: &Failure) -> Option<Self> {
        (failure.cause == Cause::RateLimited && failure.upstream.is_none())
            .then(|| Self(Duration::from_secs(failure.retry_after.unwrap_or(1).max(1))))
    }
}

impl<T> Seen<T> {
    fn of(read: Result<T, ReadError>) -> Result<Self, NotMade> {
        match read {
            Ok(found) => Ok(Self::Found(found)),
            Err(ReadError::NotFound { .. }) => Ok(Self::NotFound),
            Err(ReadError::Failed(failure)) => match NotMade::of(&failure) {
                Some(not_made) => Err(not_made),
                None => Ok(Self::Nothing(NOT_ASKED)),
            },
            Err(ReadError::OtherResource(_)) => Ok(Self::Nothing(OTHER_RESOURCE)),
        }
    }

    /// What it says of the operation.
    fn judged<'a>(&'a self, operation: &Operation, sight: impl Fn(&'a T) -> Sight<'a>) -> Finding {
        match self {
            Self::Found(found) => judged(operation, &sight(found)),
            Self::NotFound => judged(operation, &Sight::Absent),
            Self::Nothing(why) => judged(operation, &Sight::Nothing(why)),
        }
    }
}

/// An answered refusal needs no proof that the account's reads show what is there: a lookup has to
/// agree with it, not to prove absence by itself.
fn is_refused(operation: &Operation) -> bool {
    match operation.claim {
        Claim::Refused | Claim::RefusedUnlisted => true,
        Claim::Silence | Claim::Done => false,
    }
}

fn judged(operation: &Operation, sight: &Sight<'_>) -> Finding {
    judge(&operation.intent, &operation.baseline, sight)
}

/// Clocks may differ between TOP and the gateway by ten minutes before TOP refuses calls.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
/// Pages of a list at most; a longer one is not read to its end, and so proves nothing.
const PAGES: u32 = 50;
const PAGE_SIZE: u32 = 50;

// === impl Operations ===

impl Operations {
    /// Looks once. The options say whose share of the quota pays: the looks have one of their own.
    pub(super) async fn look(
        &self,
        operation: &Operation,
        account: &Account,
        options: ReadOptions<'static>,
    ) -> Look {
        let mut proves = None;
        let seen = self.see(operation, account, options, &mut proves);
        let finding = match seen.await {
            Ok(finding) => finding,
            Err(NotMade(later)) => return Look::not_made(later),
        };
        metrics::counter!(
            crate::telemetry::metrics::LOOKS,
            "kind" => operation.kind().as_str(), "finding" => finding.word()
        )
        .increment(1);
        Look {
            finding,
            proves,
            not_made: None,
        }
    }

    async fn see(
        &self,
        operation: &Operation,
        account: &Account,
        options: ReadOptions<'static>,
        proves: &mut Option<Proof>,
    ) -> Result<Finding, NotMade> {
        match &operation.intent {
            Intent::Book { out_order_no, .. } => {
                let key = OrderKey::Reference(out_order_no.clone());
                let seen = self.see_order(account, &key, options).await?;
                match &seen {
                    Seen::NotFound if is_refused(operation) => {
                        Ok(judged(operation, &Sight::Absent))
                    }
                    Seen::NotFound => {
                        self.absence(operation, account, out_order_no, options)
                            .await
                    }
                    Seen::Found(order) => {
                        *proves = order.is_for(out_order_no).then_some(Proof::Orders);
                        Ok(judged(operation, &Sight::Order(order)))
                    }
                    Seen::Nothing(why) => Ok(judged(operation, &Sight::Nothing(why))),
                }
            }
            Intent::Pay { order_id, .. } | Intent::Close { order_id } => {
                let seen = self
                    .see_order(account, &OrderKey::Id(*order_id), options)
                    .await?;
                Ok(seen.judged(operation, Sight::Order))
            }
            Intent::Refund { order_id, .. } => {
                let read = self.read_refunds(account, *order_id, options).await;
                let seen = Seen::of(read.map(|(list, _)| list))?;
                if let Seen::Found(list) = &seen {
                    *proves = (!list.refunds.is_empty()).then_some(Proof::Refunds);
                    if !is_refused(operation)
                        && !list.told
                        && !self.shows(account, Proof::Refunds).await
                    {
                        return Ok(judged(operation, &Sight::Nothing(NO_LIST)));
                    }
                }
                Ok(seen.judged(operation, Sight::Refunds))
            }
            Intent::Change { order_id, .. } => {
                let read = self.read_changes(account, *order_id, options).await;
                let seen = Seen::of(read.map(|(list, _)| list))?;
                if let Seen::Found(list) = &seen {
                    *proves = (!list.changes.is_empty()).then_some(Proof::Changes);
                    if !is_refused(operation)
                        && !list.told
                        && !self.shows(account, Proof::Changes).await
                    {
                        return Ok(judged(operation, &Sight::Nothing(NO_LIST)));
                    }
                }
                Ok(seen.judged(operation, Sight::Changes))
            }
            Intent::ChangePay {
                change_order_no, ..
            }
            | Intent::ChangeCancel { change_order_no } => {
                let read = self.read_change(account, *change_order_no, options);
                let seen = Seen::of(read.await.map(|found| found.change))?;
                Ok(seen.judged(operation, Sight::Change))
            }
        }
    }

    /// Whether such a list was ever seen on the account. A journal that cannot tell says no.
    async fn shows(&self, account: &Account, proof: Proof) -> bool {
        let proven = self.journal.proven(&account.name, proof).await;
        proven.unwrap_or(false)
    }

    async fn see_order(
        &self,
        account: &Account,
        key: &OrderKey,
        options: ReadOptions<'static>,
    ) -> Result<Seen<Order>, NotMade> {
        let read = self.read_order(account, key, options).await;
        Seen::of(read.map(|found| found.order))
    }

    /// Whether a not-found answer counts: from a lookup that has found an order on this account
    /// before, or beside a list read to its end over the time of the send. A list that has the order
    /// is evidence that it is there.
    async fn absence(
        &self,
        operation: &Operation,
        account: &Account,
        reference: &OutOrderNo,
        options: ReadOptions<'static>,
    ) -> Result<Finding, NotMade> {
        let nothing = |why| Ok(judged(operation, &Sight::Nothing(why)));
        match self.journal.proven(&account.name, Proof::Orders).await {
            Ok(true) => return Ok(judged(operation, &Sight::Absent)),
            Ok(false) => {}
            Err(_) => return nothing("the journal could not be read"),
        }
        let sent = operation.sent_at.unwrap_or(operation.created_at);
        let mut window = OrderWindow {
            booked_from: LocalTime::from_timestamp(sent.checked_sub(SKEW).unwrap_or(sent)),
            booked_until: LocalTime::from_timestamp(sent.checked_add(SKEW).unwrap_or(sent)),
            status: None,
            page: 1,
            page_size: PAGE_SIZE,
        };
        let mut rows = 0;
        while window.page <= PAGES {
            let listed = match self.list_page(account, &window, options).await {
                Ok(listed) => listed,
                Err(failure) => match NotMade::of(&failure) {
                    Some(not_made) => return Err(not_made),
                    None => return nothing("not found, and the list could not be read"),
                },
            };
            let named = |o: &OrderSummary| o.out_order_no.as_deref() == Some(reference.as_str());
            if let Some(row) = listed.orders.iter().find(|row| named(row)) {
                let key = OrderKey::Id(row.order_id);
                return match self.see_order(account, &key, options).await? {
                    Seen::Found(order) => Ok(judged(operation, &Sight::Order(&order))),
                    Seen::NotFound | Seen::Nothing(_) => {
                        nothing("the list has the order, and it could not be read")
                    }
                };
            }
            // Any row that does not name its order could be ours.
            let nameless = listed.orders.iter().any(|row| row.out_order_no.is_none());
            if listed.dropped > 0 || nameless {
                return nothing("the list has rows that do not tell which order they are");
            }
            rows += listed.orders.len() as u64;
            match (listed.total_pages, listed.total_count) {
                (Some(pages), Some(count)) if window.page >= pages => {
                    return if rows == count {
                        Ok(judged(operation, &Sight::Absent))
                    } else {
                        nothing("the list has fewer rows than it says")
                    };
                }
                (Some(_), Some(_)) => window.page += 1,
                (None, _) | (_, None) => return nothing("the list does not tell where it ends"),
            }
        }
        nothing("the list is too long to be read to its end")
    }

    /// Law 6: before an operation repeats an absent one, that one is looked at.
    pub(super) async fn look_at_earlier(&self, earlier: OperationId) -> Result<(), Failure> {
        let failed = |detail: &str| Failure::of(Cause::ReadFailed).with_detail(detail);
        let found = self.journal.get(earlier).await;
        let Ok(Some(mut earlier)) = found else {
            return Err(failed(
                "the operation named in retry_of is not in the journal",
            ));
        };
        let Some(account) = self.account(&earlier.account) else {
            return Err(failed(
                "the account of the operation named in retry_of is gone",
            ));
        };
        let moment = self.moment(&earlier);
        let look = self.look(&earlier, &account, ReadOptions::CALLER).await;
        if look.not_made.is_some() {
            return Err(Failure::of(Cause::RateLimited));
        }
        let finding = look.finding.clone();
        // The repeat has not sent anything, so what is found is the earlier one's.
        if !self.weigh(&mut earlier, look, &moment).await {
            return Err(Failure::of(Cause::JournalUnavailable));
        }
        // As it stands now: another lookup may have contradicted it meanwhile.
        let absent = earlier.standing.basis == Some(Basis::Absent);
        match finding {
            Finding::NotHappened(_) | Finding::Refuted(..) if absent => Ok(()),
            Finding::NotHappened(_) | Finding::Refuted(..) => {
                Err(Failure::of(Cause::EarlierHappened).with_detail(format!(
                    "operation {} is {} now",
                    earlier.id,
                    earlier.state().as_str()
                )))
            }
            Finding::Happened(_) => Err(Failure::of(Cause::EarlierHappened)
                .with_detail(format!("operation {} has happened after all", earlier.id))),
            Finding::Inconclusive(why) => Err(failed(why)),
        }
    }
}
