package ledger_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func TestIssuingRefuses(t *testing.T) {
	o := newOffice(t)
	paused, ended, small, one := plain("paused"), plain("ended"), plain("small"), plain("one each")
	paused.Paused, ended.EndsAt, small.Quantity, one.PerCustomer = true, epoch, 2, 1
	o.campaigns(paused, ended, small, one)
	o.issued("one each", "ann")
	for _, no := range []struct {
		campaign, code string
		customers      []string
	}{
		{"none", ledger.CampaignNotFound, []string{"ann"}},
		{"paused", ledger.CampaignPaused, []string{"ann"}},
		{"ended", ledger.CampaignEnded, []string{"ann"}},
		{"small", ledger.CampaignExhausted, []string{"ann", "bob", "cid"}},
		{"one each", ledger.CampaignCustomerLimit, []string{"ann"}},
		{"one each", ledger.CampaignCustomerLimit, []string{"bob", "ann"}},
		{"one each", ledger.CampaignCustomerLimit, []string{"bob", "cid", "bob"}},
	} {
		_, err := o.issue(no.campaign, no.customers...)
		refused(t, no.campaign, err, no.code)
	}
	// All or nothing: those refused above left no trace.
	for campaign, issued := range map[string]int64{"paused": 0, "ended": 0, "small": 0, "one each": 1} {
		o.counted(campaign, issued)
	}
	if bob, cid := o.holds("bob", ""), o.holds("cid", ""); len(bob)+len(cid) > 0 {
		t.Errorf("bob holds %q, cid %q", bob, cid)
	}
	coupons, err := o.issue("one each", "bob", "cid")
	if err != nil || len(coupons) != 2 || coupons[0].CustomerID != "bob" || coupons[1].CustomerID != "cid" {
		t.Errorf("the same without ann: %+v (%v)", coupons, err)
	}
}

func TestAnIssuedCoupon(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.Terms = ledger.Terms{Percent: percent("12.5"), MinimumSpend: 100, Attributes: `{"a":1}`}
	o.campaigns(c)
	o.at(1999 * time.Nanosecond)
	coupon := o.issued("c", "ann")
	terms := *coupon.Terms
	if !strings.HasPrefix(coupon.ID, "cpn_") || coupon.CampaignID != "c" || coupon.CustomerID != "ann" || coupon.State != ledger.Issued ||
		coupon.CreatedAt != epoch.Add(tick) || terms.MinimumSpend != 100 || terms.Attributes != `{"a":1}` || terms.Percent.String() != "12.5" {
		t.Errorf("issued %+v with %+v", coupon, terms)
	}
	got, err := o.Coupon(t.Context(), coupon.ID)
	o.must(err)
	if got.Terms.Percent.String() != "12.5" || got.Terms.MinimumSpend != 100 || got.Terms.Attributes != `{"a":1}` {
		t.Errorf("read with the terms %+v", got.Terms)
	}
	got.Terms = coupon.Terms
	if got != coupon {
		t.Errorf("read\n%+v, issued\n%+v", got, coupon)
	}
	_, err = o.Coupon(t.Context(), strings.ToUpper(coupon.ID))
	refused(t, "another id", err, ledger.CouponNotFound)
}

func TestQuantityBoundsTheCouponsEverIssued(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.Quantity = 3
	o.campaigns(c)
	first := o.issued("c", "ann")
	_, err := o.revoke(first.ID)
	o.must(err)
	_, err = o.issue("c", "ann", "bob", "cid")
	refused(t, "three more of two", err, ledger.CampaignExhausted)
	_, err = o.issue("c", "ann", "bob")
	o.must(err)
	_, err = o.issue("c", "ann")
	refused(t, "one more of none", err, ledger.CampaignExhausted)
	o.counted("c", 3)
}

func TestPerCustomerBoundsTheCouponsEverIssued(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.PerCustomer = 2
	o.campaigns(c, plain("other"))
	_, err := o.issue("c", "ann", "bob", "ann")
	o.must(err)
	for _, id := range o.holds("ann", "") {
		_, err := o.revoke(id)
		o.must(err)
	}
	_, err = o.issue("c", "ann")
	refused(t, "a third for ann", err, ledger.CampaignCustomerLimit)
	o.issued("c", "bob")
	o.issued("other", "ann")
	o.issued("c", "Ann") // another customer
}

