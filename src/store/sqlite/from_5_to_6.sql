-- Messages are stored, and events name their order.
CREATE TABLE inbox (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    topic           TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    reason          TEXT,
    members         TEXT,
    account         TEXT,
    user_id         INTEGER,
    order_no        TEXT,
    published_at    INTEGER,
    received_at     INTEGER NOT NULL,
    delivered_at    INTEGER NOT NULL,
    deliveries      INTEGER NOT NULL,
    UNIQUE (topic, id)
);
ALTER TABLE events ADD COLUMN order_id TEXT;
ALTER TABLE events ADD COLUMN out_order_no TEXT;
UPDATE events SET
    order_id = CASE WHEN kind LIKE 'order.%' THEN subject ELSE (
        SELECT coalesce(json_extract(intent, '$.order_id'), json_extract(result, '$.order_id'))
        FROM operations WHERE id = operation_id) END;
UPDATE events SET
    out_order_no = coalesce(
        (SELECT out_order_no FROM orders WHERE orders.account = events.account AND orders.order_id = events.order_id),
        (SELECT json_extract(intent, '$.out_order_no') FROM operations WHERE id = operation_id));
