//! The only writer of the journal. It is never cancelled. It drains its queue into one transaction and acknowledges
//! after the commit, so many changes share one fsync.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{gauge, histogram};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::health::Health;
use super::{
    api_keys, attachments, failed, feed, inbox, ms_of, open, owners, resources, row, schedule,
    sessions, timeline, webhooks,
};
use crate::domain::api_key::{ApiKey, KeyDigest};
use crate::domain::attachment::KeptAttachment;
use crate::domain::ids::{OperationId, WebhookId};
use crate::domain::operation::{
    Baseline, Basis, Operation, OrderNumbers, OwnershipFact, SessionTag, State,
};
use crate::domain::session::StoredSession;
use crate::domain::webhook::{Outcome, Webhook};
use crate::kill_point::{Point, reach};
use crate::store::accept::{self, Conflicts, Placed};
use crate::store::{
    Acceptance, Attempted, Creation, Enqueue, JournalError, Known, NewMessage, NewOperation,
    Observed, Publication, Reception, Rereads, Save, Saved, SavedApiKey, SavedSession,
    SavedWebhook, Waking,
};
use crate::telemetry::metrics::{JOURNAL_COMMIT_SECONDS, JOURNAL_QUEUE};

type Answer<T> = oneshot::Sender<Result<T, JournalError>>;

/// A change for the writer. Its caller waits for the result.
pub(super) enum Command {
    Accept(Box<NewOperation>, Answer<Acceptance>),
    Save(Box<Save>, Answer<Saved>),
    Attachment(Box<KeptAttachment>, Answer<()>),
    Publish(Vec<Publication>, Answer<()>),
    Receive(Vec<NewMessage>, Box<Waking>, Answer<Vec<Reception>>),
    ForgetMessages([i64; 2], Answer<u64>),
    Observe(Vec<Observed>, Answer<()>),
    TrimEvents(i64, Answer<u64>),
    CreateWebhook(Box<Webhook>, u32, Answer<Creation>),
    SaveWebhook(Box<Webhook>, Answer<SavedWebhook>),
    DeleteWebhook(WebhookId, Answer<bool>),
    Enqueue(Box<Enqueue>, Answer<bool>),
    RecordAttempt(Box<Attempted>, Answer<bool>),
    ForgetDeliveries(i64, Answer<u64>),
    SaveSession(Box<StoredSession>, Answer<SavedSession>),
    SaveApiKey(Box<ApiKey>, Timestamp, Answer<SavedApiKey>),
    MarkUsed(Vec<(KeyDigest, Timestamp)>, Answer<()>),
    Renew(String, i64, Answer<()>),
    WakeAll(i64, Answer<()>),
    Prune(i64, Answer<u64>),
    Probe(Answer<()>),
    Stop(oneshot::Sender<()>),
}

impl Command {
    /// Whether the command begins an operation or a send.
    fn begins(&self) -> bool {
        match self {
            Self::Accept(..) | Self::Probe(_) => true,
            // TOP deletes a message once it is confirmed, so it must be in a sound journal.
            Self::Receive(..) => true,
            Self::Save(change, _) => change.operation.state() == State::Sending,
            Self::Attachment(..)
            | Self::Publish(..)
            | Self::Observe(..)
            | Self::ForgetMessages(..)
            | Self::TrimEvents(..)
            | Self::CreateWebhook(..)
            | Self::SaveWebhook(..)
            | Self::DeleteWebhook(..)
            | Self::Enqueue(..)
            | Self::RecordAttempt(..)
            | Self::ForgetDeliveries(..)
            | Self::SaveSession(..)
            | Self::SaveApiKey(..)
            | Self::MarkUsed(..)
            | Self::Renew(..)
            | Self::WakeAll(..)
            | Self::Prune(..)
            | Self::Stop(_) => false,
        }
    }

