-- API keys are created while the gateway runs.
CREATE TABLE api_keys (
    id                  TEXT    NOT NULL PRIMARY KEY,
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
CREATE TABLE api_key_secrets (
    digest              BLOB    NOT NULL PRIMARY KEY,
    key_id              TEXT    NOT NULL,
    created_at          INTEGER NOT NULL,
    expires_at          INTEGER,
    last_used_at        INTEGER
) WITHOUT ROWID;
