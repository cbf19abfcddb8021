//! Reads the result of a write again, so that a replayed success shows its current state.

use serde_json::value::RawValue;

use super::perform::Performed;
use crate::domain::change::ChangeReceipt;
use crate::domain::ids::AccountName;
use crate::domain::money::Money;
use crate::domain::operation::{DifferingField, Receipt, State};
use crate::domain::order::OrderReceipt;
use crate::domain::refund::RefundReceipt;
use crate::operations::reads::orders::OrderKey;
use crate::operations::service::Operations;
use crate::top::client::{ReadOptions, Reply};

// === impl Operations ===

impl Operations {
    /// Reads the result of a write again, and returns upstream's own object if it was requested. A replayed success
    /// shows the result that was read. The recorded result is kept if the read does not succeed in time, or if upstream
    /// returns another resource.
    pub async fn reread(
        &self,
        performed: &mut Performed,
        options: ReadOptions<'_>,
    ) -> Option<Box<RawValue>> {
        let operation = &mut performed.operation;
        if operation.state() != State::Succeeded {
            return None;
        }
        // Fees may have been confirmed meanwhile, so they are compared with the limit of the request.
        let limit = operation.intent.max_total();
        let recorded = operation.result.as_mut()?;
        let read = self.receipt_now(&operation.account, recorded, limit, options);
        // The outcome is known, so the response does not wait for retries or quota.
        let read = tokio::time::timeout(self.settings.deadline, read).await;
        let Reply { answer, upstream } = read.ok().flatten()?;
        if performed.replayed {
            let mut differs = operation.differs.iter();
            *recorded = if differs.any(|d| d.field == DifferingField::PassengerCount) {
                answer
            } else {
                answer.with_travellers_of(&operation.intent)
            };
        }
        upstream
    }

    async fn receipt_now(
        &self,
        account: &AccountName,
        recorded: &Receipt,
        limit: Option<Money>,
        options: ReadOptions<'_>,
    ) -> Option<Reply<Receipt>> {
        Some(match recorded {
            Receipt::Order(order) => {
                let key = OrderKey::Id(order.order_id);
                let found = self
                    .upstream
                    .read_order(account, &key, options)
                    .await
                    .ok()?;
                may_be_same(&order.out_order_no, &found.answer.out_order_no)?;
                let now = OrderReceipt::from(&found.answer);
                Reply {
                    answer: Receipt::Order(now),
                    upstream: found.upstream,
                }
            }
            Receipt::Refund(recorded) => {
                let (number, order) = (recorded.refund_order_no, Some(recorded.order_id));
                let read = self.read_refund(account, number, order, options);
                let found = read.await.ok()?;
                let now = found.answer;
                let receipt = RefundReceipt {
                    kind: now.kind.unwrap_or(recorded.kind),
                    status: now.status,
                    fee: now.fee,
                    refund_amount: now.refund_amount,
                    applied_at: now.applied_at,
                    refunded_at: now.refunded_at,
                    attachment_awaited: now
                        .attachment_awaited
                        .unwrap_or(recorded.attachment_awaited),
                    ..recorded.clone()
                };
                Reply {
                    answer: Receipt::Refund(receipt),
                    upstream: found.upstream,
                }
            }
            Receipt::Change(recorded) => {
                let read = self
                    .upstream
                    .read_change(account, recorded.change_order_no, options);
                let found = read.await.ok()?;
                let now = ChangeReceipt::of(&found.answer, limit);
                may_be_same(&recorded.order_id, &now.order_id)?;
                let receipt = ChangeReceipt {
                    fee_above_limit: now.fee_above_limit.or(recorded.fee_above_limit),
                    ..now
                };
                Reply {
                    answer: Receipt::Change(receipt),
                    upstream: found.upstream,
                }
            }
        })
    }
}

/// None if both are present and differ.
fn may_be_same<T: PartialEq>(recorded: &Option<T>, now: &Option<T>) -> Option<()> {
    let differ = recorded.is_some() && now.is_some() && recorded != now;
    (!differ).then_some(())
}
