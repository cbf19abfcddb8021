//! One lookup: the reads of upstream for one operation, and what they show.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::decide::{Control, Later, Moment, later_of, needs_lookup_first};
use super::evidence::{Finding, Known, Observed, Target};
use crate::domain::change::{Change, ChangeList};
use crate::domain::ids::{AccountName, OutOrderNo};
use crate::domain::operation::{
    Basis, Cause, Claim, Failure, LookupKind, NewEvent, Operation, Proof, Standing, State,
};
use crate::domain::order::{Order, OrderSummary, OrderWindow};
use crate::domain::refund::RefundList;
use crate::domain::time::{LocalTime, SKEW};
use crate::operations::reads::orders::OrderKey;
use crate::operations::service::{Operations, Settlement};
use crate::operations::upstream::ReadError;
use crate::operations::writes::kinds::effect;
use crate::store::JournalError;
use crate::top::client::ReadOptions;

/// The result of a lookup.
#[derive(Debug)]
pub(in crate::operations) struct Lookup {
    pub(in crate::operations) finding: Finding,
    /// The object that the lookup found, as a control for other lookups.
    pub(in crate::operations) proves: Option<Proof>,
    /// Whether only an object with the operation's own number was attributed to the operation, because a later
    /// operation may have created any other.
    pub(in crate::operations) by_number_only: bool,
    /// Whether a message of TOP decided, because the read showed neither the payment nor its absence.
    pub(in crate::operations) by_message: bool,
    /// The pause before the next try, if the lookup was not made: there was no quota, or the process is stopping.
    /// Such a lookup does not count.
    pub(in crate::operations) not_made: Option<Duration>,
}

/// What was read, judged.
struct Judged {
    finding: Finding,
    /// See [`Lookup::by_number_only`].
    by_number_only: bool,
    /// See [`Lookup::by_message`].
    by_message: bool,
}

/// No lookup was made; the pause before the next try.
pub(super) struct NotMade(pub(super) Duration);

/// The result of one read.
pub(super) enum Observation {
    Order(Box<Order>),
    /// An order that was found in the order list but not by its reference.
    ListedOrder(Box<Order>),
    Refunds(RefundList),
    Changes(ChangeList),
    Change(Box<Change>),
    NotFound,
    /// Nothing conclusive, with the reason.
    Nothing(&'static str),
}

const NO_JOURNAL: &str = "the journal could not be read";
const SESSION_REPLACED: &str = "the session of the account was replaced during the lookup";
const NOT_READ: &str = "upstream could not be read, or its response is inconclusive";
const OTHER_RESOURCE: &str = "upstream returned another order, refund or change";

impl Lookup {
    /// No lookup, because the process is stopping.
    pub(in crate::operations) fn cut_short() -> Self {
        Self::not_made(Duration::from_secs(1))
    }

    fn not_made(pause: Duration) -> Self {
        Self {
            not_made: Some(pause),
            ..Self::nothing("no lookup was made")
        }
    }

    /// An inconclusive lookup.
    pub(in crate::operations) fn nothing(why: &'static str) -> Self {
        Self {
            finding: Finding::Inconclusive(why),
            proves: None,
            by_number_only: false,
            by_message: false,
            not_made: None,
        }
    }
}

impl Settlement {
    /// The settlement that follows from a lookup.
    pub(in crate::operations) fn by_lookup(
        standing: Standing,
        failure: Option<Failure>,
        lookup: &Lookup,
        what: String,
    ) -> Self {
        Self {
            standing,
            claim: None,
            result: lookup.finding.receipt(),
            differs: lookup.finding.differences().to_vec(),
            failure,
            what,
            confirmed: standing.state == State::Succeeded && !lookup.by_message,
            proves: lookup.proves.clone(),
        }
    }
}

impl NotMade {
    /// A call that upstream refused because of a limit was made, and is inconclusive.
    fn of(failure: &Failure) -> Option<Self> {
        if failure.had_no_session() {
            return Some(Self(WITHOUT_SESSION));
        }
        failure
            .had_no_quota()
            .then(|| Self(Duration::from_secs(failure.retry_after.unwrap_or(1).max(1))))
    }
}

impl Observation {
    pub(super) fn of<T>(
        read: Result<T, ReadError>,
        found: impl Fn(T) -> Self,
    ) -> Result<Self, NotMade> {
        match read {
            Ok(read) => Ok(found(read)),
            Err(ReadError::NotFound { .. }) => Ok(Self::NotFound),
            Err(ReadError::Failed(failure)) => match NotMade::of(&failure) {
                Some(not_made) => Err(not_made),
                None => Ok(Self::Nothing(NOT_READ)),
            },
            Err(ReadError::OtherResource(_)) => Ok(Self::Nothing(OTHER_RESOURCE)),
        }
    }