    /// Whether the command may add events to the feed.
    fn adds_events(&self) -> bool {
        match self {
            Self::Save(change, _) => !change.events.is_empty(),
            Self::Publish(events, _) => !events.is_empty(),
            Self::Receive(messages, ..) => !messages.is_empty(),
            Self::Observe(observed, _) => observed.iter().any(|one| !one.snapshots.is_empty()),
            // An attempt that fails may be the last one of its delivery or webhook.
            Self::RecordAttempt(attempted, _) => {
                attempted.attempt.result.outcome != Outcome::Delivered
            }
            Self::Accept(..)
            | Self::Attachment(..)
            | Self::ForgetMessages(..)
            | Self::TrimEvents(..)
            | Self::CreateWebhook(..)
            | Self::SaveWebhook(..)
            | Self::DeleteWebhook(..)
            | Self::Enqueue(..)
            | Self::ForgetDeliveries(..)
            | Self::SaveSession(..)
            | Self::SaveApiKey(..)
            | Self::MarkUsed(..)
            | Self::Renew(..)
            | Self::WakeAll(..)
            | Self::Prune(..)
            | Self::Probe(_)
            | Self::Stop(_) => false,
        }
    }
}

/// The maximum number of changes in one transaction.
const BATCH: usize = 512;

/// How often the files are checked while nothing is written.
const CHECK_EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(
    mut connection: SqliteConnection,
    mut queue: mpsc::Receiver<Command>,
    health: Arc<Health>,
    committed: watch::Sender<u64>,
    rereads: Rereads,
) {
    // Called only for its log lines.
    let _ = health.fit();
    let mut batch = Vec::with_capacity(BATCH);
    let mut stop = None;
    while stop.is_none() {
        match timeout(CHECK_EVERY, queue.recv_many(&mut batch, BATCH)).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(_) => {
                let _ = health.fit();
                continue;
            }
        }
        gauge!(JOURNAL_QUEUE).set(u32::try_from(queue.len()).unwrap_or(u32::MAX));
        let mut work = Vec::with_capacity(batch.len());
        for command in batch.drain(..) {
            match command {
                Command::Stop(answer) => stop = Some(answer),
                other => work.push(other),
            }
        }
        let work = permitted(work, &health);
        commit(&mut connection, work, rereads, &health, &committed).await;
    }
    let closed = open::mark_closed(&mut connection).await;
    let closed = closed.and(connection.close().await.map_err(failed));
    if let Err(error) = closed {
        tracing::warn!(%error, "the journal was not closed cleanly");
    }
    if let Some(answer) = stop {
        // The caller may have stopped waiting.
        let _ = answer.send(());
    }
}

/// While the journal is unhealthy, refuses commands that begin an operation or a send. Other commands continue:
/// the outcome of a send is evidence, so it is saved as long as the open file accepts it.
fn permitted(work: Vec<Command>, health: &Health) -> Vec<Command> {
    if !work.iter().any(Command::begins) {
        return work;
    }
    let Err(error) = health.fit() else {
        return work;
    };
    let (refused, rest): (Vec<_>, _) = work.into_iter().partition(Command::begins);
    for command in refused {
        refuse(command, &error);
    }
    rest
}

/// Commits all commands in one transaction. If this fails, commits each command separately, so that one bad change
/// does not fail the others and each command gets its own result.
async fn commit(
    connection: &mut SqliteConnection,
    work: Vec<Command>,
    rereads: Rereads,
    health: &Health,
    committed: &watch::Sender<u64>,
) {
    if work.is_empty() {
        return;
    }
    // Before the replies, so that a caller who knows of a change finds its events. Also after an error: SQLite may have
    // committed before it.
    let announce = |work: &[Command]| {
        if work.iter().any(Command::adds_events) {
            committed.send_modify(|count| *count += 1);
        }
    };
    let started = std::time::Instant::now();
    let ended = health.noted(transaction(connection, &work, rereads).await);
    announce(&work);
    match ended {
        Ok(results) => {
            histogram!(JOURNAL_COMMIT_SECONDS).record(started.elapsed().as_secs_f64());
            reply(work, results);
        }
        Err(error) if work.len() == 1 => {
            tracing::error!(%error, "a change was not committed to the journal");
            for command in work {
                refuse(command, &error);
            }
        }
        Err(_) => {
            for command in work {
                let one = [command];
                let ended = health.noted(transaction(connection, &one, rereads).await);
                announce(&one);
                let [command] = one;
                match ended {
                    Ok(results) => reply(vec![command], results),
                    Err(error) => {
                        tracing::error!(%error, "a change was not committed to the journal");
                        refuse(command, &error);
                    }
                }
            }
        }
    }
}

