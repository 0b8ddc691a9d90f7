package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

func units(id string, n int64) ledger.RefundLine { return ledger.RefundLine{ID: id, Units: n} }

func part(id string, amount money.Amount) ledger.RefundedPart {
	return ledger.RefundedPart{ID: id, Amount: amount}
}

func sum(id string, amount money.Amount) ledger.RefundLine {
	return ledger.RefundLine{ID: id, Amount: amount}
}

// By quantity a line has had min(round_half_up(paid × k / n), paid − what
// amounts gave) in all (Contract §6): thirds of 10.00, halves of 5.01.
func TestRefundsAreCumulative(t *testing.T) {
	o := newOffice(t)
	r := o.confirmed("o1", "ann", o.issued("welcome", "ann").ID)
	var all []ledger.Refund
	left := r.Totals.Payable
	for i, step := range []struct {
		lines   []ledger.RefundLine
		charges []ledger.RefundedPart
		amount  money.Amount
		want    string
	}{
		{[]ledger.RefundLine{units("A", 1)}, nil, 333, "[{A 333}] []"},
		{[]ledger.RefundLine{units("B", 1), units("A", 1)}, []ledger.RefundedPart{part("shipping", 99)}, 251 + 334 + 99, "[{B 251} {A 334}] [{shipping 99}]"},
		{[]ledger.RefundLine{sum("A", 300)}, nil, 300, "[{A 300}] []"},
		{[]ledger.RefundLine{units("A", 1)}, nil, 33, "[{A 33}] []"}, // the last unit, and what is left of the money
		{[]ledger.RefundLine{sum("B", 250)}, nil, 250, "[{B 250}] []"},
		{[]ledger.RefundLine{units("B", 1)}, nil, 0, "[{B 0}] []"}, // a unit left, but no money
		{nil, []ledger.RefundedPart{part("shipping", 400)}, 400, "[] [{shipping 400}]"},
	} {
		o.advance(tick)
		in := ledger.RefundRequest{Lines: step.lines, Charges: step.charges, Reason: fmt.Sprint("reason ", i)}
		got, err := o.refund(r.ID, in)
		o.must(err)
		if got.Amount != step.amount || fmt.Sprint(got.Lines, got.Charges) != step.want || got.Returned != (ledger.Tender{External: step.amount}) {
			t.Errorf("refund %d: %+v, want %s", i, got, step.want)
		}
		if got.ID == "" || got.RedemptionID != r.ID || got.Currency != r.Currency || got.Reason != in.Reason || got.CreatedAt != o.Now() {
			t.Errorf("refund %d: %+v", i, got)
		}
		all, left = append(all, got), left-got.Amount
		if now := o.redemption(r.ID); now.Totals.Payable-now.Refunded() != left || now.StatusAt(o.Now()) != ledger.StatusConfirmed {
			t.Errorf("refund %d: %d of %d are refunded, %d are left", i, now.Refunded(), now.Totals.Payable, left)
		}
	}
	if left != 0 {
		t.Errorf("%d are left", left)
	}
	for i := range all {
		page := ledger.Page{Limit: len(all)}
		if i > 0 {
			page.After = ledger.Position{CreatedAt: all[i-1].CreatedAt, ID: all[i-1].ID}
		}
		got, err := o.Refunds(t.Context(), r.ID, page)
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", all[i:]) {
			t.Errorf("refunds after %d\n%+v (%v), want\n%+v", i, got, err, all[i:])
		}
	}
	o.is("refunded in full", r, ledger.StatusConfirmed, ledger.StatusUsed) // the coupon does not come back
}

