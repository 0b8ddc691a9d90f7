package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// counting tells how often facts were read from the store.
type counting struct {
	ledger.Store
	reads     atomic.Int64
	fail      atomic.Bool
	broken    atomic.Bool
	silent    atomic.Bool // about others' writes
	meanwhile func()      // after a reading
}

func (c *counting) Holdings(ctx context.Context, ids []string, now time.Time) ([]ledger.Holding, error) {
	c.reads.Add(1)
	if c.broken.Load() {
		return nil, ledger.ErrUnavailable
	}
	holdings, err := c.Store.Holdings(ctx, ids, now)
	if c.meanwhile != nil {
		c.meanwhile()
	}
	return holdings, err
}

func (c *counting) ForeignWrites(ctx context.Context) (int64, error) {
	if c.silent.Load() {
		<-ctx.Done()
	}
	if c.fail.Load() {
		return 0, ledger.ErrUnavailable
	}
	return c.Store.ForeignWrites(ctx)
}

func countedOffice(t *testing.T) (*office, *counting) {
	t.Helper()
	o := newOffice(t)
	store := &counting{Store: o.store}
	book, err := ledger.Open(t.Context(), store, master(t, masterKey), o.hear())
	o.must(err)
	o.Book = book
	return o, store
}

// facts reads a customer's facts and tells how often the store was asked.
func (o *office) facts(store *counting, customer string) (ledger.Facts, int64) {
	o.t.Helper()
	before := store.reads.Load()
	facts, err := o.Facts(context.Background(), customer, o.Now())
	o.must(err)
	return facts, store.reads.Load() - before
}

func TestFactsAreReadOnce(t *testing.T) {
	o, store := countedOffice(t)
	o.issued("welcome", "c")
	if _, reads := o.facts(store, "c"); reads != 1 {
		t.Fatal("not read")
	}
	if _, reads := o.facts(store, "c"); reads != 1 {
		t.Error("kept although nobody watches")
	}
	o.Trust()
	o.facts(store, "c")
	facts, reads := o.facts(store, "c")
	if reads != 0 || len(facts.Coupons) != 1 || facts.Coupons[0].Terms == nil {
		t.Errorf("read %d times: %+v", reads, facts)
	}
	if _, reads := o.facts(store, "other"); reads != 1 {
		t.Error("another customer's facts")
	}
}

func TestOwnWritesCountAtOnce(t *testing.T) {
	o, store := countedOffice(t)
	o.Trust()
	o.facts(store, "c")
	coupon := o.issued("welcome", "c")
	if facts, _ := o.facts(store, "c"); len(facts.Coupons) != 1 {
		t.Error("issued")
	}
	block := func(e *ledger.Entry) error { _, err := e.Block("c", ""); return err }
	o.must(o.do(block))
	if facts, _ := o.facts(store, "c"); !facts.Blocklisted {
		t.Error("blocked")
	}
	o.must(o.do(func(e *ledger.Entry) error { return e.Unblock("c") }))
	if facts, _ := o.facts(store, "c"); facts.Blocklisted {
		t.Error("unblocked")
	}
	if _, err := o.revoke(coupon.ID); err != nil {
		t.Fatal(err)
	}
	if facts, _ := o.facts(store, "c"); len(facts.Coupons) != 0 {
		t.Error("revoked")
	}
	if _, _, err := o.register("d", "welcome"); err != nil {
		t.Fatal(err)
	}
	if facts, _ := o.facts(store, "d"); len(facts.Coupons) != 1 {
		t.Error("registered")
	}
}

func TestKnownFactsFollowTheClock(t *testing.T) {
	o, store := countedOffice(t)
	o.Trust()
	o.campaigns(ledger.Campaign{ID: "short", Name: "n", Terms: ledger.WelcomeCampaign(epoch).Terms, PerCustomer: 9,
		ValidFor: ledger.Validity{Text: "1h", Duration: time.Hour}})
	o.issued("short", "c")
	o.issued("welcome", "c")
	for _, step := range []struct {
		at          time.Duration
		held, reads int64
	}{{0, 2, 1}, {time.Hour - tick, 2, 0}, {time.Hour, 1, 0}, {2 * time.Hour, 1, 0}, {30 * time.Minute, 2, 0}, {-tick, 2, 1}} {
		o.at(step.at)
		if facts, reads := o.facts(store, "c"); int64(len(facts.Coupons)) != step.held || reads != step.reads {
			t.Errorf("at %s: %d coupons, read %d times; want %d, %d", step.at, len(facts.Coupons), reads, step.held, step.reads)
		}
	}
}

