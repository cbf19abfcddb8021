//! The inbox of TOP's messages.

use futures::future::BoxFuture;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

use super::writer::{Command, save};
use super::{SqliteJournal, failed, feed, ms_of, owners, resources, row};
use crate::domain::ids::AccountName;
use crate::domain::notice::Notice;
use crate::domain::operation::TimelineEntry;
use crate::domain::time::Rfc3339;
use crate::store::{
    Around, Content, Inbox, JournalError, MOST_QUARANTINED, MessageFilter, MessageState,
    NewMessage, Reception, Rereads, Save, Saved, StoredMessage, Waking, effects, resource_of,
    subjects,
};

impl Inbox for SqliteJournal {
    fn receive(
        &self,
        messages: Vec<NewMessage>,
        waking: Waking,
    ) -> BoxFuture<'_, Result<Vec<Reception>, JournalError>> {
        Box::pin(self.ask(|answer| Command::Receive(messages, Box::new(waking), answer)))
    }

    fn messages(
        &self,
        filter: MessageFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredMessage>, JournalError>> {
        self.reading(async move {
            let mut query: QueryBuilder<Sqlite> =
                QueryBuilder::new("SELECT * FROM inbox WHERE seq < ");
            query.push_bind(filter.before.unwrap_or(i64::MAX));
            if let Some(state) = filter.state {
                query.push(" AND state = ").push_bind(state.as_str());
            }
            query.push(" ORDER BY seq DESC LIMIT ");
            query.push_bind(i64::from(filter.limit));
            let found = self.rows(query).await?;
            found.iter().map(message).collect()
        })
    }

    fn quarantined(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.reading(async {
            sqlx::query_scalar("SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'")
                .fetch_one(&self.readers)
                .await
                .map_err(failed)
        })
    }

    fn forget_messages(
        &self,
        processed_before_ms: i64,
        quarantined_before_ms: i64,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        let before = [processed_before_ms, quarantined_before_ms];
        Box::pin(self.ask(move |answer| Command::ForgetMessages(before, answer)))
    }
}

fn message(line: &SqliteRow) -> Result<StoredMessage, JournalError> {
    let account: Option<String> = line.try_get("account").map_err(failed)?;
    let reason: Option<String> = line.try_get("reason").map_err(failed)?;
    let members: Option<&str> = line.try_get("members").map_err(failed)?;
    let published_at: Option<i64> = line.try_get("published_at").map_err(failed)?;
    Ok(StoredMessage {
        sequence: line.try_get("seq").map_err(failed)?,
        topic: line.try_get("topic").map_err(failed)?,
        id: line.try_get("id").map_err(failed)?,
        state: row::word(line.try_get("state").map_err(failed)?)?,
        reason: reason.map(row::word).transpose()?,
        members: members
            .map(|members| serde_json::from_str(members).map_err(failed))
            .transpose()?
            .unwrap_or_default(),
        account: account
            .map(|account| account.parse().map_err(failed))
            .transpose()?,
        user_id: line.try_get("user_id").map_err(failed)?,
        order_no: line.try_get("order_no").map_err(failed)?,
        published_at: published_at.map(row::time).transpose()?,
        received_at: row::time(line.try_get("received_at").map_err(failed)?)?,
        deliveries: line.try_get("deliveries").map_err(failed)?,
    })
}

/// Stores messages with their effects, in the open transaction.
pub(super) async fn receive(
    connection: &mut SqliteConnection,
    messages: &[NewMessage],
    waking: &Waking,
    rereads: Rereads,
) -> Result<Vec<Reception>, JournalError> {
    let mut receptions = Vec::with_capacity(messages.len());
    for message in messages {
        receptions.push(receive_one(connection, message, waking, rereads).await?);
    }
    Ok(receptions)
}

async fn receive_one(
    connection: &mut SqliteConnection,
    message: &NewMessage,
    waking: &Waking,
    rereads: Rereads,
) -> Result<Reception, JournalError> {
    let known: Option<String> =
        sqlx::query_scalar("SELECT state FROM inbox WHERE topic = ?1 AND id = ?2")
            .bind(&message.topic)
            .bind(id_of(message))
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed)?;
    let known: Option<MessageState> = known.map(row::word).transpose()?;
    store(connection, message, known).await?;
    match &message.content {
        Content::Notice { .. } if known == Some(MessageState::Processed) => Ok(Reception::Repeated),
        Content::Notice { account, notice } => {
            let woken = apply(connection, message, account, notice, waking, rereads).await?;
            Ok(Reception::Processed { woken })
        }
        Content::Quarantined { .. } if known == Some(MessageState::Processed) => {
            Ok(Reception::Repeated)
        }
        Content::Quarantined { .. } => Ok(Reception::Quarantined),
    }
}

fn id_of(message: &NewMessage) -> &str {
    match &message.content {
        Content::Notice { notice, .. } => &notice.id,
        Content::Quarantined { id, .. } => id.as_deref().unwrap_or(&message.digest),
    }
}

