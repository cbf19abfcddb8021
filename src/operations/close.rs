//! Closing an unpaid order (`alitrip.flight.service.close`).

use serde_json::{Map, Value};

use super::cause::Failure;
use super::classify::Reference;
use super::perform::{Read, Ready, Write};
use super::record::{Intent, Receipt};
use super::service::Operations;
use crate::domain::ids::{AccountName, HashKey, OrderId};
use crate::top::client::Account;
use crate::top::method::Method;
use crate::top::wire::Close as CloseMethod;
use crate::translate;

/// A wish to close an order.
#[derive(Debug)]
pub struct Close {
    /// The order.
    pub order_id: OrderId,
    /// Fields for the wire that the gateway does not know.
    pub extra: Option<Map<String, Value>>,
}

impl Write for Close {
    type Method = CloseMethod;

    fn intent(&self, _key: &HashKey, _account: &AccountName) -> Intent {
        Intent::Close {
            order_id: self.order_id,
        }
    }

    async fn request(
        &self,
        _operations: &Operations,
        _account: &Account,
    ) -> Result<Ready<<CloseMethod as Method>::Request>, Failure> {
        Ok(Ready::of(translate::close::request(self.order_id, None)))
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(&self, answer: <CloseMethod as Method>::Answer, operations: &Operations) -> Read {
        Read {
            reference: Reference::of(&answer.order_id, |told| *told == self.order_id),
            receipt: translate::close::answer(answer, self.order_id, None, &operations.statuses)
                .ok()
                .map(Receipt::Order),
        }
    }
}
