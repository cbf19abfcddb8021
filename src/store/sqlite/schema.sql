-- The journal. Times are ms since 1970 (UTC); documents are JSON. No personal data anywhere.
CREATE TABLE IF NOT EXISTS operations (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- revision is the compare-and-set of every write; version is the part of it that callers see.
    revision        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    basis           TEXT,
    account         TEXT    NOT NULL,
    caller          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    -- The subject's lock. lock_key equals lock_base while the operation is open and holds the lock, else NULL.
    lock_base       TEXT    NOT NULL,
    lock_key        TEXT    UNIQUE,
    -- Set when it succeeded, or ended absent: a later operation on the same subject searches for them. For
    -- refunds and changes, done_key contains the caller's number: each number is used once.
    done_key        TEXT,
    absent_key      TEXT,
    -- Hash of the passengers and segments of a booking. twin_key equals it while it bars another such booking,
    -- else NULL, so that its index stays small: hashes are random, and in an index of all bookings each would
    -- touch a page of its own.
    duplicate       BLOB,
    twin_key        BLOB,
    -- NULL when the key is free again.
    idempotency     BLOB    UNIQUE,
    fingerprint     BLOB    NOT NULL,
    boot            TEXT    NOT NULL,
    touched_ms      INTEGER NOT NULL,
    intent          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER,
    sent_steady_ms  INTEGER,
    settled_at      INTEGER,
    -- When a lookup confirmed how it was settled.
    confirmed_at    INTEGER,
    claim           TEXT    NOT NULL,
    findings        TEXT    NOT NULL,
    next_look_at    INTEGER,
    watch_until     INTEGER,
    -- When an operation that sent nothing is deleted.
    prune_at        INTEGER,
    contradicted    INTEGER NOT NULL,
    -- Why a person must decide.
    attention       TEXT,
    retry_of        TEXT,
    -- For a refund or change: the state of its order before the send. NULL for other kinds.
    baseline        TEXT,
    result          TEXT,
    -- The order, refund or change that it created: kind, account and Fliggy's number.
    made            TEXT,
    -- The fields of the result that differ from the request; NULL if none do.
    differs         TEXT,
    failure         TEXT
);
CREATE INDEX IF NOT EXISTS operations_lock_base ON operations (lock_base);
CREATE INDEX IF NOT EXISTS operations_done ON operations (done_key);
CREATE INDEX IF NOT EXISTS operations_absent ON operations (absent_key);
CREATE INDEX IF NOT EXISTS operations_twin ON operations (twin_key);
CREATE INDEX IF NOT EXISTS operations_state_kind ON operations (state, kind, id);
CREATE INDEX IF NOT EXISTS operations_caller ON operations (caller, id);
CREATE INDEX IF NOT EXISTS operations_caller_state_kind ON operations (caller, state, kind, id);
CREATE INDEX IF NOT EXISTS operations_subject ON operations (subject, id);
CREATE INDEX IF NOT EXISTS operations_due ON operations (next_look_at);
CREATE INDEX IF NOT EXISTS operations_made ON operations (made);
CREATE INDEX IF NOT EXISTS operations_prune ON operations (prune_at);
-- Indexes of earlier gateways.
DROP INDEX IF EXISTS operations_state;
DROP INDEX IF EXISTS operations_kind;

CREATE TABLE IF NOT EXISTS timeline (
    operation_id    TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    PRIMARY KEY (operation_id, seq)
) WITHOUT ROWID;

-- One writer numbers the events, so a smaller number is never committed later. Only operators see an event
-- without an owner.
CREATE TABLE IF NOT EXISTS events (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    fact            TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    owner           TEXT,
    operation_id    TEXT,
    at              INTEGER NOT NULL,
    -- The order that the event concerns, as far as known.
    order_id        TEXT,
    out_order_no    TEXT,
    -- Whether a message of TOP reported the fact.
    by_message      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, subject, fact)
);
CREATE INDEX IF NOT EXISTS events_owner ON events (owner, seq);
CREATE INDEX IF NOT EXISTS events_kind ON events (kind, seq);
CREATE INDEX IF NOT EXISTS events_owner_kind ON events (owner, kind, seq);
CREATE INDEX IF NOT EXISTS events_subject ON events (subject, seq);