/// The result of one command, which is sent to the caller after the commit is on disk.
pub(super) enum Done {
    Accept(Acceptance),
    Save(Saved),
    Prune(u64),
    Receive(Vec<Reception>),
    CreateWebhook(Creation),
    SaveWebhook(SavedWebhook),
    SaveSession(SavedSession),
    SaveApiKey(SavedApiKey),
    Changed(bool),
    Nothing,
}

/// Runs all commands in one transaction, or none of them.
///
/// Uses SQL instead of the driver's transactions: on a full disk or a failed write SQLite may roll back by
/// itself, and a driver that counts transactions would then refuse every later transaction until the process is
/// restarted.
pub(super) async fn transaction(
    connection: &mut SqliteConnection,
    work: &[Command],
    rereads: Rereads,
) -> Result<Vec<Done>, JournalError> {
    let ended = match control(connection, "BEGIN IMMEDIATE").await {
        Ok(()) => committed(connection, work, rereads).await,
        Err(error) => Err(error),
    };
    if ended.is_err() {
        // After a full disk, SQLite may have ended the transaction already. Then this statement fails harmlessly.
        let _ = control(connection, "ROLLBACK").await;
    }
    ended
}

async fn control(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), JournalError> {
    let done = sqlx::query(sql).execute(&mut *connection).await;
    done.map(drop).map_err(failed)
}

/// Runs the commands in the open transaction and commits it.
async fn committed(
    connection: &mut SqliteConnection,
    work: &[Command],
    rereads: Rereads,
) -> Result<Vec<Done>, JournalError> {
    let mut done = Vec::with_capacity(work.len());
    for command in work {
        done.push(match command {
            Command::Accept(new, _) => Done::Accept(accept(connection, new).await?),
            Command::Save(change, _) => Done::Save(save(connection, change, rereads).await?),
            Command::Attachment(attachment, _) => {
                attachments::keep(connection, attachment).await?;
                Done::Nothing
            }
            Command::Publish(events, _) => {
                feed::publish(connection, events).await?;
                Done::Nothing
            }
            Command::Receive(messages, waking, _) => {
                Done::Receive(inbox::receive(connection, messages, waking, rereads).await?)
            }
            Command::Observe(observed, _) => {
                resources::observe(connection, observed, rereads).await?;
                Done::Nothing
            }
            Command::ForgetMessages(before, _) => {
                Done::Prune(inbox::forget(connection, *before).await?)
            }
            Command::TrimEvents(before, _) => Done::Prune(feed::trim(connection, *before).await?),
            Command::CreateWebhook(webhook, most, _) => {
                Done::CreateWebhook(webhooks::create(connection, webhook, *most).await?)
            }
            Command::SaveWebhook(webhook, _) => {
                Done::SaveWebhook(webhooks::save(connection, webhook).await?)
            }
            Command::DeleteWebhook(id, _) => {
                Done::Changed(webhooks::delete(connection, *id).await?)
            }
            Command::Enqueue(enqueue, _) => {
                Done::Changed(webhooks::enqueue(connection, enqueue).await?)
            }
            Command::RecordAttempt(attempted, _) => {
                Done::Changed(webhooks::record(connection, attempted).await?)
            }
            Command::ForgetDeliveries(before, _) => {
                Done::Prune(webhooks::forget(connection, *before).await?)
            }
            Command::SaveSession(session, _) => {
                Done::SaveSession(sessions::save(connection, session).await?)
            }
            Command::SaveApiKey(key, now, _) => {
                Done::SaveApiKey(api_keys::save(connection, key, *now).await?)
            }
            Command::MarkUsed(used, _) => {
                api_keys::mark_used(connection, used).await?;
                Done::Nothing
            }
            Command::Renew(instance, until, _) => {
                schedule::renew(connection, instance, *until).await?;
                Done::Nothing
            }
            Command::WakeAll(now, _) => {
                schedule::wake_all(connection, *now).await?;
                Done::Nothing
            }
            Command::Prune(now, _) => Done::Prune(schedule::prune(connection, *now).await?),
            Command::Probe(_) => {
                probe(connection).await?;
                Done::Nothing
            }
            Command::Stop(_) => Done::Nothing,
        });
    }
    let accepts = work.iter().any(|c| matches!(c, Command::Accept(..)));
    let saves = work.iter().any(|c| matches!(c, Command::Save(..)));
    let receives = work.iter().any(|c| matches!(c, Command::Receive(..)));
    let authorises = work.iter().any(|c| matches!(c, Command::SaveSession(..)));
    if accepts {
        reach(Point::AcceptCommit).await;
    }
    if saves {
        reach(Point::SaveCommit).await;
    }
    if receives {
        reach(Point::InboxCommit).await;
    }
    if authorises {
        reach(Point::SessionCommit).await;
    }
    control(connection, "COMMIT").await?;
    if accepts {
        reach(Point::AcceptCommitted).await;
    }
    if saves {
        reach(Point::SaveCommitted).await;
    }
    if receives {
        reach(Point::InboxCommitted).await;
    }
    if authorises {
        reach(Point::SessionCommitted).await;
    }
    Ok(done)
}