func TestRacesForQuantityAreExact(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.Quantity = 100
	o.campaigns(c)
	var won, lost atomic.Int64
	customers := names(64)
	together(64, func(i int) {
		for try := range 3 {
			customers := []string{customers[(i+try)%64]}
			if try == 2 { // a pair: both or none
				customers = append(customers, customers[0])
			}
			if coupons, err := o.issue("c", customers...); err == nil {
				won.Add(int64(len(coupons)))
			} else {
				refused(t, "losing", err, ledger.CampaignExhausted)
				lost.Add(1)
			}
		}
	})
	if won.Load() != 100 || lost.Load() == 0 {
		t.Errorf("%d were issued of 100", won.Load())
	}
	o.counted("c", 100)
	held := 0
	for _, customer := range customers {
		held += len(o.holds(customer, ledger.StatusAvailable))
	}
	if held != 100 {
		t.Errorf("%d are held of 100", held)
	}
}

func TestRacesForACustomersShareAreExact(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.PerCustomer = 7
	o.campaigns(c)
	var won atomic.Int64
	together(64, func(int) {
		if _, err := o.issue("c", "ann"); err == nil {
			won.Add(1)
		} else {
			refused(t, "losing", err, ledger.CampaignCustomerLimit)
		}
	})
	if n := len(o.holds("ann", "")); won.Load() != 7 || n != 7 {
		t.Errorf("%d were issued, %d are held, want 7", won.Load(), n)
	}
	o.counted("c", 7)
}

// A customer holds at most 1,000 available coupons; what is used, revoked or
// expired does not count, what has not started does.
func TestAvailableCouponsAreBounded(t *testing.T) {
	o := newOffice(t)
	ending, pending := plain("ending"), plain("pending")
	ending.EndsAt, pending.StartsAt = epoch.Add(time.Hour), epoch.Add(2*time.Hour)
	o.campaigns(ending, pending, plain("c"))
	o.use("used", "c", "ann")
	o.fill("pending", "ann", ledger.MaxAvailable-2, epoch.Add(2*time.Hour))
	revocable := o.issued("c", "ann")
	_, err := o.issue("ending", "bob", "ann", "ann")
	refused(t, "the 1,001st", err, ledger.CustomerCouponLimit)
	o.issued("ending", "ann") // the 1,000th
	limited := func(what string) {
		t.Helper()
		_, err := o.issue("c", "ann")
		refused(t, what, err, ledger.CustomerCouponLimit)
	}
	limited("one more")
	if granted, first, err := o.register("ann", "welcome"); err != nil || !first || len(granted) > 0 {
		t.Errorf("registering one who holds the most there can be: %+v %v (%v)", granted, first, err)
	}
	o.counted("welcome", 0)
	o.issued("c", "bob") // the bound is each customer's own

	_, err = o.revoke(revocable.ID)
	o.must(err)
	o.issued("c", "ann")
	limited("the revoked one's place is taken")
	o.at(time.Hour - tick)
	limited("one tick before one expires")
	o.at(time.Hour)
	o.issued("c", "ann")
	limited("the expired one's place is taken")
	facts, err := o.Facts(t.Context(), "ann", o.Now())
	if err != nil || len(facts.Coupons) != ledger.MaxAvailable {
		t.Errorf("the facts hold %d coupons (%v), want all %d", len(facts.Coupons), err, ledger.MaxAvailable)
	}
}

func TestRacesForTheLastAvailablePlacesAreExact(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	o.fill("c", "ann", ledger.MaxAvailable-5, epoch)
	var won atomic.Int64
	together(64, func(int) {
		if _, err := o.issue("c", "ann"); err == nil {
			won.Add(1)
		} else {
			refused(t, "losing", err, ledger.CustomerCouponLimit)
		}
	})
	if n := len(o.holds("ann", ledger.StatusAvailable)); won.Load() != 5 || n != ledger.MaxAvailable {
		t.Errorf("%d won the 5 places, ann holds %d", won.Load(), n)
	}
}
