//! Creates a change (`alitrip.flight.change.order.create`): Fliggy checks that the ticket can be changed,
//! confirms the fees and holds the seat. Nothing is paid.

use std::collections::HashSet;

use crate::domain::change::{
    Change, ChangeList, ChangeReceipt, RequestedChange, flight_at, targets_fingerprint,
};
use crate::domain::operation::{Cause, Failure, Kind, Receipt, intent};
use crate::operations::reconcile::evidence::{
    CreatedNumbers, Effect, Finding, Known, Observed, Target,
};
use crate::operations::reconcile::newcomer::{Owner, only, owner};
use serde_json::{Map, Value};

use crate::domain::ids::{AccountName, HashKey};
use crate::domain::money::Money;
use crate::operations::classify::Reference;
use crate::operations::reads::selection::{
    baseline_of, check_segments, names_on, travellers, unnamed,
};
use crate::operations::upstream::Upstream;
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::ChangeCreate;
use crate::translate::{self, Context};

/// A change that has passed its checks.
#[derive(Debug)]
pub struct MakeChange {
    /// The requested change.
    pub requested: RequestedChange,
    /// The highest total that the caller accepts, yuan. A more expensive change is still created, and marked.
    pub max_total: Option<Money>,
    /// Fields for the wire object that the gateway does not interpret.
    pub extra: Option<Map<String, Value>>,
}

impl Write for MakeChange {
    type Method = ChangeCreate;
    type Intent = intent::Change;

    const KIND: Kind = Kind::Change;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> intent::Change {
        intent::Change {
            order_id: self.requested.order_id,
            out_change_no: self.requested.out_change_no.clone(),
            passengers: self.requested.passengers.clone(),
            targets: targets_fingerprint(&self.requested.targets),
            max_total: self.max_total,
        }
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<ChangeCreate as Method>::Request>, Failure> {
        let requested = &self.requested;
        let kind_code = upstream.change_code(requested.kind)?;
        let now = upstream.now();
        if requested
            .targets
            .iter()
            .any(|t| t.segment.departure_time <= now)
        {
            return Err(
                Failure::of(Cause::OrderNotChangeable).with_detail("a target flight has departed")
            );
        }
        let order = upstream
            .read_ticketed(account, requested.order_id, Cause::OrderNotChangeable)
            .await?;
        let chosen = travellers(&order, &requested.passengers)?;
        check_segments(
            &order,
            requested.targets.iter().map(|t| t.replaces.as_str()),
        )?;
        let contact = requested.contact.iter();
        let contact = contact.flat_map(|c| c.name.iter().chain([&c.mobile]));
        let names = names_on(&order).with(requested.remark.iter().chain(contact).cloned());
        let list = upstream
            .read_changes(account, requested.order_id, ReadOptions::CALLER)
            .await
            .map_err(|error| error.into_failure().masking(&names))?
            .answer;
        let rows = list.changes.iter();
        let baseline = baseline_of(
            &order,
            rows.map(|row| (row.change_order_no.get(), row.out_change_no.as_deref())),
            list.dropped,
            requested.out_change_no.as_str(),
            ("change", "change"),
        )?;
        let request =
            translate::change_create::request(requested, kind_code, &chosen).map_err(unnamed)?;
        Ok(Ready {
            names,
            baseline,
            ..Ready::of(request)
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(
        answer: <ChangeCreate as Method>::Answer,
        requested: &intent::Change,
        context: &Context<'_>,
    ) -> Read {
        let order = Reference::of(&answer.order_id, |id| *id == requested.order_id);
        let number = Reference::of(&answer.out_change_no, |number| {
            number == requested.out_change_no.as_str()
        });
        Read {
            reference: order.and(number),
            receipt: translate::change_create::answer(answer, requested, context)
                .ok()
                .map(Receipt::Change),
        }
    }
}

// === impl Effect ===

impl Effect for intent::Change {
    fn target(&self) -> Target {
        Target::Changes(self.order_id)
    }

    fn judge(&self, known: &Known<'_>, observed: &Observed<'_>) -> Finding {
        match observed {
            Observed::Changes(list) => created(self, known, list),
            // The order existed when the operation began, so its absence now is not evidence.
            Observed::Absent => Finding::Inconclusive("upstream no longer finds the order"),
            Observed::Order(_)
            | Observed::Refunds(_)
            | Observed::Change(_)
            | Observed::Nothing(_) => Finding::of_other(observed),
        }
    }

    fn unread(&self, made: CreatedNumbers) -> Result<Receipt, &'static str> {
        let number = made.change_order_no.ok_or("change_order_no")?;
        Ok(Receipt::Change(ChangeReceipt {
            out_change_no: Some(self.out_change_no.to_string()),
            passenger_ids: self.passengers.clone(),
            ..ChangeReceipt::unread(number, Some(self.order_id))
        }))
    }
}

/// Whether the change exists, whatever its status.
fn created(change: &intent::Change, known: &Known<'_>, list: &ChangeList) -> Finding {
    let intent::Change {
        order_id,
        out_change_no,
        passengers,
        targets,
        max_total,
    } = change;
    let new = list
        .changes
        .iter()
        .filter(|row| !known.excludes(row.change_order_no.get()));
    let owned = new.map(|row| {
        let reported = row.out_change_no.as_deref();
        let travellers = row.passengers.iter().map(|p| p.passenger_id.as_ref());
        let owner = match owner(
            reported,
            out_change_no.as_str(),
            travellers,
            passengers,
            &known.baseline.travellers,
        ) {
            // Reads already refuse a list with a row of another order. Such a row would show neither presence nor
            // absence.
            _ if row.order_id.is_some_and(|id| id != *order_id) => Owner::Unclear,
            _ if known.made == Some(row.change_order_no.get()) => Owner::Named,
            Owner::Likely if known.by_number_only => Owner::Unclear,
            // The passengers are ours, but the flights are not.
            Owner::Likely if has_other_flights(row, targets) => Owner::Unclear,
            owner => owner,
        };
        let receipt = Receipt::Change(ChangeReceipt::of(row, *max_total));
        (owner, receipt)
    });
    only(owned, list.dropped, "the order has no such change")
}

/// Whether Fliggy reports the flights of the change, and these are not the requested flights.
fn has_other_flights(change: &Change, targets: &[String]) -> bool {
    let reported: Option<HashSet<String>> = change
        .segments
        .iter()
        .map(|s| {
            let flight = s.marketing_flight_no.as_ref()?;
            Some(flight_at(flight, s.departure_time?))
        })
        .collect();
    let requested: HashSet<String> = targets.iter().cloned().collect();
    reported.is_some_and(|reported| !reported.is_empty() && reported != requested)
}
