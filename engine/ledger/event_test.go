// Every change of a coupon or redemption leaves an event that says who did it
// in which request; refusals and repeats leave none.
package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// as does an operation in a named request of a listener.
func (o *office) as(by, id string, op func(*ledger.Entry) error) error {
	_, _, err := o.Do(context.Background(), ledger.Request{By: by, ID: id}, func(e *ledger.Entry) (ledger.Reply, error) {
		return ledger.Reply{Status: 200}, op(e)
	})
	return err
}

func TestTheLifeOfACouponIsTold(t *testing.T) {
	o := newOffice(t)
	var coupon ledger.Coupon
	var first, second, third ledger.Redemption
	var refund ledger.Refund
	for i, step := range []struct {
		at   time.Duration
		by   string
		code string
		op   func(*ledger.Entry) (err error)
	}{
		{0, "admin", "", func(e *ledger.Entry) error {
			all, err := e.Issue("welcome", []string{"ann"})
			coupon = all[0]
			return err
		}},
		{tick, "data", "", func(e *ledger.Entry) (err error) {
			first, err = e.Reserve(order(t, "o1", "ann", coupon.ID))
			return err
		}},
		{2 * tick, "data", ledger.OrderRedeemed, func(e *ledger.Entry) error { _, err := e.Reserve(order(t, "o1", "ann", coupon.ID)); return err }},
		{3 * tick, "data", "", func(e *ledger.Entry) error { _, err := e.Release(first.ID); return err }},
		{4 * tick, "data", "", func(e *ledger.Entry) error { _, err := e.Release(first.ID); return err }},
		{5 * tick, "data", "", func(e *ledger.Entry) (err error) {
			second, err = e.Reserve(order(t, "o1", "ann", coupon.ID))
			return err
		}},
		{holdTTL + 5*tick, "data", ledger.RedemptionExpired, func(e *ledger.Entry) error { _, err := e.Confirm(second.ID); return err }},
		{holdTTL + 7*tick, "data", "", func(e *ledger.Entry) (err error) {
			third, err = e.Reserve(order(t, "o2", "ann", coupon.ID))
			return err
		}},
		{holdTTL + 8*tick, "data", "", func(e *ledger.Entry) error { _, err := e.Confirm(third.ID); return err }},
		{holdTTL + 9*tick, "data", "", func(e *ledger.Entry) error { _, err := e.Confirm(third.ID); return err }},
		{holdTTL + 10*tick, "data", "", func(e *ledger.Entry) (err error) {
			refund, err = e.Refund(third.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 1)}})
			return err
		}},
		{holdTTL + 11*tick, "data", ledger.RefundExceedsPaid, func(e *ledger.Entry) error {
			_, err := e.Refund(third.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 9)}})
			return err
		}},
		{holdTTL + 12*tick, "admin", ledger.CouponUsed, func(e *ledger.Entry) error { _, err := e.Revoke(coupon.ID); return err }},
	} {
		o.at(step.at)
		if err := o.as(step.by, fmt.Sprint("request ", i), step.op); step.code != "" {
			refused(t, fmt.Sprint("step ", i), err, step.code)
		} else {
			o.must(err)
		}
	}
	event := func(kind ledger.EventKind, at time.Duration, redemption, by, request, detail string) ledger.Event {
		return ledger.Event{Kind: kind, At: epoch.Add(at), CouponID: coupon.ID, CustomerID: "ann", RedemptionID: redemption, By: by, RequestID: request, Detail: detail}
	}
	o.tells(coupon.ID,
		event(ledger.CouponIssued, 0, "", "admin", "request 0", ""),
		event(ledger.OrderReserved, tick, first.ID, "data", "request 1", ""),
		event(ledger.OrderReleased, 3*tick, first.ID, "data", "request 3", ""),
		event(ledger.OrderReserved, 5*tick, second.ID, "data", "request 5", ""),
		event(ledger.HoldEnded, holdTTL+5*tick, second.ID, "clock", "request 7", ""), // when it ended, and who noticed
		event(ledger.OrderReserved, holdTTL+7*tick, third.ID, "data", "request 7", ""),
		event(ledger.OrderConfirmed, holdTTL+8*tick, third.ID, "data", "request 8", ""),
		event(ledger.OrderRefunded, holdTTL+10*tick, third.ID, "data", "request 10", refund.ID+" 3.33 USD"))
}

// tells compares a coupon's events, their ids aside.
func (o *office) tells(couponID string, want ...ledger.Event) {
	o.t.Helper()
	got, err := o.Events(context.Background(), couponID, ledger.Page{Limit: 100})
	o.must(err)
	for i := range got {
		if got[i].ID == "" {
			o.t.Errorf("event %d has no id", i)
		}
		got[i].ID = ""
	}
	if !slices.Equal(got, want) {
		o.t.Errorf("the coupon's life is\n%+v, want\n%+v", got, want)
	}
}