-- TOP's messages, without their contents. The id is the one in the content; if there is none, a keyed hash.
CREATE TABLE IF NOT EXISTS inbox (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    topic           TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    -- Why it is quarantined, and the names and types of the members of its content.
    reason          TEXT,
    members         TEXT,
    account         TEXT,
    user_id         INTEGER,
    order_no        TEXT,
    published_at    INTEGER,
    received_at     INTEGER NOT NULL,
    -- The last delivery, and how many there were.
    delivered_at    INTEGER NOT NULL,
    deliveries      INTEGER NOT NULL,
    UNIQUE (topic, id)
);
CREATE INDEX IF NOT EXISTS inbox_state ON inbox (state, seq);
CREATE INDEX IF NOT EXISTS inbox_delivered ON inbox (state, delivered_at);

-- The instances that work on operations, until their leases end (store time in ms).
CREATE TABLE IF NOT EXISTS instances (
    id              TEXT    NOT NULL PRIMARY KEY,
    until_ms        INTEGER NOT NULL
) WITHOUT ROWID;

-- The owners of orders. last_departure is RFC 3339 (+08:00) and includes flights that the order was changed to.
CREATE TABLE IF NOT EXISTS orders (
    account         TEXT    NOT NULL,
    order_id        TEXT    NOT NULL,
    out_order_no    TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    last_departure  TEXT,
    booked_at       INTEGER NOT NULL,
    -- The booking.
    operation_id    TEXT    NOT NULL,
    PRIMARY KEY (account, order_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_reference ON orders (out_order_no);
CREATE INDEX IF NOT EXISTS orders_operation ON orders (operation_id);

-- The orders, refunds and changes of this gateway, by Fliggy's number.
CREATE TABLE IF NOT EXISTS resources (
    account         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    order_id        TEXT,
    owner           TEXT    NOT NULL,
    -- The types of the events that were told, a JSON list.
    told            TEXT    NOT NULL,
    -- Whether they include the last usual one.
    finished        INTEGER NOT NULL,
    -- When the last of them was told, and when the resource is read next (NULL: not any more), in store time.
    changed_at      INTEGER NOT NULL,
    next_read_at    INTEGER,
    PRIMARY KEY (account, kind, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS resources_due ON resources (finished, kind, next_read_at);

-- The endpoints of callers to which events are delivered.
CREATE TABLE IF NOT EXISTS webhooks (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- The compare-and-set of changes by callers and operators. Progress does not change it.
    revision        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    owner           TEXT    NOT NULL,
    all_callers     INTEGER NOT NULL,
    -- The id once it is deleted, so that the address is free again.
    url             TEXT    NOT NULL,
    -- The types of events that it gets, a JSON list; all types if empty.
    types           TEXT    NOT NULL,
    description     TEXT,
    state           TEXT    NOT NULL,
    secrets         BLOB    NOT NULL,
    -- Events up to this position have deliveries.
    position        INTEGER NOT NULL,
    -- Earlier events that are delivered again; NULL if there are none.
    replays         TEXT    NOT NULL,
    failures        INTEGER NOT NULL,
    failing_since   INTEGER,
    resumed_at      INTEGER,
    created_at      INTEGER NOT NULL,
    -- The row is removed once its deliveries are.
    deleted         INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS webhooks_url ON webhooks (owner, url);

-- The deliveries of events to webhooks. next_at is set for the first pending delivery about each subject of a webhook, and
-- NULL for all others.
CREATE TABLE IF NOT EXISTS deliveries (
    webhook             TEXT    NOT NULL,
    seq                 INTEGER NOT NULL,
    subject             TEXT    NOT NULL,
    state               TEXT    NOT NULL,
    attempts            INTEGER NOT NULL,
    -- The first attempt since the delivery became pending.
    first_attempt_at    INTEGER,
    last_attempt_at     INTEGER,
    next_at             INTEGER,
    ended_at            INTEGER,
    PRIMARY KEY (webhook, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (webhook, next_at, seq);
CREATE INDEX IF NOT EXISTS deliveries_untried ON deliveries (webhook, first_attempt_at, next_at, seq);
CREATE INDEX IF NOT EXISTS deliveries_subject ON deliveries (webhook, subject, state, seq);
CREATE INDEX IF NOT EXISTS deliveries_webhook_state ON deliveries (webhook, state, seq);
CREATE INDEX IF NOT EXISTS deliveries_state ON deliveries (state, seq);
CREATE INDEX IF NOT EXISTS deliveries_ended ON deliveries (webhook, state, ended_at);

-- The attempts of deliveries. The number counts the attempts of one delivery.
CREATE TABLE IF NOT EXISTS attempts (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook         TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    took_ms         INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,
    -- The status of the response, and how many seconds it asked to wait.
    status          INTEGER,
    retry_after_s   INTEGER
);
CREATE INDEX IF NOT EXISTS attempts_webhook ON attempts (webhook, id);
CREATE INDEX IF NOT EXISTS attempts_event ON attempts (webhook, seq, id);

-- The sessions of purchasing accounts, one for each account.
CREATE TABLE IF NOT EXISTS sessions (
    account             TEXT    NOT NULL PRIMARY KEY,
    -- The compare-and-set of every change.
    revision            INTEGER NOT NULL,
    -- Keyed hashes: of the session, and of the session in the configuration when it was stored.
    tag                 TEXT    NOT NULL,
    configured          TEXT,
    -- The session with its refresh token, encrypted with the seal key; NULL if the configuration contains it.
    sealed              BLOB,
    -- The Taobao user; NULL until it is known.
    user_id             INTEGER,
    authorised_at       INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    expiry              TEXT    NOT NULL,
    refreshable_until   INTEGER
) WITHOUT ROWID;
-- A unique index allows several NULLs.
CREATE UNIQUE INDEX IF NOT EXISTS sessions_user ON sessions (user_id);

-- API keys that were created while the gateway runs. Lists of words are separated by blanks; no accounts means all.
CREATE TABLE IF NOT EXISTS api_keys (
    id                  TEXT    NOT NULL PRIMARY KEY,
    -- The compare-and-set of every change.
    revision            INTEGER NOT NULL,
    caller              TEXT    NOT NULL,
    description         TEXT,
    scopes              TEXT    NOT NULL,
    accounts            TEXT,
    default_account     TEXT,
    created_at          INTEGER NOT NULL,
    created_by          TEXT    NOT NULL,
    expires_at          INTEGER,
    revoked_at          INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS api_keys_caller ON api_keys (caller);

-- Their secrets: the SHA-256 of the whole key.
CREATE TABLE IF NOT EXISTS api_key_secrets (
    digest              BLOB    NOT NULL PRIMARY KEY,
    key_id              TEXT    NOT NULL,
    created_at          INTEGER NOT NULL,
    expires_at          INTEGER,
    last_used_at        INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS api_key_secrets_key ON api_key_secrets (key_id);

-- Files that were uploaded to Fliggy. The id is a keyed hash of account, order and content.
CREATE TABLE IF NOT EXISTS attachments (
    id              BLOB    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL,
    order_id        TEXT,
    file_id         TEXT    NOT NULL,
    at              INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attachments_order ON attachments (order_id, account);

-- The object that a lookup last found on an account, or else an object that is known to exist there: the control for
-- lookups that find nothing. The session is a keyed hash; it is NULL until a lookup has found the object.
CREATE TABLE IF NOT EXISTS proofs (
    account         TEXT    NOT NULL,
    lookup          TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    session         TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (account, lookup)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS meta (
    name            TEXT    NOT NULL PRIMARY KEY,
    value           BLOB    NOT NULL
) WITHOUT ROWID;
