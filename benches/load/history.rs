//! A journal with a past, written by SQL: the way through the API would take an hour.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use sqlx::{Connection as _, SqliteConnection};

/// Fills the journal of a gateway that has made it and was stopped. Rows as a settled booking leaves
/// them: the operation, its three lines of story, its two events; hashes are random, times and ids
/// grow.
pub(crate) async fn fill(dir: &Path, rows: u64) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let url = format!("sqlite://{}/journal.db", dir.display());
    let mut journal = SqliteConnection::connect(&url).await?;
    // The filling need not outlive a power cut.
    sqlx::raw_sql("PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;")
        .execute(&mut journal)
        .await?;
    for statement in [OPERATIONS, TIMELINE, EVENTS] {
        sqlx::query(statement)
            .bind(i64::try_from(rows)?)
            .execute(&mut journal)
            .await?;
    }
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE);")
        .execute(&mut journal)
        .await?;
    journal.close().await?;
    let size = std::fs::metadata(dir.join("journal.db"))?.len();
    println!(
        "  {rows} bookings written in {:.0} s; the journal has {} MB",
        started.elapsed().as_secs_f64(),
        size >> 20
    );
    Ok(())
}

const OPERATIONS: &str = r#"
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO operations (id, version, kind, state, account, caller, subject, lock_base, done_key,
    duplicate, idempotency, fingerprint, boot, touched_ms, intent, created_at, sent_at,
    sent_steady_ms, settled_at, claim, findings, contradicted, result)
SELECT printf('01800000-%04x-7%03x-8000-%012x', i >> 12, i & 4095, i), 3, 'book', 'succeeded',
    'default', 'bench', 'PAST-' || i, 'order_no:default:PAST-' || i,
    'book:order_no:default:PAST-' || i, randomblob(32), randomblob(32), randomblob(32),
    '01800000-0000-7000-8000-000000000000', 1700000000000 + i,
    '{"kind":"book","out_order_no":"PAST-' || i || '","total":"950.00","segments":"' ||
        hex(randomblob(16)) || '","passengers":["psg_' || lower(hex(randomblob(16))) || '"]}',
    1700000000000 + i, 1700000000000 + i, i, 1700000000000 + i, 'done',
    '{"looks":0,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"last":null}',
    0, '{"order_id":"' || i || '","out_order_no":"PAST-' || i || '","status":"booked",
    "status_text":"生单预定成功","total_price":"950.00","paid_price":null,"booked_at":null,
    "pay_before":null,"paid_at":null,"trade_no":null}'
FROM n"#;

const TIMELINE: &str = "
INSERT INTO timeline (operation_id, seq, at, state, what)
SELECT id, line.seq, created_at, line.state, line.what FROM operations,
    (SELECT 8 AS seq, 'accepted' AS state, 'accepted' AS what
     UNION ALL SELECT 16, 'sending', 'sending'
     UNION ALL SELECT 24, 'succeeded', 'upstream answered: done') AS line
WHERE substr(id, 1, 8) = '01800000' AND ?1 > 0";

const EVENTS: &str = "
INSERT INTO events (kind, subject, fact, operation_id, at)
SELECT told.kind, CASE told.kind WHEN 'order_booked' THEN substr(subject, 6) ELSE id END,
    told.fact, id, created_at FROM operations,
    (SELECT 'operation_settled' AS kind, 'succeeded' AS fact
     UNION ALL SELECT 'order_booked', 'booked') AS told
WHERE substr(id, 1, 8) = '01800000' AND ?1 > 0";
