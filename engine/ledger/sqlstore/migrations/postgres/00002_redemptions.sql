-- Redemptions, refunds and events.

-- +goose Up

ALTER TABLE coupons ADD COLUMN held_by TEXT COLLATE "C"; -- the redemption that holds it until held_until
ALTER TABLE coupons ADD COLUMN held_until BIGINT CHECK ((held_by IS NULL) = (held_until IS NULL));

CREATE TABLE redemptions (
    id              TEXT COLLATE "C" PRIMARY KEY,
    quote_id        TEXT COLLATE "C" NOT NULL,
    order_id        TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    coupon_id       TEXT COLLATE "C" REFERENCES coupons (id),
    policy_revision TEXT COLLATE "C" NOT NULL,
    currency        TEXT COLLATE "C" NOT NULL,
    payable         BIGINT NOT NULL CHECK (payable >= 0),
    refunded        BIGINT NOT NULL CHECK (refunded BETWEEN 0 AND payable),
    content         TEXT COLLATE "C" NOT NULL, -- totals, lines and charges as JSON
    state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('reserved', 'confirmed', 'released', 'revoked', 'expired')),
    held_until      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL DEFAULT 0,
    CHECK (refunded = 0 OR state = 'confirmed')
);

-- One live redemption an order, and one a coupon.
CREATE UNIQUE INDEX redemptions_live_order ON redemptions (order_id) WHERE state IN ('reserved', 'confirmed');
CREATE UNIQUE INDEX redemptions_live_coupon ON redemptions (coupon_id) WHERE state IN ('reserved', 'confirmed');
CREATE INDEX redemptions_by_order ON redemptions (order_id, created_at, id);

CREATE TABLE refunds (
    id            TEXT COLLATE "C" PRIMARY KEY,
    redemption_id TEXT COLLATE "C" NOT NULL REFERENCES redemptions (id),
    amount        BIGINT NOT NULL CHECK (amount >= 0),
    content       TEXT COLLATE "C" NOT NULL, -- lines, charges and tender as JSON
    reason        TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE INDEX refunds_by_redemption ON refunds (redemption_id, created_at, id);

-- Append-only: what happened to coupons and redemptions.
CREATE TABLE events (
    id            TEXT COLLATE "C" PRIMARY KEY,
    kind          TEXT COLLATE "C" NOT NULL,
    coupon_id     TEXT COLLATE "C",
    redemption_id TEXT COLLATE "C",
    customer_id   TEXT COLLATE "C" NOT NULL,
    asked_by      TEXT COLLATE "C" NOT NULL,
    request_id    TEXT COLLATE "C" NOT NULL,
    detail        TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE INDEX events_by_coupon ON events (coupon_id, created_at, id);

-- +goose StatementBegin
CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are only ever added';
END $$;
-- +goose StatementEnd
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_stay();
CREATE TRIGGER events_remain BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
