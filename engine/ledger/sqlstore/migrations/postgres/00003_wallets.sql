-- Gift cards, wallets and their journal.

-- +goose Up

CREATE TABLE gift_cards (
    id          TEXT COLLATE "C" PRIMARY KEY,
    number      TEXT COLLATE "C" NOT NULL,
    lookup      BYTEA NOT NULL, -- keyed hash of number and code
    code        BYTEA NOT NULL, -- sealed
    code_key    BIGINT NOT NULL, -- by this key
    currency    TEXT COLLATE "C" NOT NULL,
    amount      BIGINT NOT NULL CHECK (amount > 0),
    customer_id TEXT COLLATE "C", -- who is shown it
    expires_at  BIGINT,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'redeemed', 'revoked')),
    redeemed_by TEXT COLLATE "C" CHECK ((redeemed_by IS NOT NULL) = (state = 'redeemed')),
    created_at  BIGINT NOT NULL
);

CREATE UNIQUE INDEX gift_cards_by_number ON gift_cards (number);
CREATE UNIQUE INDEX gift_cards_by_lookup ON gift_cards (lookup);
CREATE INDEX gift_cards_by_customer ON gift_cards (customer_id, created_at, id);
CREATE INDEX gift_cards_by_age ON gift_cards (created_at, id);
CREATE INDEX gift_cards_by_key ON gift_cards (code_key, id);

-- Attempts to redeem that failed in a row. A subject is a keyed hash of a
-- customer or of a number.
CREATE TABLE card_failures (
    subject BYTEA PRIMARY KEY,
    count   BIGINT NOT NULL CHECK (count > 0),
    last_at BIGINT NOT NULL
);

CREATE TABLE balances (
    customer_id TEXT COLLATE "C" NOT NULL,
    currency    TEXT COLLATE "C" NOT NULL,
    cash        BIGINT NOT NULL CHECK (cash >= 0),
    gift        BIGINT NOT NULL CHECK (gift >= 0),
    bonus       BIGINT NOT NULL CHECK (bonus >= 0),
    PRIMARY KEY (customer_id, currency)
);

-- Append-only, double entry: what each booking adds to every account. The
-- balances are the sums of the first three.
CREATE TABLE journal (
    id          TEXT COLLATE "C" PRIMARY KEY,
    customer_id TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    currency    TEXT COLLATE "C" NOT NULL,
    cash        BIGINT NOT NULL,
    gift        BIGINT NOT NULL,
    bonus       BIGINT NOT NULL,
    external    BIGINT NOT NULL,
    gift_cards  BIGINT NOT NULL,
    promotions  BIGINT NOT NULL,
    orders      BIGINT NOT NULL,
    reference   TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    CHECK (cash + gift + bonus + external + gift_cards + promotions + orders = 0)
);

CREATE INDEX journal_by_customer ON journal (customer_id, created_at, id);
CREATE INDEX journal_of_orders ON journal (reference) WHERE orders <> 0; -- by redemption

-- What the wallet has paid of a redemption.
ALTER TABLE redemptions ADD COLUMN drawn BIGINT NOT NULL DEFAULT 0 CHECK (drawn >= 0);
CREATE INDEX redemptions_paid_holds ON redemptions (customer_id, held_until) WHERE state = 'reserved' AND drawn > 0;

CREATE TRIGGER journal_stays BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION events_stay();
CREATE TRIGGER journal_remains BEFORE TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
