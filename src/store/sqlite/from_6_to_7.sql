-- Orders, refunds and changes are read again until they are finished, and each fact about them is told once.
CREATE INDEX IF NOT EXISTS events_subject ON events (subject, seq);
ALTER TABLE events ADD COLUMN by_message INTEGER NOT NULL DEFAULT 0;
UPDATE events SET by_message = 1 WHERE operation_id IS NULL;
INSERT OR IGNORE INTO meta (name, value)
    SELECT 'events_trimmed', CAST(seq - 1 AS TEXT) FROM (SELECT min(seq) AS seq FROM events) WHERE seq > 1;
CREATE TABLE resources (
    account         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    order_id        TEXT,
    owner           TEXT    NOT NULL,
    told            TEXT    NOT NULL,
    finished        INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    next_read_at    INTEGER,
    PRIMARY KEY (account, kind, number)
) WITHOUT ROWID;
INSERT INTO resources (account, kind, number, order_id, owner, told, finished, changed_at)
    SELECT account, 'order', order_id, order_id, owner, '[]', 0, booked_at FROM orders;
INSERT OR IGNORE INTO resources (account, kind, number, order_id, owner, told, finished, changed_at)
    SELECT account, kind, coalesce(json_extract(result, '$.refund_order_no'), json_extract(result, '$.change_order_no')),
        coalesce(json_extract(result, '$.order_id'), json_extract(intent, '$.order_id')), caller, '[]', 0, settled_at
    FROM operations
    WHERE kind IN ('refund', 'change') AND state = 'succeeded' AND settled_at IS NOT NULL
        AND coalesce(json_extract(result, '$.refund_order_no'), json_extract(result, '$.change_order_no')) IS NOT NULL;
-- What callers were told: by events that they saw, and by their operations, also if their events were deleted.
UPDATE resources SET told = (
    SELECT json_group_array(fact) FROM (
        SELECT kind AS fact FROM events
        WHERE events.subject = resources.number AND events.account = resources.account AND events.owner IS NOT NULL
            AND events.kind LIKE resources.kind || '.%' AND events.kind <> 'order.flight_changed'
        UNION SELECT CASE operations.kind WHEN 'pay' THEN 'order.paid' WHEN 'close' THEN 'order.closed'
            WHEN 'change_pay' THEN 'change.awaiting_ticketing' WHEN 'change_cancel' THEN 'change.closed' END
        FROM operations
        WHERE operations.subject = resources.number AND operations.account = resources.account
            AND operations.state = 'succeeded'
            AND operations.kind IN ('pay', 'close', 'change_pay', 'change_cancel')
            AND (operations.kind IN ('pay', 'close')) = (resources.kind = 'order')
        UNION SELECT CASE resources.kind WHEN 'order' THEN 'order.booked' WHEN 'refund' THEN 'refund.created'
            ELSE 'change.created' END));
UPDATE resources SET finished = EXISTS (SELECT 1 FROM json_each(told) WHERE value IN (
    'order.ticketed', 'order.closed', 'refund.rejected', 'refund.refunded', 'change.ticketed', 'change.rejected',
    'change.closed'));
-- Those that may still change are read soon: within an hour if they are not finished, else within a day. An order is read
-- until a day after its last departure, if that is known.
UPDATE resources SET next_read_at = unixepoch('now') * 1000 + abs(random() % iif(finished, 86400000, 3600000))
    WHERE unixepoch('now') < coalesce(
        (SELECT unixepoch(substr(last_departure, 1, 19)) - 28800 + 86400 FROM orders
            WHERE orders.account = resources.account AND orders.order_id = resources.order_id
            AND orders.last_departure IS NOT NULL AND (finished OR kind = 'order')),
        changed_at / 1000 + iif(finished, 30, 365) * 86400);