/// Sends each result to its caller. This fails only if the caller is gone; the change is committed nevertheless.
fn reply(work: Vec<Command>, done: Vec<Done>) {
    for (command, done) in work.into_iter().zip(done) {
        match (command, done) {
            (Command::Accept(_, answer), Done::Accept(result)) => drop(answer.send(Ok(result))),
            (Command::Save(_, answer), Done::Save(saved)) => drop(answer.send(Ok(saved))),
            (
                Command::Prune(_, answer)
                | Command::ForgetMessages(_, answer)
                | Command::TrimEvents(_, answer)
                | Command::ForgetDeliveries(_, answer),
                Done::Prune(count),
            ) => drop(answer.send(Ok(count))),
            (Command::CreateWebhook(.., answer), Done::CreateWebhook(creation)) => {
                drop(answer.send(Ok(creation)));
            }
            (Command::SaveWebhook(_, answer), Done::SaveWebhook(saved)) => {
                drop(answer.send(Ok(saved)));
            }
            (Command::SaveSession(_, answer), Done::SaveSession(saved)) => {
                drop(answer.send(Ok(saved)));
            }
            (Command::SaveApiKey(.., answer), Done::SaveApiKey(saved)) => {
                drop(answer.send(Ok(saved)));
            }
            (
                Command::DeleteWebhook(_, answer)
                | Command::Enqueue(_, answer)
                | Command::RecordAttempt(_, answer),
                Done::Changed(changed),
            ) => drop(answer.send(Ok(changed))),
            (Command::Receive(.., answer), Done::Receive(receptions)) => {
                drop(answer.send(Ok(receptions)));
            }
            (
                Command::Attachment(_, answer)
                | Command::Publish(_, answer)
                | Command::Observe(_, answer)
                | Command::MarkUsed(_, answer)
                | Command::Renew(_, _, answer)
                | Command::WakeAll(_, answer)
                | Command::Probe(answer),
                _,
            ) => drop(answer.send(Ok(()))),
            // `transaction` returns for each command a result of its own kind.
            (
                Command::Accept(..)
                | Command::Save(..)
                | Command::Receive(..)
                | Command::Prune(..)
                | Command::ForgetMessages(..)
                | Command::TrimEvents(..)
                | Command::CreateWebhook(..)
                | Command::SaveWebhook(..)
                | Command::DeleteWebhook(..)
                | Command::Enqueue(..)
                | Command::RecordAttempt(..)
                | Command::ForgetDeliveries(..)
                | Command::SaveSession(..)
                | Command::SaveApiKey(..)
                | Command::Stop(_),
                _,
            ) => {}
        }
    }
}