func TestRevokingIsTold(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	held, lapsed, free := o.reserved("o1", "ann", o.issued("c", "ann").ID), o.reserved("o2", "ann", o.issued("c", "ann").ID), o.issued("c", "ann")
	revoke := func(id string) {
		for range 2 {
			o.must(o.as("admin", "r", func(e *ledger.Entry) error { _, err := e.Revoke(id); return err }))
		}
	}
	revoke(held.CouponID)
	revoke(free.ID)
	o.at(time.Hour)
	revoke(lapsed.CouponID)
	for id, want := range map[string][]string{
		held.CouponID:   {`coupon.issued by "" in ""`, `redemption.reserved by "" in ""`, `redemption.released by "admin" in "r"`, `coupon.revoked by "admin" in "r"`},
		lapsed.CouponID: {`coupon.issued by "" in ""`, `redemption.reserved by "" in ""`, `redemption.expired by "clock" in "r"`, `coupon.revoked by "admin" in "r"`},
		free.ID:         {`coupon.issued by "" in ""`, `coupon.revoked by "admin" in "r"`},
	} {
		if got := o.events(id); !slices.Equal(got, want) {
			t.Errorf("events %q, want %q", got, want)
		}
	}
	all, err := o.Events(t.Context(), held.CouponID, ledger.Page{Limit: 10})
	if err != nil || all[2].Detail != "the coupon was revoked" || all[2].RedemptionID != held.ID {
		t.Errorf("the hold's end is told as %+v (%v)", all, err)
	}
}

func TestRegistrationsAreTold(t *testing.T) {
	o := newOffice(t)
	var coupons []ledger.Coupon
	for i := range 2 {
		o.must(o.as("data", fmt.Sprint(i), func(e *ledger.Entry) (err error) {
			coupons, _, err = e.Register("ann", []string{"welcome"})
			return err
		}))
	}
	if got := o.events(coupons[0].ID); !slices.Equal(got, []string{`coupon.issued by "data" in "0"`}) {
		t.Errorf("events %q", got)
	}
}

// Every operation under a key is done once and answered the same, also after
// what it did was undone; a refusal leaves the key free.
func TestRedemptionsUnderAKeyAreBookedOnce(t *testing.T) {
	o := newOffice(t)
	coupon := o.issued("welcome", "ann").ID
	var id string
	ask := func(key, code string, op func(*ledger.Entry) (any, error)) string {
		t.Helper()
		do := func() (string, bool, error) {
			reply, replayed, err := o.Do(t.Context(), request(key, key), func(e *ledger.Entry) (ledger.Reply, error) {
				out, err := op(e)
				return ledger.Reply{Status: 200, Body: fmt.Appendf(nil, "%+v", out)}, err
			})
			return string(reply.Body), replayed, err
		}
		first, replayed, err := do()
		if code != "" {
			refused(t, key, err, code)
			return first
		}
		if err != nil || replayed {
			t.Fatalf("%s: replayed %v (%v)", key, replayed, err)
		}
		before := o.books(coupon)
		if again, replayed, err := do(); err != nil || !replayed || again != first || o.books(coupon) != before {
			t.Errorf("%s again: %q, replayed %v (%v), was %q", key, again, replayed, err, first)
		}
		return first
	}
	refund := func(e *ledger.Entry) (any, error) {
		return e.Refund(id, ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 2)}})
	}
	reserve := func(e *ledger.Entry) (any, error) {
		r, err := e.Reserve(order(t, "o1", "ann", coupon))
		id = r.ID
		return r, err
	}
	confirm := func(e *ledger.Entry) (any, error) { return e.Confirm(id) }
	first := ask("reserve", "", reserve)
	ask("reserve again", ledger.OrderRedeemed, reserve)
	id = o.live("o1")
	ask("refund", ledger.RedemptionNotConfirmed, refund)
	ask("release", "", func(e *ledger.Entry) (any, error) { return e.Release(id) })
	reply, replayed, err := o.Do(t.Context(), request("reserve", "reserve"), untouched(t))
	if err != nil || !replayed || string(reply.Body) != first {
		t.Errorf("reserving again after the release: %q, replayed %v (%v)", reply.Body, replayed, err)
	}
	ask("confirm", ledger.RedemptionReleased, confirm)
	ask("reserve again", "", reserve) // its key was free
	id = o.live("o1")
	ask("confirm", "", confirm)
	ask("refund", "", refund)
	ask("refund more", ledger.RefundExceedsPaid, refund)
	if r := o.redemption(id); r.Refunded() != 667 {
		t.Errorf("refunded %d", r.Refunded())
	}
}

func (o *office) live(orderID string) string {
	o.t.Helper()
	id, err := o.store.LiveRedemption(context.Background(), orderID)
	o.must(err)
	return id
}
