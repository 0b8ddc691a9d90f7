-- Campaigns, coupons, the blocklist and stored replies.
-- Instants are microseconds since 1970 UTC; money is in minor units.
-- Text is compared and sorted by its bytes.

-- +goose Up

CREATE TABLE meta (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE campaigns (
    id               TEXT COLLATE "C" PRIMARY KEY,
    name             TEXT COLLATE "C" NOT NULL,
    percent          TEXT COLLATE "C",
    amount           BIGINT CHECK (amount > 0),
    currency         TEXT COLLATE "C",
    minimum_spend    BIGINT CHECK (minimum_spend > 0),
    maximum_discount BIGINT CHECK (maximum_discount > 0),
    attributes       TEXT COLLATE "C" NOT NULL,
    starts_at        BIGINT,
    ends_at          BIGINT,
    valid_for        TEXT COLLATE "C",
    quantity         BIGINT CHECK (quantity > 0),
    per_customer     BIGINT NOT NULL CHECK (per_customer > 0),
    paused           SMALLINT NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    issued           BIGINT NOT NULL DEFAULT 0 CHECK (issued >= 0),
    created_at       BIGINT NOT NULL,
    CHECK ((percent IS NULL) <> (amount IS NULL)),
    CHECK (quantity IS NULL OR issued <= quantity)
);

CREATE INDEX campaigns_by_age ON campaigns (created_at, id);

-- How many coupons of a campaign each customer has had.
CREATE TABLE campaign_shares (
    campaign_id TEXT COLLATE "C" NOT NULL REFERENCES campaigns (id),
    customer_id TEXT COLLATE "C" NOT NULL,
    issued      BIGINT NOT NULL CHECK (issued > 0),
    PRIMARY KEY (campaign_id, customer_id)
);

CREATE TABLE coupons (
    id          TEXT COLLATE "C" PRIMARY KEY,
    campaign_id TEXT COLLATE "C" NOT NULL REFERENCES campaigns (id),
    customer_id TEXT COLLATE "C" NOT NULL,
    starts_at   BIGINT NOT NULL,
    expires_at  BIGINT,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('issued', 'used', 'revoked')),
    granted     SMALLINT NOT NULL CHECK (granted IN (0, 1)), -- by the customer's registration
    created_at  BIGINT NOT NULL
);

CREATE INDEX coupons_by_customer ON coupons (customer_id, created_at, id);

CREATE TABLE registrations (
    customer_id TEXT COLLATE "C" PRIMARY KEY,
    created_at  BIGINT NOT NULL
);

CREATE TABLE blocklist (
    customer_id TEXT COLLATE "C" PRIMARY KEY,
    reason      TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE INDEX blocklist_by_age ON blocklist (created_at, customer_id);

CREATE TABLE replies (
    idempotency_key BYTEA PRIMARY KEY, -- its keyed hash
    fingerprint     BYTEA NOT NULL,
    response        BYTEA NOT NULL, -- sealed
    created_at      BIGINT NOT NULL
);

CREATE INDEX replies_by_age ON replies (created_at);

-- Only here, for SQLite has one writer at a time and says itself who wrote.

-- A row that those who issue to the same customer all write, so that one waits
-- for the other.
CREATE TABLE issuing (
    customer_id TEXT COLLATE "C" PRIMARY KEY,
    turns       BIGINT NOT NULL
);

-- How many transactions each sidecar has written, in as many rows as it writes
-- at once.
CREATE TABLE writers (
    writer     TEXT COLLATE "C" NOT NULL,
    lane       BIGINT NOT NULL,
    writes     BIGINT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (writer, lane)
);