fn refuse(command: Command, error: &JournalError) {
    match command {
        Command::Accept(_, answer) => drop(answer.send(Err(error.clone()))),
        Command::Save(_, answer) => drop(answer.send(Err(error.clone()))),
        Command::Receive(.., answer) => drop(answer.send(Err(error.clone()))),
        Command::Prune(_, answer)
        | Command::ForgetMessages(_, answer)
        | Command::TrimEvents(_, answer)
        | Command::ForgetDeliveries(_, answer) => drop(answer.send(Err(error.clone()))),
        Command::CreateWebhook(.., answer) => drop(answer.send(Err(error.clone()))),
        Command::SaveWebhook(_, answer) => drop(answer.send(Err(error.clone()))),
        Command::SaveSession(_, answer) => drop(answer.send(Err(error.clone()))),
        Command::SaveApiKey(.., answer) => drop(answer.send(Err(error.clone()))),
        Command::DeleteWebhook(_, answer)
        | Command::Enqueue(_, answer)
        | Command::RecordAttempt(_, answer) => drop(answer.send(Err(error.clone()))),
        Command::Attachment(_, answer)
        | Command::Publish(_, answer)
        | Command::Observe(_, answer)
        | Command::MarkUsed(_, answer)
        | Command::Renew(_, _, answer)
        | Command::WakeAll(_, answer)
        | Command::Probe(answer) => {
            drop(answer.send(Err(error.clone())));
        }
        Command::Stop(answer) => drop(answer.send(())),
    }
}

async fn accept(
    connection: &mut SqliteConnection,
    new: &NewOperation,
) -> Result<Acceptance, JournalError> {
    let operation = &new.operation;
    let lock = accept::lock(operation);
    let repeated = serde_json::Value::from_iter(accept::repeated_keys(operation)).to_string();
    let lines = sqlx::query(row::SELECT_CONFLICTS)
        .bind(&new.idempotency[..])
        .bind(&lock)
        .bind(repeated)
        .bind(new.duplicate.as_ref().map(|d| &d[..]))
        .bind(operation.retry_of.as_ref().map(ToString::to_string))
        .bind(accept::done_key(operation))
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    if let Some(refusal) = accept::refusal(new, conflicts(&lines)?) {
        return Ok(refusal);
    }
    sqlx::query(
        "INSERT INTO operations (id, revision, version, kind, state, account, caller, subject, lock_base, \
         lock_key, duplicate, twin_key, idempotency, fingerprint, boot, intent, created_at, claim, \
         findings, contradicted, retry_of, touched_ms) VALUES (?1, 1, 1, ?2, 'accepted', ?3, ?4, ?5, \
         ?6, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, ?15, ?16)",
    )
    .bind(operation.id.to_string())
    .bind(operation.kind().as_str())
    .bind(operation.account.to_string())
    .bind(&operation.caller)
    .bind(operation.intent.subject().text())
    .bind(&lock)
    .bind(new.duplicate.as_ref().map(|d| &d[..]))
    .bind(&new.idempotency[..])
    .bind(&new.fingerprint[..])
    .bind(&operation.boot)
    .bind(serde_json::to_string(&operation.intent).map_err(failed)?)
    .bind(ms_of(operation.created_at))
    .bind(row::word_of(&operation.claim)?)
    .bind(serde_json::to_string(&operation.findings).map_err(failed)?)
    .bind(operation.retry_of.as_ref().map(ToString::to_string))
    .bind(operation.touched_ms)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    timeline::insert(
        connection,
        operation,
        1,
        std::slice::from_ref(&new.timeline),
    )
    .await?;
    Ok(Acceptance::Accepted)
}

