// Hand-written ports around a real Engine: policies loaded from texts, books and quotes in memory, a clock that stands.
package engine

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/policy/policytest"
	"scrip/engine/prove"
	"scrip/engine/refusal"
)

// TestMain sets how many cases a property runs; -rapid.checks still overrides. No goroutine outlives the tests.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", strconv.Itoa(prove.Count(500, 20_000))); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const ttl = 15 * time.Minute

// desk is an engine with its ports and a log of how they were called.
type desk struct {
	*Engine
	now    time.Time
	calls  []string
	logged bytes.Buffer

	snapshot   *policy.Snapshot
	facts      ledger.Facts
	factsErr   error
	coupons    map[string]ledger.Coupon // known to the books, listed or not
	couponErr  error
	card       ledger.GiftCard // that is claimed, if it has an id
	cardErr    error
	balance    ledger.Balance
	balanceErr error
	kept       map[string]*Quote
}

func newDesk(s *policy.Snapshot, coupons ...ledger.Coupon) *desk {
	d := &desk{now: start, snapshot: s, coupons: make(map[string]ledger.Coupon), kept: make(map[string]*Quote)}
	d.facts.Coupons = coupons
	d.Engine = &Engine{Policies: d, Books: d, Quotes: d, Clock: func() time.Time { return d.now }, TTL: ttl,
		Log: slog.New(slog.NewTextHandler(&d.logged, nil))}
	return d
}

func (d *desk) Current() *policy.Snapshot {
	d.calls = append(d.calls, "policies")
	return d.snapshot
}

func (d *desk) Facts(_ context.Context, customerID string, now time.Time) (ledger.Facts, error) {
	d.calls = append(d.calls, "facts of "+customerID)
	if !now.Equal(d.now.Truncate(time.Microsecond)) || now.Location() != time.UTC {
		d.calls = append(d.calls, "at a wrong instant")
	}
	return d.facts, d.factsErr
}

func (d *desk) Coupon(_ context.Context, id string) (ledger.Coupon, error) {
	d.calls = append(d.calls, "coupon "+id)
	if c, ok := d.coupons[id]; ok || d.couponErr != nil {
		return c, d.couponErr
	}
	return ledger.Coupon{}, refusal.New(ledger.CouponNotFound, "there is no coupon %q", id)
}

func (d *desk) Claimed(context.Context, *ledger.CardClaim) (ledger.GiftCard, error) {
	return d.card, d.cardErr
}

func (d *desk) Balance(_ context.Context, customerID string, currency money.Currency) (ledger.Balance, error) {
	d.balance.CustomerID, d.balance.Currency = customerID, currency
	return d.balance, d.balanceErr
}

func (d *desk) Known(key string, now time.Time) (*Quote, bool) {
	d.calls = append(d.calls, "known")
	q, ok := d.kept[key]
	return q, ok && now.Before(q.ExpiresAt)
}

func (d *desk) Find(_ context.Context, key string, now time.Time) (*Quote, bool) {
	d.calls = append(d.calls, "find")
	q, ok := d.kept[key]
	return q, ok && now.Before(q.ExpiresAt)
}

func (d *desk) Keep(ctx context.Context, key string, q *Quote, now time.Time) *Quote {
	d.calls = append(d.calls, "keep")
	if old, ok := d.kept[key]; ok && now.Before(old.ExpiresAt) {
		return old
	}
	d.kept[key] = q
	return q
}

// quote asks for a quote that must be given.
func (d *desk) quote(t testing.TB, r *Request) *Quote {
	t.Helper()
	q, err := d.Quote(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// shipped loads the policies that come with scrip.
func shipped(t testing.TB) *policy.Snapshot {
	t.Helper()
	s, err := policy.Load(t.Context(), policy.Folder("shipped", os.DirFS("../policies")), policy.Options{Timeout: patience, Memo: true}, start)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rules loads policies that deny nothing but what the given texts do, by the folder of their package.
func rules(t testing.TB, timeout time.Duration, texts map[string]string) *policy.Snapshot {
	t.Helper()
	files := make(map[string]string)
	for dir, text := range texts {
		files[dir+"/x.rego"] = "package " + strings.ReplaceAll(dir, "/", ".") + "\n\n" + text
	}
	s, err := policy.Load(t.Context(), policy.Folder("test", policytest.Folder(files)), policy.Options{Timeout: timeout, Memo: true}, start)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// denies is a rule of any decision.
func denies(code, condition string) string {
	return "deny contains {\"code\": \"" + code + "\", \"message\": \"m\"} if {\n\t" + condition + "\n}\n"
}

const patience = time.Minute

func usd(t testing.TB) money.Currency { return currency(t, "USD") }

func currency(t testing.TB, code string) money.Currency {
	t.Helper()
	c, err := money.CurrencyOf(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func price(t testing.TB, text string) money.UnitPrice {
	t.Helper()
	p, err := money.ParseUnitPrice(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// example is the order of Contract §4.
func example(t testing.TB) *Request {
	line := func(id, kind, unit string, n int64) Line {
		return Line{ID: id, Product: Product{ID: "P" + id, Type: kind}, UnitPrice: price(t, unit), Quantity: n}
	}
	return &Request{
		Customer: Customer{ID: "c-1001"}, Select: SelectBest,
		Order: Order{
			ID: "CJ-1", Type: "dropshipping", Currency: usd(t), Charges: []NamedAmount{{"shipping", 499}},
			SubOrders: []SubOrder{
				{ID: "S1", Lines: []Line{line("A", "ordinary", "12.35", 2), line("B", "supplier", "40.00", 1)}},
				{ID: "S2", Lines: []Line{line("C", "ordinary", "0.30", 1), line("D", "ordinary", "99.99", 1)}},
			},
		},
	}
}

// coupon is one that the example's customer holds, of some percent.
func coupon(t testing.TB, id, percent string, change ...func(*ledger.Coupon)) ledger.Coupon {
	t.Helper()
	p, err := money.ParsePercent(percent)
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.Coupon{ID: id, CampaignID: "of-" + id, CustomerID: "c-1001", State: ledger.Issued, StartsAt: start.Add(-time.Hour), Terms: &ledger.Terms{Percent: p}}
	for _, f := range change {
		f(&c)
	}
	return c
}

func codes(reasons []refusal.Reason) []string {
	list := make([]string, 0, len(reasons))
	for _, r := range reasons {
		list = append(list, r.Code)
	}
	return list
}

// has reports whether reasons are exactly those with the given codes.
func has(reasons []refusal.Reason, want ...string) bool { return slices.Equal(codes(reasons), want) }

// keyFor is the key of a request's content.
func keyFor(r *Request, facts *ledger.Facts, revision string, now time.Time) string {
	key, _ := contentKey(r, facts, revision, now)
	return key
}

func (d *desk) Blocked(_ context.Context, customerID string) (bool, error) {
	d.calls = append(d.calls, "blocked "+customerID)
	return d.facts.Blocklisted, d.factsErr
}
