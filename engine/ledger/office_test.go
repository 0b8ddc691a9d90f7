package ledger_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scrip/engine/keys"
	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

// TestMain looks that no goroutine is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// epoch is when the tests begin.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tick is the finest step of the books' time.
const tick = time.Microsecond

// clock stands still until it is set.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time               { return time.Unix(0, c.nanos.Load()) } // local: the books make it UTC
func (c *clock) set(at time.Time)             { c.nanos.Store(at.UnixNano()) }
func (c *clock) advance(by time.Duration)     { c.nanos.Add(int64(by)) }
func (c *clock) at(since time.Duration)       { c.set(epoch.Add(since)) }
func (c *clock) hear() func() (now time.Time) { return c.now }

// office is a book over a store, with a clock of its own.
type office struct {
	*ledger.Book
	*clock
	t     testing.TB
	path  string
	store ledger.Store
}

const masterKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func master(t testing.TB, text string) keys.Master {
	t.Helper()
	m, err := keys.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newOffice opens a fresh ledger that is closed after the test.
func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{t: t, clock: new(clock), path: filepath.Join(t.TempDir(), "scrip.db")}
	o.at(0)
	o.open()
	t.Cleanup(o.close)
	return o
}

func (o *office) open() {
	o.t.Helper()
	var err error
	if o.store, err = sqlstore.OpenSQLite(context.Background(), o.path); err != nil {
		o.t.Fatal(err)
	}
	if o.Book, err = ledger.Open(context.Background(), o.store, master(o.t, masterKey), o.hear()); err != nil {
		o.t.Fatal(err)
	}
	o.Trust() // every rule holds for facts in memory too
}

func (o *office) close() {
	if err := o.store.Close(); err != nil {
		o.t.Errorf("close: %v", err)
	}
}

func (o *office) reopen() {
	o.t.Helper()
	o.close()
	o.open()
}

// do runs an operation that nobody will repeat.
func (o *office) do(op func(*ledger.Entry) error) error {
	_, _, err := o.Do(context.Background(), ledger.Request{}, func(e *ledger.Entry) (ledger.Reply, error) {
		return ledger.Reply{Status: 200}, op(e)
	})
	return err
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) create(c ledger.Campaign) (created ledger.Campaign, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		created, err = e.CreateCampaign(c)
		return err
	})
	return created, err
}

// campaigns creates campaigns that must be new.
func (o *office) campaigns(all ...ledger.Campaign) {
	o.t.Helper()
	for _, c := range all {
		_, err := o.create(c)
		o.must(err)
	}
}

func (o *office) pause(id string, paused bool) (c ledger.Campaign, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		c, err = e.SetPaused(id, paused)
		return err
	})
	return c, err
}

func (o *office) issue(campaignID string, customers ...string) (coupons []ledger.Coupon, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		coupons, err = e.Issue(campaignID, customers)
		return err
	})
	return coupons, err
}

// issued issues one coupon that must be had.
func (o *office) issued(campaignID, customer string) ledger.Coupon {
	o.t.Helper()
	coupons, err := o.issue(campaignID, customer)
	o.must(err)
	return coupons[0]
}

func (o *office) register(customer string, campaigns ...string) (coupons []ledger.Coupon, first bool, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		coupons, first, err = e.Register(customer, campaigns)
		return err
	})
	return coupons, first, err
}

func (o *office) revoke(id string) (c ledger.Coupon, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		c, err = e.Revoke(id)
		return err
	})
	return c, err
}

// use writes a coupon of a campaign that has been used, past the rules: there
// is no operation for it yet.
func (o *office) use(id, campaignID, customer string) {
	o.t.Helper()
	o.must(o.store.Write(context.Background(), func(tx ledger.Tx) error {
		return tx.InsertCoupons(context.Background(), []ledger.Coupon{{ID: id, CampaignID: campaignID, CustomerID: customer,
			State: ledger.Used, StartsAt: o.Now(), CreatedAt: o.Now()}}, false)
	}))
}

// fill gives a customer n coupons of a campaign, past the rules and their
// counts, which take long for that many.
func (o *office) fill(campaignID, customer string, n int, starts time.Time) {
	o.t.Helper()
	o.must(o.store.Write(context.Background(), func(tx ledger.Tx) error {
		var coupons []ledger.Coupon
		for i := range n {
			coupons = append(coupons, ledger.Coupon{ID: "cpn_filled_" + strconv.Itoa(i), CampaignID: campaignID,
				CustomerID: customer, State: ledger.Issued, StartsAt: starts, CreatedAt: o.Now()})
		}
		return tx.InsertCoupons(context.Background(), coupons, false)
	}))
}

// holds lists the ids of a customer's coupons in a status, sorted.
func (o *office) holds(customer string, status ledger.Status) (ids []string) {
	o.t.Helper()
	coupons, _, err := o.Coupons(context.Background(), customer, status, ledger.Page{Limit: 2_000})
	o.must(err)
	for _, c := range coupons {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}

// counted compares what a campaign has counted.
func (o *office) counted(campaignID string, want int64) {
	o.t.Helper()
	c, err := o.Campaign(context.Background(), campaignID)
	if err != nil || c.Issued != want {
		o.t.Errorf("campaign %q has issued %d (%v), want %d", campaignID, c.Issued, err, want)
	}
}

func percent(text string) money.Percent {
	p, err := money.ParsePercent(text)
	if err != nil {
		panic(err) // a constant of the tests
	}
	return p
}

// plain is a campaign of five percent without bounds to speak of.
func plain(id string) ledger.Campaign {
	return ledger.Campaign{ID: id, Name: id, Terms: ledger.Terms{Percent: percent("5")}, PerCustomer: 10_000}
}

func refused(t testing.TB, what string, err error, code string) {
	t.Helper()
	var no *refusal.Error
	if !errors.As(err, &no) || no.Code != code || no.Message == "" {
		t.Errorf("%s: %v, want the refusal %s", what, err, code)
	}
}

// request is a request that may be repeated.
func request(key, content string) ledger.Request {
	digest := sha256.Sum256([]byte(content))
	return ledger.Request{Key: key, Fingerprint: digest[:]}
}

// together runs fn n times at once and waits for all.
func together(n int, fn func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	all.Wait()
}

// names are n customers.
func names(n int) (all []string) {
	for i := range n {
		all = append(all, "customer "+strconv.Itoa(i))
	}
	return all
}

func join(ids []string) string { return strings.Join(ids, " ") }