/// Reads the rows of `row::SELECT_CONFLICTS`.
fn conflicts(lines: &[SqliteRow]) -> Result<Conflicts, JournalError> {
    let mut conflicts = Conflicts::default();
    for line in lines {
        let operation = || row::read(line);
        let slot = match line.try_get::<&str, _>("why").map_err(failed)? {
            "key" => {
                let fingerprint: &[u8] = line.try_get("fingerprint").map_err(failed)?;
                conflicts.known = Some(Known {
                    operation: row::read(line)?,
                    fingerprint: fingerprint.try_into().map_err(failed)?,
                });
                // This row comes first and decides on its own.
                break;
            }
            list @ ("absent" | "later") => {
                let place = line.try_get("place").map_err(failed)?;
                let placed = Placed {
                    place,
                    operation: operation()?,
                };
                match list {
                    "absent" => conflicts.absent.push(placed),
                    _ => conflicts.succeeded.push(placed),
                }
                continue;
            }
            "locked" => &mut conflicts.locked,
            "done" => &mut conflicts.done,
            "duplicate" => &mut conflicts.duplicate,
            _ => &mut conflicts.named,
        };
        // Of several rows for one reason, the first one counts.
        if slot.is_none() {
            *slot = Some(operation()?);
        }
    }
    Ok(conflicts)
}

