//! Reads of refunds: a quote, the refunds of an order, or one refund.

use jiff::SignedDuration;

use super::selection::{check_segments, segment_ids, travellers, unnamed};
use crate::domain::ids::{AccountName, OrderId, RefundOrderNo};
use crate::domain::operation::{Cause, Failure};
use crate::domain::order::OrderPassenger;
use crate::domain::refund::quote_id::Quoted;
use crate::domain::refund::{
    QuoteId, Refund, RefundKind, RefundList, RefundQuote, RefundSelection,
};
use crate::domain::resource::Snapshot;
use crate::domain::time::LocalTime;
use crate::operations::classify::Missing;
use crate::operations::service::Operations;
use crate::operations::upstream::{ReadError, Upstream, check_same, unreadable_answer};
use crate::top::client::{ReadOptions, Reply};
use crate::top::lenient::Field;
use crate::top::method::Method;
use crate::top::wire::{RefundDetail, RefundList as RefundListMethod, RefundRender};
use crate::translate;
use crate::translate::refund_render::Rendered;

// === impl Upstream ===

impl Upstream {
    /// Quotes the refund of a selection.
    ///
    /// # Errors
    /// The failure, if there is no quote.
    pub async fn quote_refund(
        &self,
        account: &AccountName,
        order_id: OrderId,
        selection: RefundSelection,
        options: ReadOptions<'_>,
    ) -> Result<Reply<RefundQuote>, Failure> {
        let order = self
            .read_ticketed(account, order_id, Cause::OrderNotRefundable)
            .await?;
        let chosen = travellers(&order, &selection.passengers)?;
        check_segments(&order, selection.segments.iter().map(String::as_str))?;
        let Reply {
            answer: mut rendered,
            upstream,
        } = self
            .render_refund(account, order_id, &selection, &chosen, options)
            .await?;
        let quoted_segments = segment_ids(&order, &selection.segments);
        for passenger in &mut rendered.passengers {
            passenger.segment_ids.clone_from(&quoted_segments);
        }
        let now = self.clock.wall();
        let quoted = Quoted {
            order_id,
            selection,
            fee: rendered.fee,
            refundable: rendered.refundable,
            quoted_at: now.as_second(),
        };
        let quote_id = QuoteId::seal(self.hash_key(), account, &quoted)
            .ok_or_else(|| Failure::of(Cause::NotEncodable))?;
        let ttl = SignedDuration::try_from(self.refunds.quote_ttl);
        let valid_until = ttl.ok().and_then(|ttl| now.checked_add(ttl).ok());
        let kind = quoted.selection.kind;
        Ok(Reply {
            answer: RefundQuote {
                quote_id,
                order_id,
                kind,
                refundable: rendered.refundable,
                not_refundable_reason: rendered.not_refundable_reason,
                calculated: rendered.fee.amount().is_some(),
                fee: rendered.fee.amount(),
                refund_amount: rendered.refund_amount,
                passengers: rendered.passengers,
                segments: quoted.selection.segments,
                valid_until: LocalTime::from_timestamp(valid_until.unwrap_or(now)),
                attachment_wanted: kind.wants_attachment(),
            },
            upstream,
        })
    }

    /// Fliggy's computation of the fee and the amount for passengers of an order.
    pub(in crate::operations) async fn render_refund(
        &self,
        account: &AccountName,
        order_id: OrderId,
        selection: &RefundSelection,
        chosen: &[&OrderPassenger],
        options: ReadOptions<'_>,
    ) -> Result<Reply<Rendered>, Failure> {
        let code = self.refund_code(selection.kind)?;
        let request =
            translate::refund_render::request(order_id, code, chosen, &selection.segments)
                .map_err(unnamed)?;
        let Reply { answer, upstream } = self
            .ask::<RefundRender>(account, &request, options, Missing::Order)
            .await
            .map_err(ReadError::into_failure)?;
        check_same::<RefundRender, _, _>(&answer.order_id, &order_id, "order_id")
            .map_err(ReadError::into_failure)?;
        translate::refund_render::answer(answer, &self.context(account))
            .map(|answer| Reply { answer, upstream })
            .map_err(|unreadable| unreadable_answer(RefundRender::NAME, unreadable.field))
    }

