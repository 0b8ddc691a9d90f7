// A ledger that the rules wrote has no fault, and one that was written past
// them has those that were made.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/keys"
	"scrip/engine/ledger"
	"scrip/engine/pricing"
)

// Lived is a ledger with a history.
type Lived struct {
	t    testing.TB
	book *ledger.Book
	now  time.Time
	done int
	IDs  map[string]string // by name
}

// Live opens the books over an empty store and lives a history in them that
// leaves coupons and redemptions in every state.
func Live(t testing.TB, s ledger.Store) *Lived {
	t.Helper()
	master, err := keys.Parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	l := &Lived{t: t, now: epoch, IDs: make(map[string]string)}
	if l.book, err = ledger.Open(t.Context(), s, master, func() time.Time { return l.now }); err != nil {
		t.Fatal(err)
	}
	l.do("campaign", func(e *ledger.Entry) (string, error) {
		c := campaign("c")
		c.Quantity, c.PerCustomer = 20, 10
		created, err := e.CreateCampaign(c)
		return created.ID, err
	})
	l.do("granted", func(e *ledger.Entry) (string, error) {
		coupons, _, err := e.Register("ann", []string{"welcome"})
		return coupons[0].ID, err
	})
	for _, name := range []string{"free", "used", "held", "released", "retaken", "ran out", "revoked", "withdrawn"} {
		l.do(name, func(e *ledger.Entry) (string, error) {
			coupons, err := e.Issue("c", []string{"ann"})
			return coupons[0].ID, err
		})
	}
	l.do("block", func(e *ledger.Entry) (string, error) { b, err := e.Block("bob", ""); return b.CustomerID, err })
	l.reserve("retaken")
	l.reserve("ran out")
	l.now = l.now.Add(time.Hour)
	l.orders()
	l.wallets()
	return l
}

// orders are all that happens to redemptions.
func (l *Lived) orders() {
	for _, name := range []string{"retaken", "used", "held", "released", "withdrawn"} {
		l.reserve(name)
	}
	l.do("bare redemption", func(e *ledger.Entry) (string, error) { r, err := e.Reserve(l.order("bare")); return r.ID, err })
	for _, name := range []string{"used", "bare"} {
		l.do("", func(e *ledger.Entry) (string, error) { _, err := e.Confirm(l.IDs[name+" redemption"]); return "", err })
	}
	l.do("", func(e *ledger.Entry) (string, error) {
		_, err := e.Release(l.IDs["released redemption"])
		return "", err
	})
	for _, name := range []string{"revoked", "withdrawn"} {
		l.do("", func(e *ledger.Entry) (string, error) { _, err := e.Revoke(l.IDs[name]); return "", err })
	}
	for _, name := range []string{"first refund", "second refund"} {
		l.do(name, func(e *ledger.Entry) (string, error) {
			r, err := e.Refund(l.IDs["used redemption"], ledger.RefundRequest{Lines: []ledger.RefundLine{{ID: "A", Units: 1}, {ID: "B", Amount: 7}},
				Charges: []ledger.RefundedPart{{ID: "C", Amount: 3}}})
			return r.ID, err
		})
	}
}

// do does one thing under a key; what it made has a name.
func (l *Lived) do(name string, op func(*ledger.Entry) (string, error)) {
	l.t.Helper()
	l.done++
	request := ledger.Request{Key: fmt.Sprint("key ", l.done), Fingerprint: make([]byte, 32), ID: "request", By: "data"}
	l.now = l.now.Add(time.Microsecond)
	_, replayed, err := l.book.Do(l.t.Context(), request, func(e *ledger.Entry) (reply ledger.Reply, err error) {
		l.IDs[name], err = op(e)
		return ledger.Reply{Status: 200}, err
	})
	if err != nil || replayed {
		l.t.Fatalf("%s: replayed %v, %v", name, replayed, err)
	}
}

// reserve reserves an order for a coupon; what held it before is its past.
func (l *Lived) reserve(name string) {
	l.t.Helper()
	l.IDs[name+" past"] = l.IDs[name+" redemption"]
	l.do(name+" redemption", func(e *ledger.Entry) (string, error) { r, err := e.Reserve(l.order(name)); return r.ID, err })
}

