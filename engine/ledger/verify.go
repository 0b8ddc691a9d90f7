package ledger

import (
	"context"
	"fmt"

	"scrip/engine/money"
)

// Fault is a row that breaks an invariant of the books.
type Fault struct {
	Table string
	ID    string
	What  string // is wrong with it
}

// Audited is a redemption with everything that has to agree with it.
type Audited struct {
	Redemption Redemption
	Payable    money.Amount // as the redemption's row has it beside its content
	Refunded   money.Amount // likewise
	Drawn      money.Amount // likewise
	Refunds    []Refund
	Booked     []JournalEntry // what the journal says of it; the currency is not read
}

// Auditor reads all the books; every [Store] is one.
type Auditor interface {
	// Audit reads the whole ledger as it is at one instant and tells of rows
	// that do not fit together. Every redemption that can be read is given to
	// look, one at a time, whose faults are added. With an error the faults are
	// those that were found until then. [Verify] is the way to ask.
	Audit(ctx context.Context, look func(Audited) []Fault) ([]Fault, error)
}

// Verify checks every invariant of the books and returns the rows at fault. It
// changes nothing and may run beside a sidecar that writes. With an error the
// faults are those that were found until then.
func Verify(ctx context.Context, store Auditor) ([]Fault, error) {
	return store.Audit(ctx, func(a Audited) []Fault {
		c := checks{a: &a}
		c.totals()
		c.parts()
		c.refunds()
		c.wallet()
		return c.faults
	})
}

// checks looks at one redemption.
type checks struct {
	a      *Audited
	faults []Fault
}

// is notes a fault of the redemption unless ok.
func (c *checks) is(ok bool, what string, args ...any) {
	if !ok {
		c.faults = append(c.faults, Fault{"redemptions", c.a.Redemption.ID, fmt.Sprintf(what, args...)})
	}
}

// totals: what was payable adds up, and was paid in parts.
func (c *checks) totals() {
	r, t := &c.a.Redemption, c.a.Redemption.Totals
	for _, amount := range []money.Amount{t.Original, t.Eligible, t.OtherDiscounts, t.CouponDiscount, t.Charges, t.Payable} {
		c.is(amount >= 0, "a total is negative: %+v", t)
	}
	c.is(t.Eligible <= t.Original, "more is eligible than there is: %d of %d", t.Eligible, t.Original)
	c.is(t.Payable == t.Original-t.OtherDiscounts-t.CouponDiscount+t.Charges, "the totals do not add up: %+v", t)
	c.is(c.a.Payable == t.Payable, "the row says that %d is payable, the totals %d", c.a.Payable, t.Payable)
	c.is(r.CouponID != "" || t.CouponDiscount == 0, "there is a discount of %d without a coupon", t.CouponDiscount)
	var lines, charges money.Amount
	for i := range r.Lines {
		lines += r.Lines[i].Paid
	}
	for i := range r.Charges {
		charges += r.Charges[i].Amount
	}
	c.is(charges == t.Charges, "its charges are %d in all, the totals say %d", charges, t.Charges)
	c.is(lines+charges == t.Payable, "its lines and charges were paid %d in all, %d is payable", lines+charges, t.Payable)
}

// parts: no line and no charge has had more than was paid for it, and by
// quantity what Contract §6 says.
func (c *checks) parts() {
	r := &c.a.Redemption
	for i := range r.Lines {
		l := &r.Lines[i]
		whole := l.Paid >= 0 && l.Quantity >= 1 && l.Units >= 0 && l.Units <= l.Quantity && l.ByQuantity >= 0 && l.ByAmount >= 0
		c.is(whole && l.Left() >= 0, "line %q was refunded beyond what was paid: %+v", l.ID, l.Refundable)
		if !whole {
			continue
		}
		due, err := money.Fraction(l.Paid, l.Units, l.Quantity)
		c.is(err == nil && (l.ByQuantity == due || l.ByQuantity < due && l.Left() == 0),
			"line %q has had %d for %d of %d units, due is %d: %+v", l.ID, l.ByQuantity, l.Units, l.Quantity, due, l.Refundable)
	}
	for _, charge := range r.Charges {
		c.is(charge.Refunded >= 0 && charge.Refunded <= charge.Amount, "charge %q was refunded %d of %d", charge.ID, charge.Refunded, charge.Amount)
	}
	c.is(c.a.Refunded == r.Refunded(), "the row says that %d was refunded, its parts %d", c.a.Refunded, r.Refunded())
	c.is(r.State == Confirmed || r.Refunded() == 0 && len(c.a.Refunds) == 0, "is %s and has refunds", r.State)
}

// refunds: every refund adds up, and all of them to what the parts have had.
func (c *checks) refunds() {
	r := &c.a.Redemption
	lines, charges := make(map[string]money.Amount, len(r.Lines)), make(map[string]money.Amount, len(r.Charges))
	for i := range r.Lines {
		l := &r.Lines[i]
		_, twice := lines[l.ID]
		c.is(!twice, "line %q is there twice", l.ID)
		lines[l.ID] = l.ByQuantity + l.ByAmount
	}
	for _, charge := range r.Charges {
		_, twice := charges[charge.ID]
		c.is(!twice, "charge %q is there twice", charge.ID)
		charges[charge.ID] = charge.Refunded
	}
	for i := range c.a.Refunds {
		f := &c.a.Refunds[i]
		sum := c.take(f, "line", f.Lines, lines) + c.take(f, "charge", f.Charges, charges)
		back := f.Returned.Gift + f.Returned.Bonus + f.Returned.Cash + f.Returned.External
		whole := min(f.Amount, f.Returned.Gift, f.Returned.Bonus, f.Returned.Cash, f.Returned.External) >= 0
		if !whole || sum != f.Amount || back != f.Amount {
			c.faults = append(c.faults, Fault{"refunds", f.ID, fmt.Sprintf("is of %d, its parts are %d, returned were %+v", f.Amount, sum, f.Returned)})
		}
	}
	for i := range r.Lines {
		left := lines[r.Lines[i].ID]
		c.is(left == 0, "line %q has had %d more than its refunds say", r.Lines[i].ID, left)
	}
	for _, charge := range r.Charges {
		c.is(charges[charge.ID] == 0, "charge %q has had %d more than its refunds say", charge.ID, charges[charge.ID])
	}
}

// take takes a refund's parts off what the redemption's have had, and sums
// them.
func (c *checks) take(f *Refund, kind string, parts []RefundedPart, had map[string]money.Amount) (sum money.Amount) {
	for _, p := range parts {
		if _, known := had[p.ID]; !known || p.Amount < 0 {
			c.faults = append(c.faults, Fault{"refunds", f.ID, fmt.Sprintf("refunds %d of the %s %q, which redemption %q does not have", p.Amount, kind, p.ID, f.RedemptionID)})
			continue
		}
		sum, had[p.ID] = sum+p.Amount, had[p.ID]-p.Amount
	}
	return sum
}
