package ledger

import (
	"fmt"

	"scrip/engine/money"
)

// wallet: what the journal says of a redemption is what the redemption says,
// bucket by bucket, and came back where it had to (Contract §7).
func (c *checks) wallet() {
	r := &c.a.Redemption
	c.is(r.Drawn.least() >= 0 && r.Drawn.External == 0 && r.Drawn.drawn() <= r.Totals.Payable,
		"was paid %+v by the wallet, %d is payable", r.Drawn, r.Totals.Payable)
	c.is(c.a.Drawn == r.Drawn.drawn(), "the row says that the wallet paid %d, its content %d", c.a.Drawn, r.Drawn.drawn())
	var paid, ended Tender
	refunded := make(map[string]Tender)
	for i := range c.a.Booked {
		entry := &c.a.Booked[i]
		switch into := entry.intoWallet(); entry.Kind {
		case KindPayment:
			paid = paid.plus(into.times(-1))
		case KindReturn:
			ended = ended.plus(into)
		case KindRefund:
			refunded[entry.ID] = into
		}
	}
	c.is(paid == r.Drawn, "the journal says that the wallet paid %+v, the redemption %+v", paid, r.Drawn)
	var due Tender // of a hold that ended unconfirmed
	if r.State != Reserved && r.State != Confirmed {
		due = r.Drawn
	}
	c.is(ended == due, "is %s, and of the %+v that the wallet paid %+v returned", r.State, r.Drawn, ended)
	c.givenBack(refunded)
}

// givenBack: each refund returned to the wallet what the journal says, all of
// them together what the redemption does, and to each bucket what is due to it.
func (c *checks) givenBack(booked map[string]Tender) {
	r := &c.a.Redemption
	var all Tender
	for i := range c.a.Refunds {
		f := &c.a.Refunds[i]
		back := f.Returned
		back.External = 0
		all = all.plus(back)
		if booked[f.ID] != back {
			c.faults = append(c.faults, Fault{"refunds", f.ID, fmt.Sprintf("returned %+v to the wallet, the journal says %+v", back, booked[f.ID])})
		}
		delete(booked, f.ID)
	}
	for id := range booked {
		c.faults = append(c.faults, Fault{"journal", id, fmt.Sprintf("is of a refund that redemption %q does not have", r.ID)})
	}
	c.is(all == r.Returned, "its refunds returned %+v to the wallet, it says %+v", all, r.Returned)
	due := r.due()
	c.is(r.Returned == due, "the wallet paid %+v, and of %d refunded it got back %+v, not %+v", r.Drawn, r.Refunded(), r.Returned, due)
}

// due is what the wallet has to have back of all that was refunded: what cannot
// be withdrawn first, and no bucket more than it paid.
func (r *Redemption) due() (t Tender) {
	left := r.Refunded()
	for _, b := range []struct{ paid, back *money.Amount }{{&r.Drawn.Bonus, &t.Bonus}, {&r.Drawn.Gift, &t.Gift}, {&r.Drawn.Cash, &t.Cash}} {
		*b.back = min(left, *b.paid)
		left -= *b.back
	}
	return t
}

// intoWallet is what an entry adds to the customer's buckets.
func (j *JournalEntry) intoWallet() (t Tender) {
	for _, p := range j.Postings {
		switch p.Bucket {
		case Gift:
			t.Gift += p.Amount
		case Bonus:
			t.Bonus += p.Amount
		case Cash:
			t.Cash += p.Amount
		}
	}
	return t
}