func (l *Lived) order(name string) ledger.Reservation {
	r := redemption("", "order "+name)
	r.CouponID = l.IDs[name]
	r.Totals = pricing.Totals{Original: 1_100, Eligible: 1_000, CouponDiscount: 50, Charges: 10, Payable: 1_060}
	if r.CouponID == "" {
		r.Totals.CouponDiscount, r.Totals.Payable = 0, 1_110
	}
	r.Lines = []ledger.RedeemedLine{redeemed("A", int64(r.Totals.Payable)-110, 3), redeemed("B", 100, 1)}
	r.Charges = []ledger.RedeemedCharge{{ID: "C", Amount: 10}}
	return ledger.Reservation{Redemption: r, Hold: 30 * time.Minute, Holds: func(time.Time, bool, *ledger.Coupon) error { return nil }}
}

// Faults verifies a ledger and tells its faults, with names for ids.
func (l *Lived) Faults(s ledger.Store) (told []string) {
	l.t.Helper()
	faults, err := ledger.Verify(l.t.Context(), s)
	if err != nil {
		l.t.Fatal(err)
	}
	var names []string
	for name, id := range l.IDs {
		if strings.Contains(id, "_") { // made by the books
			names = append(names, id, "<"+name+">")
		}
	}
	for _, f := range faults {
		told = append(told, strings.NewReplacer(names...).Replace(f.Table+" "+f.ID+": "+f.What))
	}
	slices.Sort(told)
	return told
}

func testAudit(t *testing.T, s ledger.Store) {
	l := Live(t, s)
	if faults := l.Faults(s); len(faults) > 0 {
		t.Fatalf("a ledger that only the rules wrote:\n%s", strings.Join(faults, "\n"))
	}
	var before []string
	for i, d := range damages {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error { return d.do(ctx, tx, l.IDs) })
		after := l.Faults(s)
		got := slices.DeleteFunc(slices.Clone(after), func(f string) bool { return slices.Contains(before, f) })
		if before = after; !slices.Equal(got, d.faults) {
			t.Errorf("damage %d makes\n\t%s\nwant\n\t%s", i, strings.Join(got, "\n\t"), strings.Join(d.faults, "\n\t"))
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ledger.Verify(gone, s)
	unavailable(t, "an audit for one who has gone", err)
}

// testAuditPages: of however many redemptions each is looked at once, with its
// own refunds, and none that was written meanwhile: an audit sees one instant.
func testAuditPages(t *testing.T, s ledger.Store) {
	const rows = 1_203
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for i := range rows {
			r := redemption(fmt.Sprint("r", i), fmt.Sprint("o", i))
			r.State = ledger.Confirmed
			if _, err := tx.InsertRedemption(ctx, r); err != nil {
				return err
			}
			for n := range i % 3 {
				f := ledger.Refund{ID: fmt.Sprint(i, " ", n), RedemptionID: r.ID, Currency: r.Currency, CreatedAt: epoch}
				if err := tx.InsertRefund(ctx, f); err != nil {
					return err
				}
			}
		}
		return nil
	})
	seen := make(map[string]int)
	_, err := s.Audit(t.Context(), func(a ledger.Audited) []ledger.Fault {
		if len(seen) == 0 && !insert(t, s, redemption("written meanwhile", "z")) {
			t.Error("nothing can be written beside an audit")
		}
		seen[a.Redemption.ID] = len(a.Refunds)
		for _, f := range a.Refunds {
			if f.RedemptionID != a.Redemption.ID {
				t.Errorf("redemption %s has refunds of %s", a.Redemption.ID, f.RedemptionID)
			}
		}
		return nil
	})
	if err != nil || len(seen) != rows {
		t.Errorf("%d of %d were looked at (%v)", len(seen), rows, err)
	}
	for i := range rows {
		if n := seen[fmt.Sprint("r", i)]; n != i%3 {
			t.Errorf("redemption %d has %d refunds, want %d", i, n, i%3)
		}
	}
}