    fn observed(&self) -> Observed<'_> {
        match self {
            Self::Order(order) | Self::ListedOrder(order) => Observed::Order(order),
            Self::Refunds(list) => Observed::Refunds(list),
            Self::Changes(list) => Observed::Changes(list),
            Self::Change(change) => Observed::Change(change),
            Self::NotFound => Observed::Absent,
            Self::Nothing(why) => Observed::Nothing(why),
        }
    }

    /// Fliggy's numbers of the objects that the operation may have created.
    fn numbers(&self, operation: &Operation) -> Vec<u64> {
        match self {
            Self::Order(order) | Self::ListedOrder(order)
                if operation.kind().creates() == Some(LookupKind::OrderByReference) =>
            {
                vec![order.order_id.get()]
            }
            Self::Refunds(list) => {
                let rows = list.refunds.iter();
                rows.map(|row| row.refund_order_no.get()).collect()
            }
            Self::Changes(list) => {
                let rows = list.changes.iter();
                rows.map(|row| row.change_order_no.get()).collect()
            }
            Self::Order(_)
            | Self::ListedOrder(_)
            | Self::Change(_)
            | Self::NotFound
            | Self::Nothing(_) => Vec::new(),
        }
    }

    /// Whether this kind of lookup found an object, which is then a control for other lookups.
    pub(super) fn found(&self, lookup: LookupKind) -> bool {
        match (self, lookup) {
            (Self::Order(_), LookupKind::OrderByReference) => true,
            (Self::Refunds(list), LookupKind::RefundsOfOrder) => !list.refunds.is_empty(),
            (Self::Changes(list), LookupKind::ChangesOfOrder) => !list.changes.is_empty(),
            (
                Self::Order(_)
                | Self::ListedOrder(_)
                | Self::Refunds(_)
                | Self::Changes(_)
                | Self::Change(_)
                | Self::NotFound
                | Self::Nothing(_),
                _,
            ) => false,
        }
    }
}

/// Whether upstream refused the operation. Then a lookup needs no control: the lookup only has to agree with the
/// refusal.
fn is_refused(operation: &Operation) -> bool {
    match operation.claim {
        Claim::Refused | Claim::RefusedUnlisted => true,
        Claim::Silence | Claim::Done => operation.standing.basis == Some(Basis::RefusedByGateway),
    }
}

fn earlier(sent: Timestamp, by: SignedDuration) -> LocalTime {
    LocalTime::from_timestamp(sent.checked_sub(by).unwrap_or(sent))
}

/// The first page of the orders booked between `before` the send and the latest time at which TOP may have executed
/// the send.
pub(super) fn orders_about(operation: &Operation, before: SignedDuration) -> OrderWindow {
    let sent = operation.sent_at.unwrap_or(operation.created_at);
    OrderWindow {
        booked_from: earlier(sent, before),
        booked_until: LocalTime::from_timestamp(sent.checked_add(SKEW).unwrap_or(sent)),
        status: None,
        page: 1,
        page_size: PAGE_SIZE,
    }
}

/// The pause of a lookup for which the account has no usable session. All lookups are due as soon as it has one.
const WITHOUT_SESSION: Duration = Duration::from_mins(1);
/// The maximum number of pages of the order list that are read.
const PAGES: u32 = 50;
const PAGE_SIZE: u32 = 50;

// === impl Operations ===

