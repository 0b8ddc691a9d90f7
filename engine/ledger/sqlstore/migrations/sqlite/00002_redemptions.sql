-- Redemptions, refunds and events.

-- +goose Up

ALTER TABLE coupons ADD COLUMN held_by TEXT; -- the redemption that holds it until held_until
ALTER TABLE coupons ADD COLUMN held_until INTEGER CHECK ((held_by IS NULL) = (held_until IS NULL));

CREATE TABLE redemptions (
    id              TEXT PRIMARY KEY,
    quote_id        TEXT NOT NULL,
    order_id        TEXT NOT NULL,
    customer_id     TEXT NOT NULL,
    coupon_id       TEXT REFERENCES coupons (id),
    policy_revision TEXT NOT NULL,
    currency        TEXT NOT NULL,
    payable         INTEGER NOT NULL CHECK (payable >= 0),
    refunded        INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND payable),
    content         TEXT NOT NULL, -- totals, lines and charges as JSON
    state           TEXT NOT NULL CHECK (state IN ('reserved', 'confirmed', 'released', 'revoked', 'expired')),
    held_until      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    version         INTEGER NOT NULL DEFAULT 0,
    CHECK (refunded = 0 OR state = 'confirmed')
) STRICT;

-- One live redemption an order, and one a coupon.
CREATE UNIQUE INDEX redemptions_live_order ON redemptions (order_id) WHERE state IN ('reserved', 'confirmed');
CREATE UNIQUE INDEX redemptions_live_coupon ON redemptions (coupon_id) WHERE state IN ('reserved', 'confirmed');
CREATE INDEX redemptions_by_order ON redemptions (order_id, created_at, id);

CREATE TABLE refunds (
    id            TEXT PRIMARY KEY,
    redemption_id TEXT NOT NULL REFERENCES redemptions (id),
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    content       TEXT NOT NULL, -- lines, charges and tender as JSON
    reason        TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX refunds_by_redemption ON refunds (redemption_id, created_at, id);

-- Append-only: what happened to coupons and redemptions.
CREATE TABLE events (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    coupon_id     TEXT,
    redemption_id TEXT,
    customer_id   TEXT NOT NULL,
    asked_by      TEXT NOT NULL,
    request_id    TEXT NOT NULL,
    detail        TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_coupon ON events (coupon_id, created_at, id);

-- +goose StatementBegin
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END;
-- +goose StatementEnd