pub(super) async fn save(
    connection: &mut SqliteConnection,
    change: &Save,
    rereads: Rereads,
) -> Result<Saved, JournalError> {
    let operation = &change.operation;
    if operation.state() == State::Sending {
        let around = sqlx::query(row::SELECT_CONTRADICTED)
            .bind(operation.retry_of.as_ref().map(ToString::to_string))
            .bind(accept::lock(operation))
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        let around: Vec<_> = around.iter().map(row::read).collect::<Result<_, _>>()?;
        if !accept::may_be_sent(operation, &around) {
            return stale(connection, operation).await;
        }
    }
    let held = accept::held(operation, holder(connection, operation).await?);
    let changed = sqlx::query(
        "UPDATE operations SET revision = revision + 1, version = ?28, state = ?3, basis = ?4, boot = ?5, \
         sent_at = ?6, sent_steady_ms = ?7, settled_at = ?8, claim = ?9, findings = ?10, \
         next_look_at = ?11, watch_until = ?12, contradicted = ?13, result = ?14, failure = ?15, \
         lock_key = ?16, done_key = ?17, absent_key = ?18, \
         idempotency = CASE WHEN ?19 THEN NULL ELSE idempotency END, touched_ms = ?20, \
         twin_key = CASE WHEN ?21 THEN duplicate END, baseline = ?22, prune_at = ?23, made = ?24, \
         differs = ?25, confirmed_at = ?26, attention = ?27 \
         WHERE id = ?1 AND revision = ?2",
    )
    .bind(operation.id.to_string())
    .bind(operation.revision)
    .bind(operation.standing.state.as_str())
    .bind(operation.standing.basis.map(Basis::as_str))
    .bind(&operation.boot)
    .bind(operation.sent_at.map(ms_of))
    .bind(
        operation
            .sent_steady_ms
            .and_then(|ms| i64::try_from(ms).ok()),
    )
    .bind(operation.settled_at.map(ms_of))
    .bind(row::word_of(&operation.claim)?)
    .bind(serde_json::to_string(&operation.findings).map_err(failed)?)
    .bind(operation.next_look_at)
    .bind(operation.watch_until)
    .bind(operation.contradicted)
    .bind(document(operation.result.as_ref())?)
    .bind(document(operation.failure.as_ref())?)
    .bind(held.lock)
    .bind(held.done)
    .bind(held.absent)
    .bind(held.frees_the_key)
    .bind(operation.touched_ms)
    .bind(held.bars_duplicates)
    .bind(document(
        Some(&operation.baseline).filter(|b| **b != Baseline::default()),
    )?)
    .bind(operation.prune_at)
    .bind(held.made)
    .bind(document(
        Some(&operation.differs).filter(|d| !d.is_empty()),
    )?)
    .bind(operation.confirmed_at.map(ms_of))
    .bind(
        operation
            .attention
            .as_ref()
            .map(row::word_of)
            .transpose()?,
    )
    .bind(operation.version)
    .execute(&mut *connection)
    .await
    .map_err(failed)?
    .rows_affected();
    if changed == 0 {
        return stale(connection, operation).await;
    }
    let revision = operation.revision + 1;
    timeline::insert(connection, operation, revision, &change.timeline).await?;
    let at = change.timeline.last().map_or(0, |entry| ms_of(entry.at.0));
    let order = match &change.events[..] {
        [] => OrderNumbers::default(),
        _ => owners::order_of(connection, operation).await?,
    };
    let context = feed::Context {
        account: &operation.account,
        order: &order,
        operation_id: Some(operation.id),
        at,
    };
    let tracked = resources::of_operation(connection, operation).await?;
    for event in &change.events {
        let owner = Some(&*operation.caller);
        if tracked.as_ref().is_some_and(|row| row.has_told(event)) {
            // Its event may have been deleted since.
            feed::give(connection, event, owner, &context).await?;
        } else {
            feed::insert(connection, event, owner, &context).await?;
        }
    }
    for fact in OwnershipFact::of(operation) {
        owners::note(connection, &fact).await?;
    }
    let now_ms = change.now_ms;
    resources::note(
        connection,
        operation,
        &change.events,
        tracked,
        now_ms,
        rereads,
    )
    .await?;
    if let Some(proof) = &change.proves {
        sqlx::query(
            "INSERT INTO proofs (account, lookup, key, session, at) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (account, lookup) DO UPDATE SET key = excluded.key, \
             session = excluded.session, at = excluded.at WHERE excluded.session IS NOT NULL",
        )
        .bind(operation.account.to_string())
        .bind(proof.lookup.as_str())
        .bind(&proof.key)
        .bind(proof.session.as_ref().map(SessionTag::as_str))
        .bind(proof.at_ms)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    Ok(Saved::Done(revision))
}

/// The operation that holds the lock on the subject, if this operation needs attention; none otherwise, because every
/// other open operation has held the lock itself since it was accepted.
async fn holder(
    connection: &mut SqliteConnection,
    operation: &Operation,
) -> Result<Option<OperationId>, JournalError> {
    if operation.state() != State::NeedsAttention {
        return Ok(None);
    }
    let found: Option<String> = sqlx::query_scalar("SELECT id FROM operations WHERE lock_key = ?1")
        .bind(accept::lock(operation))
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    found
        .map(|id| OperationId::from_str(&id).map_err(failed))
        .transpose()
}

/// The result of a refused change: the current row.
async fn stale(
    connection: &mut SqliteConnection,
    operation: &Operation,
) -> Result<Saved, JournalError> {
    let current = sqlx::query(row::SELECT_ONE)
        .bind(operation.id.to_string())
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    Ok(match current {
        Some(current) => Saved::Stale(Box::new(row::read(&current)?)),
        None => Saved::Gone,
    })
}

async fn probe(connection: &mut SqliteConnection) -> Result<(), JournalError> {
    sqlx::query(
        "INSERT INTO meta (name, value) VALUES ('probe', x'00') \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    Ok(())
}

fn document<T: serde::Serialize>(value: Option<&T>) -> Result<Option<String>, JournalError> {
    value
        .map(|value| serde_json::to_string(value).map_err(failed))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_probe() -> [Command; 1] {
        let (answer, _) = oneshot::channel();
        [Command::Probe(answer)]
    }

    async fn at_most_pages(connection: &mut SqliteConnection, pages: i64) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "PRAGMA max_page_count = {pages}"
        )))
        .execute(connection)
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn writes_succeed_again_after_a_full_disk_has_room() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql(super::super::open::SCHEMA)
            .execute(&mut connection)
            .await
            .unwrap();
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        at_most_pages(&mut connection, pages).await;
        // Inserts rows that are smaller than the row of the probe until none fits.
        let mut n = 0;
        while sqlx::query("INSERT INTO meta (name, value) VALUES (?1, x'00')")
            .bind(format!("{n:04}"))
            .execute(&mut connection)
            .await
            .is_ok()
        {
            n += 1;
            assert!(n < 9999, "the disk did not become full");
        }

        for _ in 0..2 {
            let refused = transaction(&mut connection, &a_probe(), Rereads::default()).await;
            let why = refused.err().map(|error| error.to_string()).unwrap();
            assert!(why.contains("full"), "{why}");
        }
        at_most_pages(&mut connection, pages + 100).await;
        assert!(
            transaction(&mut connection, &a_probe(), Rereads::default())
                .await
                .is_ok()
        );
    }
}
