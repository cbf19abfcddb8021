-- Events carry their own account and owner, and may have no operation.
CREATE TABLE events_4 (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    fact            TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    owner           TEXT,
    operation_id    TEXT,
    at              INTEGER NOT NULL,
    UNIQUE (kind, subject, fact)
);
INSERT INTO events_4 SELECT e.seq, e.kind, e.subject, e.fact, o.account, o.caller, e.operation_id, e.at
    FROM events AS e JOIN operations AS o ON o.id = e.operation_id;
-- A sequence number is never reused, even if the last event was deleted.
DELETE FROM sqlite_sequence WHERE name = 'events_4';
INSERT INTO sqlite_sequence (name, seq) SELECT 'events_4', seq FROM sqlite_sequence WHERE name = 'events';
DROP TABLE events;
ALTER TABLE events_4 RENAME TO events;
CREATE TABLE instances (
    id              TEXT    NOT NULL PRIMARY KEY,
    until_ms        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE orders (
    account         TEXT    NOT NULL,
    order_id        TEXT    NOT NULL,
    out_order_no    TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    last_departure  TEXT,
    booked_at       INTEGER NOT NULL,
    operation_id    TEXT    NOT NULL,
    PRIMARY KEY (account, order_id)
) WITHOUT ROWID;
INSERT OR IGNORE INTO orders SELECT o.account, json_extract(o.result, '$.order_id'), json_extract(o.intent, '$.out_order_no'),
        o.caller, (SELECT max(substr(value, instr(value, '@') + 1) || ':00+08:00') FROM json_each(o.intent, '$.segments')),
        o.created_at, o.id
    FROM operations AS o
    WHERE o.kind = 'book' AND (o.state = 'succeeded' OR (o.state = 'needs_attention' AND o.contradicted))
        AND json_extract(o.result, '$.order_id') IS NOT NULL
    ORDER BY o.rowid;
UPDATE orders SET last_departure = changed.departure FROM (
        SELECT c.account AS account, json_extract(c.intent, '$.order_id') AS order_id,
            max(substr(t.value, instr(t.value, '@') + 1) || ':00+08:00') AS departure
        FROM operations AS c, json_each(c.intent, '$.targets') AS t
        WHERE c.kind = 'change' AND c.state = 'succeeded' GROUP BY 1, 2) AS changed
    WHERE changed.account = orders.account AND changed.order_id = orders.order_id
        AND (orders.last_departure IS NULL OR changed.departure > orders.last_departure);
-- Until version 3, the result recorded before a contradiction was kept in `result`.
UPDATE operations SET findings = json_set(findings, '$.recorded', json(result)), result = NULL
    WHERE state = 'needs_attention' AND contradicted AND result IS NOT NULL AND failure IS NULL AND differs IS NULL;