impl Operations {
    /// The moment at which a lookup of this operation begins.
    pub(in crate::operations) fn moment(&self, operation: &Operation) -> Moment {
        Moment {
            anchor: self.anchor(),
            after_deadline: self.until_deadline(operation).is_zero(),
            session: self.upstream.session_tag(&operation.account),
            control: Control::Untried,
        }
    }

    /// The time left until the deadline of the operation's send.
    pub(in crate::operations) fn until_deadline(&self, operation: &Operation) -> Duration {
        let sent = match operation.sent_steady_ms {
            Some(sent) if operation.boot == self.boot => sent,
            // An earlier process sent it, so at the latest when this process started.
            Some(_) | None => 0,
        };
        let since = Duration::from_millis(self.steady_ms().saturating_sub(sent));
        self.settings.deadline.saturating_sub(since)
    }

    /// Makes one lookup, at this moment. `options` select the share of the quota: lookups have a share of their own.
    pub(in crate::operations) async fn look_up(
        &self,
        operation: &Operation,
        moment: &Moment,
        options: ReadOptions<'static>,
    ) -> Lookup {
        match self.observe(operation, options).await {
            Ok(observation) => self.interpret(operation, moment, &observation).await,
            Err(NotMade(pause)) => Lookup::not_made(pause),
        }
    }

    /// Judges a read for an operation, which began at this moment.
    async fn interpret(
        &self,
        operation: &Operation,
        moment: &Moment,
        observation: &Observation,
    ) -> Lookup {
        if !self.is_still_in_force(&operation.account, moment) {
            return Lookup::nothing(SESSION_REPLACED);
        }
        let judged = self.judged(operation, observation).await;
        let Judged {
            finding,
            by_number_only,
            by_message,
        } = judged.unwrap_or(Judged {
            finding: Finding::Inconclusive(NO_JOURNAL),
            by_number_only: false,
            by_message: false,
        });
        metrics::counter!(
            crate::telemetry::metrics::LOOKUPS,
            "kind" => operation.kind().as_str(), "finding" => finding.word()
        )
        .increment(1);
        Lookup {
            finding,
            proves: self.proof(operation, moment, observation),
            by_number_only,
            by_message,
            not_made: None,
        }
    }

    /// Whether a message of TOP reported the payment that the operation requests.
    pub(in crate::operations) async fn is_paid_by_message(
        &self,
        operation: &Operation,
    ) -> Result<bool, JournalError> {
        if !operation.kind().moves_money() {
            return Ok(false);
        }
        let (kind, fact) = operation.kind().fact();
        let event = NewEvent {
            kind,
            subject: operation.intent.subject().text(),
            fact: fact.to_owned(),
        };
        self.journal
            .is_reported_by_message(&operation.account, event)
            .await
    }

    async fn judged(
        &self,
        operation: &Operation,
        observation: &Observation,
    ) -> Result<Judged, JournalError> {
        let account = &operation.account;
        let numbers = observation.numbers(operation);
        let mut created_by_others = Vec::new();
        if !numbers.is_empty() {
            let kind = operation.kind();
            let makers = self.journal.makers(account, kind, &numbers).await?;
            let others = makers.iter().filter(|(_, maker)| *maker != operation.id);
            created_by_others.extend(others.map(|(number, _)| *number));
        }
        let by_number_only = operation.state().is_settled()
            && operation.intent.number_among_several().is_some()
            && self.later(operation).await? == Later::HasAnotherNumber;
        let known = Known {
            baseline: &operation.baseline,
            created_by_others: &created_by_others,
            paid_by_message: false,
            by_number_only,
            made: operation.made(),
            not_before: operation.sent_at.map(|sent| earlier(sent, SKEW)),
        };
        let judge =
            |known: &Known<'_>| effect(&operation.intent).judge(known, &observation.observed());
        let mut finding = judge(&known);
        let shows_no_payment = !matches!(finding, Finding::Happened(_) | Finding::Differs(..));
        // A success that rests on a message is not confirmed by the same message.
        let mut by_message = false;
        if shows_no_payment
            && operation.state() != State::Succeeded
            && self.is_paid_by_message(operation).await?
        {
            let known = Known {
                paid_by_message: true,
                ..known
            };
            finding = judge(&known);
            by_message = matches!(finding, Finding::Happened(_));
        }
        finding = finding.with_travellers_of(&operation.intent);
        if let (Finding::Differs(receipt, _), Observed::Order(order)) =
            (&finding, observation.observed())
            && operation.kind().creates() == Some(LookupKind::OrderByReference)
            && self
                .journal
                .has_after_sales(account, order.order_id)
                .await?
        {
            // The order may differ from the booking because it was changed or refunded afterwards.
            finding = Finding::Happened(receipt.clone());
        }
        Ok(Judged {
            finding,
            by_number_only,
            by_message,
        })
    }