// Whatever is over what is left is named, all of it, and nothing is written.
func TestRefundsNeverExceedWhatWasPaid(t *testing.T) {
	o := newOffice(t)
	r := o.confirmed("o1", "ann", o.issued("welcome", "ann").ID)
	_, err := o.refund(r.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 2)}, Charges: []ledger.RefundedPart{part("shipping", 1)}})
	o.must(err)
	before := o.books(r.CouponID)
	for name, c := range map[string]struct {
		in   ledger.RefundRequest
		want []refusal.Fault
	}{
		"units": {ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 2)}}, []refusal.Fault{{Pointer: "/lines/0", Refundable: "3.33"}}},
		"a cent of a line": {ledger.RefundRequest{Lines: []ledger.RefundLine{units("B", 1), sum("A", 334)}},
			[]refusal.Fault{{Pointer: "/lines/1", Refundable: "3.33"}}},
		"a cent of a charge": {ledger.RefundRequest{Lines: []ledger.RefundLine{units("B", 1)}, Charges: []ledger.RefundedPart{part("shipping", 499)}},
			[]refusal.Fault{{Pointer: "/charges/0", Refundable: "4.98"}}},
		"a charge of nothing": {ledger.RefundRequest{Charges: []ledger.RefundedPart{part("gift wrap", 1)}}, []refusal.Fault{{Pointer: "/charges/0", Refundable: "0.00"}}},
		"everything": {ledger.RefundRequest{Lines: []ledger.RefundLine{sum("B", 502), units("A", 1_000_000)},
			Charges: []ledger.RefundedPart{part("shipping", 498), part("gift wrap", 1)}},
			[]refusal.Fault{{Pointer: "/lines/0", Refundable: "5.01"}, {Pointer: "/lines/1", Refundable: "3.33"}, {Pointer: "/charges/1", Refundable: "0.00"}}},
		"no amount": {ledger.RefundRequest{Lines: []ledger.RefundLine{sum("B", 0)}}, []refusal.Fault{{Pointer: "/lines/0", Refundable: "5.01"}}},
	} {
		_, err := o.refund(r.ID, c.in)
		no := refusedAs(t, err, ledger.RefundExceedsPaid)
		for i := range no.Faults {
			if no.Faults[i].Detail == "" {
				t.Errorf("%s: no detail", name)
			}
			no.Faults[i].Detail = ""
		}
		if !slices.Equal(no.Faults, c.want) {
			t.Errorf("%s: %+v, want %+v", name, no.Faults, c.want)
		}
		if after := o.books(r.CouponID); after != before {
			t.Errorf("%s left\n%s\nwhere there was\n%s", name, after, before)
		}
	}
}

func TestRefundsOfPartsThatAreNotThere(t *testing.T) {
	o := newOffice(t)
	r := o.confirmed("o1", "ann", o.issued("welcome", "ann").ID)
	before := o.books(r.CouponID)
	for pointer, in := range map[string]ledger.RefundRequest{
		"/lines/1/id":   {Lines: []ledger.RefundLine{units("A", 1), units("a", 1)}},
		"/lines/0/id":   {Lines: []ledger.RefundLine{sum("shipping", 1)}},
		"/charges/0/id": {Charges: []ledger.RefundedPart{part("A", 1)}},
	} {
		_, err := o.refund(r.ID, in)
		if no := refusedAs(t, err, refusal.Invalid); len(no.Faults) != 1 || no.Faults[0].Pointer != pointer {
			t.Errorf("%s: %+v", pointer, no.Faults)
		}
	}
	if after := o.books(r.CouponID); after != before {
		t.Errorf("left\n%s\nwhere there was\n%s", after, before)
	}
}

// Only confirmed redemptions are refunded.
func TestRefundsOfWhatIsNotConfirmed(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	released, ended := o.reserved("o1", "ann", ""), o.reserved("o2", "ann", "")
	_, err := o.release(released.ID)
	o.must(err)
	withdrawn := o.reserved("o1", "ann", o.issued("c", "ann").ID)
	_, err = o.revoke(withdrawn.CouponID)
	o.must(err)
	o.at(holdTTL)
	before := o.books()
	for name, r := range map[string]ledger.Redemption{"released": released, "expired": ended, "withdrawn": withdrawn} {
		_, err := o.refund(r.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 1), units("none", 1)}})
		refused(t, name, err, ledger.RedemptionNotConfirmed)
	}
	if after := o.books(); after != before {
		t.Errorf("left\n%s\nwhere there was\n%s", after, before)
	}
	_, err = o.refund(o.reserved("o3", "ann", "").ID, ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 1)}})
	refused(t, "reserved", err, ledger.RedemptionNotConfirmed)
}

// Of many refunds at once as many succeed as there is money.
func TestRefundsAtOnceNeverExceedWhatWasPaid(t *testing.T) {
	o := newOffice(t)
	r := o.confirmed("o1", "ann", "")
	outcomes := make([]error, 64)
	together(64, func(i int) {
		_, outcomes[i] = o.refund(r.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{sum("B", 100)}})
	})
	won := 0
	for _, err := range outcomes {
		if err == nil {
			won++
			continue
		}
		refused(t, "over what is left", err, ledger.RefundExceedsPaid)
	}
	refunds, err := o.Refunds(t.Context(), r.ID, ledger.Page{Limit: 100})
	if now := o.redemption(r.ID); won != 5 || len(refunds) != 5 || now.Refunded() != 500 || err != nil {
		t.Errorf("%d won, %d are listed, %d refunded (%v)", won, len(refunds), now.Refunded(), err)
	}
}
