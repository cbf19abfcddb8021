//! Fills a journal with a history by SQL, because writing it through the API would take an hour.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use sqlx::{Connection as _, SqliteConnection};

/// Fills a journal that a gateway has created. Each booking gets the rows of a settled one: the
/// operation, its timeline, its two events, the owner of its order. Hashes are random; times and ids
/// increase. (`tests/bench_history.rs` checks that the gateway can read these rows.)
pub(crate) async fn fill(dir: &Path, rows: u64) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let url = format!("sqlite://{}/journal.db", dir.display());
    let mut journal = SqliteConnection::connect(&url).await?;
    // This data need not survive a power cut.
    sqlx::raw_sql("PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;")
        .execute(&mut journal)
        .await?;
    for statement in [OPERATIONS, TIMELINE, EVENTS, ORDERS] {
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

/// One booking in 500 ended as absent. The absent ones of the last tenth are still watched, but not
/// due within the hour, because the bench does not measure lookups.
const OPERATIONS: &str = r#"
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1),
past AS (SELECT i, 1700000000000 + i AS at, i % 500 = 0 AS absent,
    i % 500 = 0 AND i > ?1 * 9 / 10 AS watched, randomblob(32) AS duplicate,
    CAST(strftime('%s', 'now') AS INTEGER) * 1000 AS now FROM n)
INSERT INTO operations (id, revision, version, kind, state, basis, account, caller, subject, lock_base, done_key,
    absent_key, duplicate, twin_key, idempotency, fingerprint, boot, touched_ms, intent, created_at,
    sent_at, sent_steady_ms, settled_at, confirmed_at, claim, findings, next_look_at, watch_until,
    contradicted, result, made, failure)
SELECT printf('01800000-%04x-7%03x-8000-%012x', i >> 12, i & 4095, i), 3 + absent, 3 + absent, 'book',
    iif(absent, 'not_executed', 'succeeded'), iif(absent, 'absent', NULL),
    'default', 'bench', 'PAST-' || i, 'reference:default:PAST-' || i,
    iif(absent, NULL, 'book:reference:default:PAST-' || i),
    iif(absent, 'book:reference:default:PAST-' || i, NULL),
    duplicate, iif(absent, duplicate, NULL), randomblob(32), randomblob(32),
    '01800000-0000-7000-8000-000000000000', at,
    '{"kind":"book","out_order_no":"PAST-' || i || '","total":"950.00",' ||
        '"segments":["CZ8957@2030-05-20T08:45"],' ||
        '"passengers":["psg_' || lower(hex(randomblob(16))) || '"]}',
    at, at, i, at, iif(absent, NULL, at), iif(absent, 'silence', 'done'),
    iif(absent, '{"looks":9,"absent":8,"agreeing":0,"absent_ms":120500,"looked_ms":126000,' ||
        '"anchor":{"boot":"01800000-0000-7000-8000-000000000000","at_ms":' || i || '},' ||
        '"absent_anchor":{"boot":"01800000-0000-7000-8000-000000000000","at_ms":' || i || '},' ||
        '"last":"not_happened"}',
        '{"looks":0,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":null,' ||
        '"absent_anchor":null,"last":null}'),
    iif(watched, now + 3600000 + i, NULL), iif(watched, now + 86400000, NULL), 0,
    iif(absent, NULL, '{"order_id":"' || i || '","out_order_no":"PAST-' || i || '",' ||
        '"status":"booked","status_text":"生单预定成功","total_price":"950.00","paid_price":null,' ||
        '"booked_at":null,"pay_before":null,"paid_at":null,"trade_no":null}'),
    iif(absent, NULL, 'book:default:' || i),
    iif(absent, '{"cause":"absent","upstream":null,"detail":null,"hint":null,"retry_after":null}', NULL)
FROM past"#;

const TIMELINE: &str = "
INSERT INTO timeline (operation_id, seq, at, state, what)
SELECT id, line.seq, created_at, line.state, line.what FROM operations,
    (SELECT 8 AS seq, 'accepted' AS state, 'accepted' AS what, NULL AS only
     UNION ALL SELECT 16, 'sending', 'sending', NULL
     UNION ALL SELECT 24, 'succeeded', 'upstream reported success', 'succeeded'
     UNION ALL SELECT 24, 'unknown', 'no conclusive response; lookups follow', 'not_executed'
     UNION ALL SELECT 32, 'not_executed', 'lookup 9: not there', 'not_executed') AS line
WHERE substr(id, 1, 8) = '01800000' AND ?1 > 0 AND (line.only IS NULL OR line.only = operations.state)";

const EVENTS: &str = "
INSERT INTO events (kind, subject, fact, account, owner, operation_id, at)
SELECT told.kind, CASE told.kind WHEN 'order.booked' THEN substr(subject, 6) ELSE id END,
    told.fact, account, caller, id, created_at FROM operations,
    (SELECT 'operation.settled' AS kind, 'succeeded' AS fact, 'succeeded' AS only
     UNION ALL SELECT 'order.booked', 'booked', 'succeeded'
     UNION ALL SELECT 'operation.unknown', 'unknown', 'not_executed'
     UNION ALL SELECT 'operation.settled', 'not_executed/absent', 'not_executed') AS told
WHERE substr(id, 1, 8) = '01800000' AND ?1 > 0 AND told.only = operations.state";

const ORDERS: &str = "
INSERT INTO orders (account, order_id, out_order_no, owner, last_departure, booked_at, operation_id)
SELECT account, substr(subject, 6), subject, caller, '2030-05-20T08:45:00+08:00', created_at, id FROM operations
WHERE substr(id, 1, 8) = '01800000' AND ?1 > 0 AND state = 'succeeded'";
