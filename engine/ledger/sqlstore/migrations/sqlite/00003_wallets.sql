-- Gift cards, wallets and their journal.

-- +goose Up

CREATE TABLE gift_cards (
    id          TEXT PRIMARY KEY,
    number      TEXT NOT NULL,
    lookup      BLOB NOT NULL, -- keyed hash of number and code
    code        BLOB NOT NULL, -- sealed
    code_key    INTEGER NOT NULL, -- by this key
    currency    TEXT NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount > 0),
    customer_id TEXT, -- who is shown it
    expires_at  INTEGER,
    state       TEXT NOT NULL CHECK (state IN ('active', 'redeemed', 'revoked')),
    redeemed_by TEXT CHECK ((redeemed_by IS NOT NULL) = (state = 'redeemed')),
    created_at  INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX gift_cards_by_number ON gift_cards (number);
CREATE UNIQUE INDEX gift_cards_by_lookup ON gift_cards (lookup);
CREATE INDEX gift_cards_by_customer ON gift_cards (customer_id, created_at, id);
CREATE INDEX gift_cards_by_age ON gift_cards (created_at, id);
CREATE INDEX gift_cards_by_key ON gift_cards (code_key, id);

-- Attempts to redeem that failed in a row. A subject is a keyed hash of a
-- customer or of a number.
CREATE TABLE card_failures (
    subject BLOB PRIMARY KEY,
    count   INTEGER NOT NULL CHECK (count > 0),
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE balances (
    customer_id TEXT NOT NULL,
    currency    TEXT NOT NULL,
    cash        INTEGER NOT NULL CHECK (cash >= 0),
    gift        INTEGER NOT NULL CHECK (gift >= 0),
    bonus       INTEGER NOT NULL CHECK (bonus >= 0),
    PRIMARY KEY (customer_id, currency)
) STRICT, WITHOUT ROWID;

-- Append-only, double entry: what each booking adds to every account. The
-- balances are the sums of the first three.
CREATE TABLE journal (
    id          TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    kind        TEXT NOT NULL,
    currency    TEXT NOT NULL,
    cash        INTEGER NOT NULL,
    gift        INTEGER NOT NULL,
    bonus       INTEGER NOT NULL,
    external    INTEGER NOT NULL,
    gift_cards  INTEGER NOT NULL,
    promotions  INTEGER NOT NULL,
    orders      INTEGER NOT NULL,
    reference   TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    CHECK (cash + gift + bonus + external + gift_cards + promotions + orders = 0)
) STRICT;

CREATE INDEX journal_by_customer ON journal (customer_id, created_at, id);
CREATE INDEX journal_of_orders ON journal (reference) WHERE orders <> 0; -- by redemption

-- What the wallet has paid of a redemption.
ALTER TABLE redemptions ADD COLUMN drawn INTEGER NOT NULL DEFAULT 0 CHECK (drawn >= 0);
CREATE INDEX redemptions_paid_holds ON redemptions (customer_id, held_until) WHERE state = 'reserved' AND drawn > 0;

-- +goose StatementBegin
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_remains BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END;
-- +goose StatementEnd