    /// Fliggy's number for a kind of refund.
    pub(in crate::operations) fn refund_code(&self, kind: RefundKind) -> Result<i64, Failure> {
        self.vocabulary.refund_kinds.code(kind).ok_or_else(|| {
            Failure::of(Cause::KindNotMapped).with_detail(format!(
                "top.refund.kinds has no number for `{}`",
                kind.as_str()
            ))
        })
    }

    /// The refunds of an order, and upstream's own object if it was requested.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_refunds(
        &self,
        account: &AccountName,
        order_id: OrderId,
        options: ReadOptions<'_>,
    ) -> Result<Reply<RefundList>, ReadError> {
        let request = translate::refund_list::request(order_id);
        let read = self.ask_list::<RefundListMethod>(account, &request, options, Missing::Order);
        let Some(Reply { answer, upstream }) = read.await? else {
            return Ok(Reply::default());
        };
        for row in answer.refund_order_list.iter().flat_map(|list| &list.0) {
            check_same::<RefundListMethod, _, _>(&row.order_id, &order_id, "order_id")?;
        }
        let answer = translate::refund_list::answer(answer, &self.context(account)).map_err(
            |unreadable| {
                ReadError::Failed(unreadable_answer(RefundListMethod::NAME, unreadable.field))
            },
        )?;
        let seen = answer.refunds.iter().map(Snapshot::from);
        self.observer.observe(account, seen);
        Ok(Reply { answer, upstream })
    }

    /// One refund, as Fliggy reports it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(in crate::operations) async fn read_refund(
        &self,
        account: &AccountName,
        refund_order_no: RefundOrderNo,
        order_id: Option<OrderId>,
        options: ReadOptions<'_>,
    ) -> Result<Reply<Refund>, ReadError> {
        let request = translate::refund_detail::request(refund_order_no, order_id);
        let Reply {
            mut answer,
            upstream,
        } = self
            .ask::<RefundDetail>(account, &request, options, Missing::Refund)
            .await?;
        let received = &answer.refund_order_no;
        check_same::<RefundDetail, _, _>(received, &refund_order_no, "refund_order_no")?;
        if let Some(order_id) = &order_id {
            check_same::<RefundDetail, _, _>(&answer.order_id, order_id, "order_id")?;
        }
        // A response without a number is about the requested refund.
        if matches!(answer.refund_order_no, Field::Absent) {
            answer.refund_order_no = Field::Value(refund_order_no);
        }
        let answer = translate::refund_detail::answer(answer, &self.context(account)).map_err(
            |unreadable| ReadError::Failed(unreadable_answer(RefundDetail::NAME, unreadable.field)),
        )?;
        self.observer
            .observe(account, std::iter::once(Snapshot::from(&answer)));
        Ok(Reply { answer, upstream })
    }
}

// === impl Operations ===

impl Operations {
    /// One refund. `attachment_awaited` takes into account the attachments uploaded through this gateway.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_refund(
        &self,
        account: &AccountName,
        refund_order_no: RefundOrderNo,
        order_id: Option<OrderId>,
        options: ReadOptions<'_>,
    ) -> Result<Reply<Refund>, ReadError> {
        let upstream = self.upstream();
        let read = upstream.read_refund(account, refund_order_no, order_id, options);
        let mut reply = read.await?;
        let refund = &mut reply.answer;
        if let (Some(true), Some(order_id)) = (refund.attachment_awaited, refund.order_id) {
            // If the journal cannot be read, the attachment counts as not uploaded.
            let uploaded = self.journal.has_attachment(account, order_id).await;
            refund.attachment_awaited = Some(!uploaded.unwrap_or(false));
        }
        Ok(reply)
    }
}
