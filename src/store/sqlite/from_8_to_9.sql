-- Sessions of accounts are kept.
CREATE TABLE sessions (
    account             TEXT    NOT NULL PRIMARY KEY,
    revision            INTEGER NOT NULL,
    tag                 TEXT    NOT NULL,
    configured          TEXT,
    sealed              BLOB,
    user_id             INTEGER,
    authorised_at       INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    expiry              TEXT    NOT NULL,
    refreshable_until   INTEGER
) WITHOUT ROWID;