// damages are done one after the other; each adds its faults.
var damages = []struct {
	do     func(context.Context, ledger.Tx, map[string]string) error
	faults []string
}{
	{func(ctx context.Context, tx ledger.Tx, _ map[string]string) error {
		_, err := tx.TakeIssue(ctx, "c", 1)
		return err
	}, []string{"campaigns c: has issued 9 coupons, 8 are there"}},
	{func(ctx context.Context, tx ledger.Tx, _ map[string]string) error {
		_, err := tx.TakeShares(ctx, "c", []string{"bob"}, 1)
		return err
	}, []string{"campaign_shares c bob: counts 1 coupons, 0 are there"}},
	{func(ctx context.Context, tx ledger.Tx, _ map[string]string) error {
		return tx.InsertCoupons(ctx, []ledger.Coupon{later(coupon("stray", "cid"))}, true)
	}, []string{"campaign_shares c cid: is missing, 1 coupons are there",
		"coupons stray: is issued, its events say issued 0 times, revoked 0",
		"coupons stray: was granted to cid, who never registered"}},
	{func(ctx context.Context, tx ledger.Tx, ids map[string]string) error {
		_, err := tx.HoldCoupon(ctx, ids["free"], "nobody", epoch.Add(time.Minute), epoch)
		return err
	}, []string{"coupons <free>: is issued and held by nobody, which is not there"}},
	{func(ctx context.Context, tx ledger.Tx, ids map[string]string) error {
		_, err := tx.UseCoupon(ctx, ids["free"], "nobody")
		return err
	}, []string{"coupons <free>: is used, and no redemption of it is confirmed"}},
	{func(ctx context.Context, tx ledger.Tx, ids map[string]string) error {
		_, err := tx.UseCoupon(ctx, ids["held"], ids["held redemption"])
		return err
	}, []string{"coupons <held>: is used, and no redemption of it is confirmed",
		"redemptions <held redemption>: is reserved, its coupon <held> is used and held by nobody"}},
	{func(ctx context.Context, tx ledger.Tx, _ map[string]string) error {
		_, err := tx.EndHolds(ctx, ledger.Hold{OrderID: "order retaken"}, epoch.Add(24*time.Hour))
		return err
	}, []string{"coupons <retaken>: is issued and held by <retaken redemption>, which is expired",
		"redemptions <retaken redemption>: is expired, its events say reserved 1 times, confirmed 0, released 0, expired 0"}},
	{func(ctx context.Context, tx ledger.Tx, ids map[string]string) error {
		return tx.InsertRefund(ctx, ledger.Refund{ID: "stray", RedemptionID: ids["bare redemption"], Currency: currency("USD"), Amount: 5,
			Lines: []ledger.RefundedPart{{ID: "A", Amount: 4}, {ID: "Z", Amount: 1}}, Returned: ledger.Tender{External: 4}})
	}, []string{`redemptions <bare redemption>: has 1 refunds, its events say 0`,
		`redemptions <bare redemption>: line "A" has had -4 more than its refunds say`,
		`refunds stray: is of 5, its parts are 4, returned were {Gift:0 Bonus:0 Cash:0 External:4}`,
		`refunds stray: refunds 1 of the line "Z", which redemption "<bare redemption>" does not have`}},
	{func(ctx context.Context, tx ledger.Tx, _ map[string]string) error {
		return tx.InsertEvents(ctx, ledger.Event{ID: "stray", At: epoch, Kind: ledger.CouponRevoked, CouponID: "gone", RedemptionID: "gone too"})
	}, []string{"events stray: is of a coupon that is not there: gone", "events stray: is of a redemption that is not there: gone too"}},
	{func(ctx context.Context, tx ledger.Tx, _ map[string]string) error {
		return tx.SaveReply(ctx, ledger.StoredReply{Key: "stray", Fingerprint: []byte{1}, Response: []byte{}, CreatedAt: epoch}, epoch)
	}, []string{"replies stray: has a fingerprint of 1 bytes and a response of 0"}},
	{func(ctx context.Context, tx ledger.Tx, _ map[string]string) error {
		r := redemption("stray", "stray")
		r.Totals.Charges, r.State = 1, ledger.Released
		_, err := tx.InsertRedemption(ctx, r)
		return err
	}, []string{
		"redemptions stray: is released, its events say reserved 0 times, confirmed 0, released 0, expired 0",
		"redemptions stray: its charges are 0 in all, the totals say 1",
		"redemptions stray: the totals do not add up: {Original:1000 Eligible:0 OtherDiscounts:0 CouponDiscount:0 Charges:1 Payable:1000}"}},
}

// later is a coupon issued when events were kept.
func later(c ledger.Coupon) ledger.Coupon {
	c.CreatedAt = epoch.Add(time.Hour)
	return c
}