    /// What later operations on the subject mean for lookups of this operation.
    pub(in crate::operations) async fn later(
        &self,
        operation: &Operation,
    ) -> Result<Later, JournalError> {
        let later = self.journal.later_ones(operation).await?;
        Ok(later_of(&operation.intent, &later))
    }

    async fn observe(
        &self,
        operation: &Operation,
        options: ReadOptions<'static>,
    ) -> Result<Observation, NotMade> {
        let account = &operation.account;
        match effect(&operation.intent).target() {
            Target::Order(key) => {
                let observation = self.observe_order(account, &key, options).await?;
                match (observation, key) {
                    (Observation::NotFound, OrderKey::Reference(reference))
                        if !is_refused(operation) =>
                    {
                        self.absence(operation, &reference, options).await
                    }
                    (observation, OrderKey::Reference(_) | OrderKey::Id(_)) => Ok(observation),
                }
            }
            Target::Refunds(order_id) => {
                let read = self.upstream.read_refunds(account, order_id, options).await;
                Observation::of(read, |reply| Observation::Refunds(reply.answer))
            }
            Target::Changes(order_id) => {
                let read = self.upstream.read_changes(account, order_id, options).await;
                Observation::of(read, |reply| Observation::Changes(reply.answer))
            }
            Target::Change(change_order_no) => {
                let read = self.upstream.read_change(account, change_order_no, options);
                Observation::of(read.await, |reply| {
                    Observation::Change(Box::new(reply.answer))
                })
            }
        }
    }

    pub(super) async fn observe_order(
        &self,
        account: &AccountName,
        key: &OrderKey,
        options: ReadOptions<'static>,
    ) -> Result<Observation, NotMade> {
        let read = self.upstream.read_order(account, key, options).await;
        Observation::of(read, |found| Observation::Order(Box::new(found.answer)))
    }

    /// Handles an order that is not found by its reference. Unless a lookup by reference has found some order under the
    /// session in force, the order list around the time of the send is read too, because it may contain the order.
    async fn absence(
        &self,
        operation: &Operation,
        reference: &OutOrderNo,
        options: ReadOptions<'static>,
    ) -> Result<Observation, NotMade> {
        let account = &operation.account;
        match self
            .journal
            .proof(account, LookupKind::OrderByReference)
            .await
        {
            Ok(Some(proof)) if self.is_under_session_in_force(account, &proof) => {
                return Ok(Observation::NotFound);
            }
            Ok(_) => {}
            Err(_) => return Ok(Observation::Nothing(NO_JOURNAL)),
        }
        let mut window = orders_about(operation, SKEW);
        while window.page <= PAGES {
            let listed = match self.upstream.list_page(account, &window, options).await {
                Ok(reply) => reply.answer,
                Err(failure) => match NotMade::of(&failure) {
                    Some(not_made) => return Err(not_made),
                    None => {
                        return Ok(Observation::Nothing(
                            "the order is not found by its reference, and the order list could not be read",
                        ));
                    }
                },
            };
            let is_ours = |o: &OrderSummary| o.out_order_no.as_deref() == Some(reference.as_str());
            if let Some(row) = listed.orders.iter().find(|row| is_ours(row)) {
                let key = OrderKey::Id(row.order_id);
                return Ok(match self.observe_order(account, &key, options).await? {
                    Observation::Order(order) => Observation::ListedOrder(order),
                    _ => Observation::Nothing(
                        "the order list contains the order, but the order itself could not be read",
                    ),
                });
            }
            let is_last = listed.total_pages.is_none_or(|pages| window.page >= pages);
            if listed.orders.is_empty() || is_last {
                break;
            }
            window.page += 1;
        }
        Ok(Observation::NotFound)
    }

