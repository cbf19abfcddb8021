//! Making a change (`alitrip.flight.change.order.create`): it checks that the ticket can be changed,
//! confirms the fees and holds the seat. Nothing is paid by it.

use serde_json::{Map, Value};

use crate::domain::change::{ChangeWish, targets_fingerprint};
use crate::domain::ids::{AccountName, HashKey};
use crate::domain::money::Money;
use crate::domain::operation::{Cause, Failure, Intent, Receipt};
use crate::operations::classify::Reference;
use crate::operations::reads::selection::{
    baseline_of, check_segments, names_on, travellers, unnamed,
};
use crate::operations::upstream::Upstream;
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::client::ReadOptions;
use crate::top::method::Method;
use crate::top::wire::ChangeCreate;
use crate::translate;

/// A change that has passed its checks.
#[derive(Debug)]
pub struct MakeChange {
    /// What is to be changed.
    pub wish: ChangeWish,
    /// What the caller wants to pay at most, yuan. A dearer change is made all the same, and marked.
    pub max_total: Option<Money>,
    /// Fields for the wire that the gateway does not know.
    pub extra: Option<Map<String, Value>>,
}

impl Write for MakeChange {
    type Method = ChangeCreate;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> Intent {
        Intent::Change {
            order_id: self.wish.order_id,
            out_change_no: self.wish.out_change_no.clone(),
            passengers: self.wish.passengers.clone(),
            targets: targets_fingerprint(&self.wish.targets),
            max_total: self.max_total,
        }
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<ChangeCreate as Method>::Request>, Failure> {
        let wish = &self.wish;
        let kind_code = upstream.change_code(wish.kind)?;
        let now = upstream.now();
        if wish.targets.iter().any(|t| t.segment.departure_time <= now) {
            return Err(Failure::of(Cause::OrderNotChangeable)
                .with_detail("a flight that is changed to has departed"));
        }
        let order = upstream
            .read_ticketed(account, wish.order_id, Cause::OrderNotChangeable)
            .await?;
        let chosen = travellers(&order, &wish.passengers)?;
        check_segments(&order, wish.targets.iter().map(|t| t.replaces.as_str()))?;
        let contact = wish.contact.iter();
        let contact = contact.flat_map(|c| c.name.iter().chain([&c.mobile]));
        let names = names_on(&order).with(wish.remark.iter().chain(contact).cloned());
        let list = upstream
            .read_changes(account, wish.order_id, ReadOptions::CALLER)
            .await
            .map_err(|error| error.into_failure().masking(&names))?
            .answer;
        let rows = list.changes.iter();
        let baseline = baseline_of(
            &order,
            rows.map(|row| (row.change_order_no.get(), row.out_change_no.as_deref())),
            list.dropped,
            wish.out_change_no.as_str(),
            ("change", "change"),
        )?;
        let request =
            translate::change_create::request(wish, kind_code, &chosen).map_err(unnamed)?;
        Ok(Ready {
            names,
            baseline,
            ..Ready::of(request)
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(&self, answer: <ChangeCreate as Method>::Answer, _upstream: &Upstream) -> Read {
        let order = Reference::of(&answer.order_id, |told| *told == self.wish.order_id);
        let number = Reference::of(&answer.out_change_no, |told| {
            told == self.wish.out_change_no.as_str()
        });
        Read {
            reference: order.and(number),
            receipt: translate::change_create::answer(answer, &self.wish, self.max_total)
                .ok()
                .map(Receipt::Change),
        }
    }
}
