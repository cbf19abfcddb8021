//! The control of a lookup that found nothing: whether it would have found an existing object.

use std::time::Duration;

use jiff::SignedDuration;

use super::decide::{Control, Moment};
use super::lookup::{Lookup, NotMade, Observation, orders_about};
use crate::domain::ids::{AccountName, OrderId, OutOrderNo};
use crate::domain::operation::{LookupKind, Operation, Proof};
use crate::operations::reads::orders::OrderKey;
use crate::operations::service::{Operations, millis};
use crate::top::client::ReadOptions;

/// The maximum age of a control.
const CONTROL_AGE: Duration = Duration::from_mins(5);
/// How long ago an order may have been booked to serve as a control.
const CONTROL_DAYS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether a control that was found at this store time is recent enough. A time in the future comes from a process with
/// a wrong clock, so the age of that control is not known.
fn is_recent(now_ms: i64, at_ms: i64) -> bool {
    (0..=millis(CONTROL_AGE)).contains(&now_ms.saturating_sub(at_ms))
}

// === impl Operations ===

impl Operations {
    /// Finds out whether a lookup that found nothing would have found an existing object.
    pub(in crate::operations) async fn try_control(
        &self,
        operation: &Operation,
        options: ReadOptions<'static>,
        lookup: &mut Lookup,
        moment: &mut Moment,
    ) {
        if lookup.proves.is_some() {
            // The list that was read contains other objects, which are the control.
            moment.control = Control::Found;
        } else {
            (moment.control, lookup.proves) = self.control(operation, moment, options).await;
            if !self.is_still_in_force(&operation.account, moment) {
                (moment.control, lookup.proves) = (Control::Inconclusive, None);
            }
        }
    }

    /// The control of a lookup that found nothing: a known object of the account, found by the same method and the same
    /// kind of key within the last five minutes, under the session in force. An object that was not found recently is
    /// looked up now.
    async fn control(
        &self,
        operation: &Operation,
        moment: &Moment,
        options: ReadOptions<'static>,
    ) -> (Control, Option<Proof>) {
        let account = &operation.account;
        let Some(lookup) = operation.kind().creates() else {
            return (Control::Found, None);
        };
        let Ok(known) = self.journal.proof(account, lookup).await else {
            return (Control::Inconclusive, None);
        };
        // An object cannot be its own control.
        let own = operation.intent.subject().text();
        let known = known.filter(|proof| proof.key != own);
        if let Some(proof) = &known
            && self.is_under_session_in_force(account, proof)
            && is_recent(self.store_ms(), proof.at_ms)
        {
            return (Control::Found, None);
        }
        let key = match (known, lookup) {
            (Some(proof), _) => proof.key,
            (None, LookupKind::OrderByReference) => {
                match self.listed_reference(operation, &own, options).await {
                    Ok(reference) => reference,
                    Err(why) => return (why, None),
                }
            }
            (None, LookupKind::RefundsOfOrder | LookupKind::ChangesOfOrder) => {
                return (Control::NoneKnown, None);
            }
        };
        let control = self.look_up_control(lookup, &key, account, options).await;
        let found = control == Control::Found;
        (control, found.then(|| self.proof_of(lookup, key, moment)))
    }

    /// The reference of another order of the last seven days, for use as a control if none is known yet.
    async fn listed_reference(
        &self,
        operation: &Operation,
        own: &str,
        options: ReadOptions<'static>,
    ) -> Result<String, Control> {
        let window = orders_about(operation, CONTROL_DAYS);
        let page = self
            .upstream
            .list_page(&operation.account, &window, options);
        let listed = page.await.map_err(|_| Control::Inconclusive)?.answer;
        let mut references = listed.orders.into_iter().filter_map(|row| row.out_order_no);
        let other = references.find(|reference| reference != own);
        other.ok_or(Control::NoneKnown)
    }

    /// Looks up an object that is known to exist.
    async fn look_up_control(
        &self,
        lookup: LookupKind,
        key: &str,
        account: &AccountName,
        options: ReadOptions<'static>,
    ) -> Control {
        let observation = match (lookup, key.parse::<OutOrderNo>(), key.parse::<OrderId>()) {
            (LookupKind::OrderByReference, Ok(reference), _) => {
                self.observe_order(account, &OrderKey::Reference(reference), options)
                    .await
            }
            (LookupKind::RefundsOfOrder, _, Ok(order_id)) => {
                let read = self.upstream.read_refunds(account, order_id, options).await;
                Observation::of(read, |reply| Observation::Refunds(reply.answer))
            }
            (LookupKind::ChangesOfOrder, _, Ok(order_id)) => {
                let read = self.upstream.read_changes(account, order_id, options).await;
                Observation::of(read, |reply| Observation::Changes(reply.answer))
            }
            // A key that does not parse is never stored.
            (
                LookupKind::OrderByReference
                | LookupKind::RefundsOfOrder
                | LookupKind::ChangesOfOrder,
                ..,
            ) => {
                return Control::NoneKnown;
            }
        };
        match observation {
            Ok(observation) if observation.found(lookup) => Control::Found,
            Ok(Observation::Nothing(_)) | Err(NotMade(_)) => Control::Inconclusive,
            Ok(_) => Control::NotFound,
        }
    }

    /// Whether the control was found under the session that is in force now.
    pub(super) fn is_under_session_in_force(&self, account: &AccountName, proof: &Proof) -> bool {
        proof.session.is_some() && proof.session == self.upstream.session_tag(account)
    }

    /// Whether the session that was in force at this moment still is, so that everything read since was read under it.
    pub(super) fn is_still_in_force(&self, account: &AccountName, moment: &Moment) -> bool {
        self.upstream.session_tag(account) == moment.session
    }

    fn proof_of(&self, lookup: LookupKind, key: String, moment: &Moment) -> Proof {
        Proof {
            lookup,
            key,
            session: moment.session.clone(),
            at_ms: self.store_ms(),
        }
    }

    /// The object that the lookup of an operation found, as a control for other lookups.
    pub(super) fn proof(
        &self,
        operation: &Operation,
        moment: &Moment,
        observation: &Observation,
    ) -> Option<Proof> {
        let lookup = operation
            .kind()
            .creates()
            .filter(|lookup| observation.found(*lookup))?;
        let key = operation.intent.subject().text();
        Some(self.proof_of(lookup, key, moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn law_5_a_control_is_at_most_five_minutes_old() {
        let now = 1_000_000_000;
        for (age, recent) in [(0, true), (300_000, true), (300_001, false), (-1, false)] {
            assert_eq!(is_recent(now, now - age), recent, "{age}");
        }
    }
}