    /// Law 6: looks up the earlier operations whose effect this operation could repeat, before it is sent.
    pub(in crate::operations) async fn look_up_earlier(
        &self,
        operation: &Operation,
    ) -> Result<(), Failure> {
        let no_journal = |error| Failure::from(&error);
        let mut earlier = Vec::new();
        if let Some(named) = operation.retry_of {
            let found = self.journal.get(named).await.map_err(no_journal)?;
            earlier.push(found.ok_or_else(|| {
                Failure::of(Cause::ReadFailed)
                    .with_detail("the operation named in retry_of is not in the journal")
            })?);
        }
        let before = self.journal.earlier_ones(operation).await;
        let before = before.map_err(no_journal)?.into_iter();
        earlier.extend(before.filter(|one| {
            Some(one.id) != operation.retry_of && needs_lookup_first(&operation.intent, one)
        }));
        let mut listed = None;
        for one in earlier {
            if !self.upstream.has_account(&one.account) {
                return Err(Failure::of(Cause::ReadFailed)
                    .with_detail("the account of an earlier operation is no longer configured"));
            }
            let mut moment = self.moment(&one);
            let mut lookup = match &listed {
                // The list was read under the session of its own moment.
                Some((observation, session)) if *session == moment.session => {
                    self.interpret(&one, &moment, observation).await
                }
                Some(_) | None => match self.observe(&one, ReadOptions::CALLER).await {
                    Ok(observation) => {
                        let lookup = self.interpret(&one, &moment, &observation).await;
                        // One list shows all refunds or changes of an order.
                        listed = Some((observation, moment.session.clone()))
                            .filter(|_| one.intent.number_among_several().is_some());
                        lookup
                    }
                    Err(NotMade(_)) => return Err(Failure::of(Cause::RateLimited)),
                },
            };
            if one.standing.basis == Some(Basis::Absent)
                && matches!(lookup.finding, Finding::NotHappened(_))
            {
                self.try_control(&one, ReadOptions::CALLER, &mut lookup, &mut moment)
                    .await;
            }
            self.check_not_executed(one, lookup, &moment).await?;
        }
        Ok(())
    }

    /// Applies a lookup of an earlier operation, and fails unless that operation certainly had no effect. The new
    /// operation has sent nothing yet, so an effect that is found belongs to the earlier one.
    async fn check_not_executed(
        &self,
        mut earlier: Operation,
        lookup: Lookup,
        moment: &Moment,
    ) -> Result<(), Failure> {
        let finding = lookup.finding.clone();
        if !self.apply_lookup(&mut earlier, lookup, moment).await {
            return Err(Failure::of(Cause::JournalUnavailable));
        }
        let executed = |detail: String| Failure::of(Cause::EarlierHappened).with_detail(detail);
        match finding {
            Finding::Happened(_) | Finding::Differs(..) => Err(executed(format!(
                "the earlier operation {} was executed after all",
                earlier.id
            ))),
            // The current state is used, because another lookup may have contradicted the operation meanwhile.
            _ if !matches!(earlier.state(), State::Rejected | State::NotExecuted) => {
                Err(executed(format!(
                    "the earlier operation {} is now in state {}",
                    earlier.id,
                    earlier.state().as_str()
                )))
            }
            // `NoneKnown` is enough, because a person may have settled the operation without a control.
            Finding::NotHappened(_) => match moment.control {
                Control::Found | Control::NoneKnown | Control::Untried => Ok(()),
                Control::NotFound | Control::Inconclusive => {
                    Err(Failure::of(Cause::ReadFailed).with_detail(
                        "lookups do not find the effect of an earlier operation, but they do not find a known \
                         object of the account either",
                    ))
                }
            },
            Finding::Refuted(..) => Ok(()),
            // Upstream refused the earlier operation, and a lookup agreed with the refusal.
            Finding::Inconclusive(_) if earlier.state() == State::Rejected => Ok(()),
            Finding::Inconclusive(why) => Err(Failure::of(Cause::ReadFailed).with_detail(why)),
        }
    }
}
