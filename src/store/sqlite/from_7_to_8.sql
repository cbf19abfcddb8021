-- Events are delivered to webhooks.
CREATE TABLE webhooks (
    id              TEXT    NOT NULL PRIMARY KEY,
    revision        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    owner           TEXT    NOT NULL,
    all_callers     INTEGER NOT NULL,
    url             TEXT    NOT NULL,
    types           TEXT    NOT NULL,
    description     TEXT,
    state           TEXT    NOT NULL,
    secrets         BLOB    NOT NULL,
    position        INTEGER NOT NULL,
    replays         TEXT    NOT NULL,
    failures        INTEGER NOT NULL,
    failing_since   INTEGER,
    resumed_at      INTEGER,
    created_at      INTEGER NOT NULL,
    deleted         INTEGER NOT NULL
);
CREATE TABLE deliveries (
    webhook             TEXT    NOT NULL,
    seq                 INTEGER NOT NULL,
    subject             TEXT    NOT NULL,
    state               TEXT    NOT NULL,
    attempts            INTEGER NOT NULL,
    first_attempt_at    INTEGER,
    last_attempt_at     INTEGER,
    next_at             INTEGER,
    ended_at            INTEGER,
    PRIMARY KEY (webhook, seq)
) WITHOUT ROWID;
CREATE TABLE attempts (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook         TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    took_ms         INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,
    status          INTEGER,
    retry_after_s   INTEGER
);
