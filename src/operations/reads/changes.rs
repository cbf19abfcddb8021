//! Reads of changes: all of an order, or one by its number.

use crate::domain::change::{Change, ChangeKind, ChangeList};
use crate::domain::ids::{AccountName, ChangeOrderNo, OrderId};
use crate::domain::operation::{Cause, Failure};
use crate::domain::resource::Snapshot;
use crate::operations::classify::Missing;
use crate::operations::upstream::{ReadError, Upstream, check_same, unreadable_answer};
use crate::top::client::{ReadOptions, Reply};
use crate::top::method::Method;
use crate::top::wire::ChangeQuery;
use crate::translate;

// === impl Upstream ===

impl Upstream {
    /// The changes of an order, and upstream's own object if it was requested.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_changes(
        &self,
        account: &AccountName,
        order_id: OrderId,
        options: ReadOptions<'_>,
    ) -> Result<Reply<ChangeList>, ReadError> {
        self.query_changes(account, Some(order_id), None, options, Missing::Order)
            .await
    }

    /// One change. An empty list means that there is no such change.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_change(
        &self,
        account: &AccountName,
        change_order_no: ChangeOrderNo,
        options: ReadOptions<'_>,
    ) -> Result<Reply<Change>, ReadError> {
        let Reply {
            answer: list,
            upstream,
        } = self
            .query_changes(
                account,
                None,
                Some(change_order_no),
                options,
                Missing::Change,
            )
            .await?;
        let dropped = list.dropped;
        let is_requested = |change: &Change| change.change_order_no == change_order_no;
        match list.changes.into_iter().find(is_requested) {
            Some(answer) => Ok(Reply { answer, upstream }),
            None if dropped > 0 => Err(ReadError::Failed(unreadable_answer(
                ChangeQuery::NAME,
                "change_order_list",
            ))),
            None => Err(ReadError::NotFound {
                failure: Failure::of(Cause::ChangeNotFound),
                by_configuration: false,
            }),
        }
    }

    async fn query_changes(
        &self,
        account: &AccountName,
        order_id: Option<OrderId>,
        change_order_no: Option<ChangeOrderNo>,
        options: ReadOptions<'_>,
        about: Missing,
    ) -> Result<Reply<ChangeList>, ReadError> {
        let request = translate::change_query::request(order_id, change_order_no);
        let read = self.ask_list::<ChangeQuery>(account, &request, options, about);
        let Some(Reply { answer, upstream }) = read.await? else {
            return Ok(Reply::default());
        };
        for row in answer.change_order_list.iter().flat_map(|list| &list.0) {
            if let Some(requested) = &order_id {
                check_same::<ChangeQuery, _, _>(&row.order_id, requested, "order_id")?;
            }
            if let Some(requested) = &change_order_no {
                check_same::<ChangeQuery, _, _>(
                    &row.change_order_no,
                    requested,
                    "change_order_no",
                )?;
            }
        }
        let answer = translate::change_query::answer(answer, &self.context(account)).map_err(
            |unreadable| ReadError::Failed(unreadable_answer(ChangeQuery::NAME, unreadable.field)),
        )?;
        let seen = answer.changes.iter().map(Snapshot::from);
        self.observer.observe(account, seen);
        Ok(Reply { answer, upstream })
    }

    /// Fliggy's number for a kind of change.
    pub(in crate::operations) fn change_code(&self, kind: ChangeKind) -> Result<i64, Failure> {
        self.vocabulary.change_kinds.code(kind).ok_or_else(|| {
            Failure::of(Cause::KindNotMapped).with_detail(format!(
                "top.change.kinds has no number for `{}`",
                kind.as_str()
            ))
        })
    }
}