/// Inserts the message, or counts another delivery. What was processed stays so; what was quarantined may be readable now.
async fn store(
    connection: &mut SqliteConnection,
    message: &NewMessage,
    known: Option<MessageState>,
) -> Result<(), JournalError> {
    if known == Some(MessageState::Processed) {
        sqlx::query(
            "UPDATE inbox SET deliveries = deliveries + 1, delivered_at = ?3 WHERE topic = ?1 AND id = ?2",
        )
        .bind(&message.topic)
        .bind(id_of(message))
        .bind(ms_of(message.received_at))
        .execute(connection)
        .await
        .map_err(failed)?;
        return Ok(());
    }
    let (state, reason, members, account, order_no) = match &message.content {
        Content::Notice { account, notice } => {
            let order_no = notice.order.as_ref().map(|number| &*number.0);
            let account = Some(account.to_string());
            (MessageState::Processed, None, None, account, order_no)
        }
        Content::Quarantined {
            order_no,
            reason,
            members,
            ..
        } => {
            let members = serde_json::to_string(members).map_err(failed)?;
            let reason = row::word_of(reason)?;
            let state = MessageState::Quarantined;
            (
                state,
                Some(reason),
                Some(members),
                None,
                order_no.as_deref(),
            )
        }
    };
    if state == MessageState::Processed {
        // An earlier delivery may have been unreadable, for an earlier gateway.
        sqlx::query("DELETE FROM inbox WHERE topic = ?1 AND id = ?2")
            .bind(&message.topic)
            .bind(&message.digest)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    sqlx::query(
        "INSERT INTO inbox (topic, id, state, reason, members, account, user_id, order_no, published_at, received_at, \
         delivered_at, deliveries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 1) \
         ON CONFLICT (topic, id) DO UPDATE SET state = excluded.state, reason = excluded.reason, \
         members = excluded.members, account = excluded.account, user_id = excluded.user_id, \
         order_no = excluded.order_no, delivered_at = excluded.delivered_at, deliveries = deliveries + 1",
    )
    .bind(&message.topic)
    .bind(id_of(message))
    .bind(state.as_str())
    .bind(reason)
    .bind(members)
    .bind(account)
    .bind(message.user_id)
    .bind(order_no)
    .bind(message.published_at.map(ms_of))
    .bind(ms_of(message.received_at))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Applies a message. Returns the number of operations whose lookup is due now.
async fn apply(
    connection: &mut SqliteConnection,
    message: &NewMessage,
    account: &AccountName,
    notice: &Notice,
    waking: &Waking,
    rereads: Rereads,
) -> Result<usize, JournalError> {
    let around = around(connection, account, notice).await?;
    let effects = effects(notice, &around, rereads, waking);
    let context = feed::Context {
        account,
        order: &effects.order,
        operation_id: None,
        at: ms_of(message.received_at),
    };
    resources::apply(connection, &effects.changes, &context).await?;
    if let Some(event) = effects.evidence {
        feed::mark_reported(connection, account, &event).await?;
    }
    let mut woken = 0;
    for operation in effects.wake {
        let entry = TimelineEntry {
            at: Rfc3339(message.received_at),
            state: operation.state(),
            what: format!("TOP sent the message {} of {}", notice.id, message.topic),
        };
        let change = Save {
            operation,
            timeline: vec![entry],
            events: Vec::new(),
            proves: None,
            now_ms: waking.now_ms,
        };
        if let Saved::Done(_) = save(connection, &change, rereads).await? {
            woken += 1;
        }
    }
    Ok(woken)
}

/// The rows that decide what the message changes.
async fn around(
    connection: &mut SqliteConnection,
    account: &AccountName,
    notice: &Notice,
) -> Result<Around, JournalError> {
    let order = match &notice.order {
        Some(number) => owners::order_named(connection, account, &number.0).await?,
        None => None,
    };
    let subjects = subjects(notice, order.as_ref());
    let operations = resources::about(connection, account, &subjects).await?;
    let (mut tracked, mut change_was_paid) = (None, false);
    if let Some(resource) = resource_of(notice, order.as_ref()) {
        tracked = resources::find(&mut *connection, account, resource).await?;
        change_was_paid = resources::change_was_paid(connection, account, resource).await?;
    }
    Ok(Around {
        order,
        tracked,
        operations,
        change_was_paid,
    })
}

/// The maximum number of messages that one transaction deletes.
const FORGOTTEN_AT_ONCE: i64 = 256;

/// Deletes messages that were last delivered before these times (ms): of the processed, and of the quarantined ones.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    [processed_before, quarantined_before]: [i64; 2],
) -> Result<u64, JournalError> {
    let mut forgotten = 0;
    for (state, before) in [
        (MessageState::Processed, processed_before),
        (MessageState::Quarantined, quarantined_before),
    ] {
        let deleted = sqlx::query(
            "DELETE FROM inbox WHERE seq IN (SELECT seq FROM inbox WHERE state = ?1 AND delivered_at < ?2 \
             ORDER BY delivered_at LIMIT ?3)",
        )
        .bind(state.as_str())
        .bind(before)
        .bind(FORGOTTEN_AT_ONCE)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
        forgotten += deleted.rows_affected();
    }
    let surplus = sqlx::query(
        "DELETE FROM inbox WHERE seq IN (SELECT seq FROM inbox WHERE state = 'quarantined' ORDER BY seq DESC \
         LIMIT ?1 OFFSET ?2)",
    )
    .bind(FORGOTTEN_AT_ONCE)
    .bind(MOST_QUARANTINED)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(forgotten + surplus.rows_affected())
}
