// Failed attempts to redeem are counted by customer and by number, in the
// ledger.
package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
)

const lock = 15 * time.Minute

// fail fails so many times and must be told nothing else.
func (o *office) fail(n int, customer, number string) {
	o.t.Helper()
	for i := range n {
		_, err := o.redeem(customer, number, ledger.TypedCode("wrong"))
		refused(o.t, fmt.Sprint("attempt ", i+1, " of ", customer), err, ledger.CardInvalid)
	}
}

func TestTenFailuresInARowLockForFifteenMinutes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := o.card(5_000)
	o.fail(9, "ann", "1")
	o.advance(time.Hour) // a row has no end but a success
	o.fail(1, "ann", "2")
	end := o.Now().Add(lock)
	for _, wait := range []time.Duration{-tick, tick, lock - tick - time.Second, time.Second} { // the first one read the clock before
		o.advance(wait)
		_, err := o.redeem("ann", card.Number, card.Secret)
		if no := refusedAs(t, err, ledger.CardTries); no.RetryAfter != min(lock, end.Sub(o.Now())) {
			t.Errorf("after %s: try again after %s, want %s", wait, no.RetryAfter, end.Sub(o.Now()))
		}
		claim := ledger.CardClaim{CustomerID: "ann", Number: card.Number, Secret: card.Secret}
		_, err = o.Claimed(context.Background(), &claim)
		refused(t, "a look while locked", err, ledger.CardTries)
	}
	o.reopen() // the count is in the ledger
	_, err := o.redeem("ann", card.Number, card.Secret)
	refused(t, "after a restart", err, ledger.CardTries)
	o.has("locked", "ann", 0, 0, 0)
	o.advance(tick)
	_, err = o.redeem("ann", card.Number, card.Secret)
	o.must(err)
	o.has("15 minutes after the last failure", "ann", 0, 5_000, 0)
	o.fail(10, "ann", "3") // the success began a new row
	o.clean()
}

// A clock that was far ahead when the last attempt failed locks nobody once it
// is right; one that was a little ahead does.
func TestALockOfAClockThatWasAheadEndsWithIt(t *testing.T) {
	t.Parallel()
	for ahead, free := range map[time.Duration]bool{time.Minute: false, time.Minute + tick: true, 365 * 24 * time.Hour: true} {
		o := newOffice(t)
		card := o.card(5_000)
		o.advance(ahead)
		o.fail(10, "ann", "1")
		o.advance(-ahead)
		_, err := o.redeem("ann", card.Number, card.Secret)
		if free {
			o.must(err)
		} else if no := refusedAs(t, err, ledger.CardTries); no.RetryAfter != lock {
			t.Errorf("%s ahead: try again after %s", ahead, no.RetryAfter)
		}
		o.clean()
	}
}

func TestAfterALockTheRowStartsAnew(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 2 {
		o.fail(10, "ann", "1")
		_, err := o.redeem("ann", "1", ledger.TypedCode("wrong"))
		refused(t, "the eleventh", err, ledger.CardTries)
		o.advance(lock)
	}
	o.clean()
}

func TestNumbersAreLockedForEverybody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card, other := o.card(5_000), o.card(1)
	for i := range 10 {
		o.fail(1, fmt.Sprint("customer ", i), card.Number)
	}
	_, err := o.redeem("bob", card.Number, card.Secret)
	refused(t, "the number is locked", err, ledger.CardTries)
	_, err = o.redeem("bob", other.Number, other.Secret)
	o.must(err) // bob is not
	for i := range 10 {
		o.fail(1, fmt.Sprint("other ", i), "no number at all")
	}
	_, err = o.redeem("cid", "no number at all", ledger.TypedCode("x"))
	refused(t, "a number that no card has", err, ledger.CardTries)
}

func TestASuccessResetsBothCounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := o.card(5_000)
	o.fail(9, "ann", card.Number)
	_, err := o.redeem("ann", card.Number, card.Secret)
	o.must(err)
	for range 20 { // what is told about a card to who has its code does not count
		_, err := o.redeem("ann", card.Number, card.Secret)
		refused(t, "again", err, ledger.CardUsed)
	}
	o.fail(10, "ann", "1")
	o.fail(10, "bob", card.Number)
}

// Refused attempts leave the key free, and count although they are refused.
func TestFailuresUnderAKeyCount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	claim := func() error {
		_, replayed, err := o.Do(context.Background(), request("key", "content"), func(e *ledger.Entry) (ledger.Reply, error) {
			_, err := e.RedeemCard(ledger.CardClaim{CustomerID: "ann", Number: "1", Secret: ledger.TypedCode("x")})
			return ledger.Reply{}, err
		})
		if replayed {
			t.Error("a refusal was stored")
		}
		return err
	}
	for range 10 {
		refused(t, "under a key", claim(), ledger.CardInvalid)
	}
	refused(t, "the eleventh", claim(), ledger.CardTries)
	if _, found, err := o.Replay(context.Background(), request("key", "content")); found || err != nil {
		t.Errorf("the key is taken: %v", err)
	}
}

func TestTwoBooksOnOneLedgerCountTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	store, err := sqlstore.OpenSQLite(context.Background(), o.path)
	o.must(err)
	defer func() { o.must(store.Close()) }()
	book, err := ledger.Open(context.Background(), store, master(t, masterKey), o.hear())
	o.must(err)
	other := &office{Book: book, clock: o.clock, t: t, path: o.path, store: store}
	for range 5 {
		o.fail(1, "ann", "1")
		other.fail(1, "ann", "2")
	}
	for _, o := range []*office{o, other} {
		_, err := o.redeem("ann", "3", ledger.TypedCode("x"))
		refused(t, "the eleventh at either", err, ledger.CardTries)
	}
}