// Whoever was told of a write sees it, however many read meanwhile.
func TestReadersNeverKeepWhatAWriteMadeOld(t *testing.T) {
	o, _ := countedOffice(t)
	o.Trust()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if _, err := o.Facts(context.Background(), "c", o.Now()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for i := range 300 {
		o.must(o.do(func(e *ledger.Entry) error {
			if i%2 == 0 {
				_, err := e.Block("c", fmt.Sprint(i))
				return err
			}
			return e.Unblock("c")
		}))
		facts, err := o.Facts(t.Context(), "c", o.Now())
		if err != nil || facts.Blocklisted != (i%2 == 0) {
			t.Fatalf("after write %d: blocked %v, %v", i, facts.Blocklisted, err)
		}
	}
	close(stop)
	readers.Wait()
}

// Who was written to is in memory soon, without being asked about.
func TestTouchedCustomersAreReadAhead(t *testing.T) {
	o, store := countedOffice(t)
	customers := make([]string, 300)
	for i := range customers {
		customers[i] = fmt.Sprint("c", i)
		if i%2 == 1 {
			o.must(o.do(func(e *ledger.Entry) error { _, err := e.Block(customers[i], ""); return err }))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); o.Watch(ctx) }()
	soon(t, "watched", o.Trusted)
	for i, customer := range customers {
		if i%2 == 0 {
			o.issued("welcome", customer)
		} else {
			o.must(o.do(func(e *ledger.Entry) error { return e.Unblock(customer) }))
		}
		soon(t, customer+" in memory", func() bool { return o.Book.Known(customer) })
		facts, reads := o.facts(store, customer)
		if reads != 0 || facts.Blocklisted || len(facts.Coupons) != 1-i%2 {
			t.Fatalf("%s: read %d times: %+v", customer, reads, facts)
		}
		if len(facts.Coupons) == 1 && facts.Coupons[0].Terms == nil {
			t.Fatalf("%s: a coupon without terms", customer)
		}
	}
	o.must(o.do(func(e *ledger.Entry) error {
		for _, customer := range customers {
			if _, err := e.Block(customer, ""); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, customer := range customers { // in batches
		soon(t, customer+" in memory again", func() bool { return o.Book.Known(customer) })
		if facts, _ := o.facts(store, customer); !facts.Blocklisted {
			t.Fatalf("%s is not blocked", customer)
		}
	}
	cancel()
	<-ended
}

// A customer who is touched again while the others are taken leaves a token behind, and nobody.
func TestATokenWithoutCustomersIsNoHarm(t *testing.T) {
	o, store := countedOffice(t)
	o.Tell()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); o.Watch(ctx) }()
	soon(t, "the token is taken", func() bool { return !o.Told() })
	o.issued("welcome", "c")
	soon(t, "c in memory", func() bool { return o.Book.Known("c") })
	cancel()
	<-ended
	if reads := store.reads.Load(); reads == 0 {
		t.Error("nothing was read")
	}
}

// A write that comes between reading ahead and keeping it wins.
func TestReadingAheadNeverKeepsWhatAWriteMadeOld(t *testing.T) {
	o, store := countedOffice(t)
	o.Trust()
	store.meanwhile = func() {
		store.meanwhile = nil
		o.must(o.do(func(e *ledger.Entry) error { _, err := e.Block("c", ""); return err }))
	}
	others := []string{"d0", "d1", "d2", "d3"}
	o.Warm(t.Context(), append(others, "c"))
	if facts, reads := o.facts(store, "c"); reads != 1 || !facts.Blocklisted {
		t.Errorf("read %d times: %+v", reads, facts)
	}
	if !slices.ContainsFunc(others, o.Book.Known) { // one of them may share c's stripe, not all
		t.Error("no other customer is kept")
	}
	store.broken.Store(true)
	o.Warm(t.Context(), []string{"e"})
	store.broken.Store(false)
	if o.Book.Known("e") {
		t.Error("kept what could not be read")
	}
}

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Another sidecar on the same ledger is noticed, and nothing is trusted while nobody can tell.
func TestOthersWritesAreNoticed(t *testing.T) {
	o, store := countedOffice(t)
	other := newOfficeOn(t, o.path)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); o.Watch(ctx) }()
	soon(t, "watched", o.Trusted)
	for i := range 4 {
		o.facts(store, "c")
		want := i%2 == 0
		other.must(other.do(func(e *ledger.Entry) error {
			if want {
				_, err := e.Block("c", "")
				return err
			}
			return e.Unblock("c")
		}))
		soon(t, "the other's write", func() bool { facts, _ := o.facts(store, "c"); return facts.Blocklisted == want })
	}
	store.fail.Store(true)
	soon(t, "distrust", func() bool { return !o.Trusted() })
	store.fail.Store(false)
	soon(t, "trust again", o.Trusted)
	store.silent.Store(true) // as while somebody has the file for long
	soon(t, "distrust of silence", func() bool { return !o.Trusted() })
	cancel()
	<-ended
	if o.Trusted() {
		t.Error("trusted although nobody watches any more")
	}
	if _, err := o.store.ForeignWrites(ctx); err != nil && !errors.Is(err, ledger.ErrUnavailable) {
		t.Error(err)
	}
}

func newOfficeOn(t *testing.T, path string) *office {
	t.Helper()
	o := &office{t: t, clock: new(clock), path: path}
	o.at(0)
	o.open()
	t.Cleanup(o.close)
	return o
}
