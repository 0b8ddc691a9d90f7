-- Campaigns, coupons, the blocklist and stored replies.
-- Instants are microseconds since 1970 UTC; money is in minor units.

-- +goose Up

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE campaigns (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    percent          TEXT,
    amount           INTEGER CHECK (amount > 0),
    currency         TEXT,
    minimum_spend    INTEGER CHECK (minimum_spend > 0),
    maximum_discount INTEGER CHECK (maximum_discount > 0),
    attributes       TEXT NOT NULL,
    starts_at        INTEGER,
    ends_at          INTEGER,
    valid_for        TEXT,
    quantity         INTEGER CHECK (quantity > 0),
    per_customer     INTEGER NOT NULL CHECK (per_customer > 0),
    paused           INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    issued           INTEGER NOT NULL DEFAULT 0 CHECK (issued >= 0),
    created_at       INTEGER NOT NULL,
    CHECK ((percent IS NULL) <> (amount IS NULL)),
    CHECK (quantity IS NULL OR issued <= quantity)
) STRICT;

CREATE INDEX campaigns_by_age ON campaigns (created_at, id);

-- How many coupons of a campaign each customer has had.
CREATE TABLE campaign_shares (
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    customer_id TEXT NOT NULL,
    issued      INTEGER NOT NULL CHECK (issued > 0),
    PRIMARY KEY (campaign_id, customer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE coupons (
    id          TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL REFERENCES campaigns (id),
    customer_id TEXT NOT NULL,
    starts_at   INTEGER NOT NULL,
    expires_at  INTEGER,
    state       TEXT NOT NULL CHECK (state IN ('issued', 'used', 'revoked')),
    granted     INTEGER NOT NULL CHECK (granted IN (0, 1)), -- by the customer's registration
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX coupons_by_customer ON coupons (customer_id, created_at, id);

CREATE TABLE registrations (
    customer_id TEXT PRIMARY KEY,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blocklist (
    customer_id TEXT PRIMARY KEY,
    reason      TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX blocklist_by_age ON blocklist (created_at, customer_id);

CREATE TABLE replies (
    idempotency_key TEXT PRIMARY KEY, -- its keyed hash
    fingerprint     BLOB NOT NULL,
    response        BLOB NOT NULL, -- sealed
    created_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX replies_by_age ON replies (created_at);
