package ledger_test

import (
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func TestRevoking(t *testing.T) {
	o := newOffice(t)
	ending := plain("ending")
	ending.EndsAt = epoch.Add(time.Hour)
	o.campaigns(plain("c"), ending)
	available, expired, kept := o.issued("c", "ann"), o.issued("ending", "ann"), o.issued("c", "ann")
	o.use("cpn_used", "c", "ann")
	o.at(time.Hour)
	for _, id := range []string{available.ID, available.ID, expired.ID} {
		c, err := o.revoke(id)
		if err != nil || c.ID != id || c.State != ledger.Revoked || c.StatusAt(o.Now()) != ledger.StatusRevoked || c.Terms == nil {
			t.Errorf("revoked %+v (%v)", c, err)
		}
	}
	_, err := o.revoke("cpn_used")
	refused(t, "a used one", err, ledger.CouponUsed)
	_, err = o.revoke("cpn_none")
	refused(t, "a missing one", err, ledger.CouponNotFound)
	want := []string{available.ID, expired.ID}
	slices.Sort(want)
	if got := o.holds("ann", ledger.StatusRevoked); join(got) != join(want) {
		t.Errorf("revoked are %q, want %q", got, want)
	}
	if got := o.holds("ann", ledger.StatusAvailable); join(got) != kept.ID {
		t.Errorf("available are %q, want %q", got, kept.ID)
	}
	if got := o.holds("ann", ledger.StatusUsed); join(got) != "cpn_used" {
		t.Errorf("used are %q", got)
	}
	o.counted("c", 2) // revoking gives nothing back
}

func TestTheBlocklist(t *testing.T) {
	o := newOffice(t)
	block := func(customer, reason string) (b ledger.Block) {
		o.must(o.do(func(e *ledger.Entry) (err error) {
			b, err = e.Block(customer, reason)
			return err
		}))
		return b
	}
	unblock := func(customer string) { o.must(o.do(func(e *ledger.Entry) error { return e.Unblock(customer) })) }
	blocked := func(customer string, want bool) {
		t.Helper()
		facts, err := o.Facts(t.Context(), customer, o.Now())
		if err != nil || facts.Blocklisted != want {
			t.Errorf("%s is blocked: %v (%v), want %v", customer, facts.Blocklisted, err, want)
		}
	}
	o.issued("welcome", "ann")
	unblock("ann")
	blocked("ann", false)
	want := []ledger.Block{{CustomerID: "zoe", CreatedAt: epoch}, {CustomerID: "ann", Reason: "fraud", CreatedAt: epoch.Add(tick)}}
	if got := block("zoe", ""); got != want[0] {
		t.Errorf("blocked %+v, want %+v", got, want[0])
	}
	o.at(tick)
	block("ann", "")
	o.at(time.Hour)
	if got := block("ann", "fraud"); got != want[1] {
		t.Errorf("blocked again %+v, want %+v", got, want[1])
	}
	blocked("ann", true)
	blocked("Ann", false)
	got, err := o.Blocklist(t.Context(), ledger.Page{Limit: 10})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the list is %+v (%v), want %+v", got, err, want)
	}
	got, err = o.Blocklist(t.Context(), ledger.Page{Limit: 1, After: ledger.Position{CreatedAt: epoch, ID: "zoe"}})
	if err != nil || !slices.Equal(got, want[1:]) {
		t.Errorf("the second page is %+v (%v)", got, err)
	}
	if held := o.holds("ann", ledger.StatusAvailable); len(held) != 1 {
		t.Errorf("a blocked customer holds %q", held)
	}
	unblock("ann")
	unblock("ann")
	blocked("ann", false)
	blocked("zoe", true)
}

// What a transaction read of a campaign that it made itself is forgotten with
// it: the terms of coupons are those that were booked.
func TestTermsOfACampaignThatWasGivenUpAreForgotten(t *testing.T) {
	o := newOffice(t)
	err := o.do(func(e *ledger.Entry) error {
		c := plain("c")
		c.Terms.Percent = percent("90")
		if _, err := e.CreateCampaign(c); err != nil {
			return err
		}
		coupons, err := e.Issue("c", []string{"ann"})
		if err != nil {
			return err
		}
		if c, err := e.Revoke(coupons[0].ID); err != nil || c.Terms.Percent.String() != "90" {
			t.Errorf("inside, the coupon is %+v (%v)", c, err)
		}
		return errGivenUp
	})
	if err != errGivenUp { //nolint:errorlint // the very same
		t.Fatal(err)
	}
	o.campaigns(plain("c"))
	o.issued("c", "ann")
	facts, err := o.Facts(t.Context(), "ann", o.Now())
	if err != nil || len(facts.Coupons) != 1 || facts.Coupons[0].Terms.Percent.String() != "5" {
		t.Errorf("the facts are %+v (%v)", facts, err)
	}
}
