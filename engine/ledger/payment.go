package ledger

import (
	"scrip/engine/money"
	"scrip/engine/refusal"
)

// Payment is what a wallet pays of a reserved order.
type Payment struct {
	ID           string
	RedemptionID string
	Currency     money.Currency
	Amount       money.Amount
	Drawn        Tender // without External
}

// Pay draws money from a customer's wallet for a redemption of theirs that is
// still reserved: gift credit first, then bonus, then cash. An amount of 0 is all
// that the redemption owes. It refuses with [RedemptionNotFound],
// [NotReserved], [NothingOwed], [PaymentExceedsOwed] and [InsufficientFunds].
func (e *Entry) Pay(customerID, redemptionID string, amount money.Amount) (Payment, error) {
	r, err := e.redemption(redemptionID)
	switch {
	case err != nil:
		return Payment{}, err
	case r.CustomerID != customerID:
		return Payment{}, redemptionNotFound(redemptionID)
	case r.StatusAt(e.now) != StatusHeld:
		return Payment{}, refusal.New(NotReserved, "redemption %q is %s; only what is reserved can be paid for", r.ID, r.StatusAt(e.now))
	}
	owed := r.Owed()
	switch {
	case owed == 0:
		return Payment{}, refusal.New(NothingOwed, "nothing is owed for redemption %q", r.ID)
	case amount > owed:
		return Payment{}, refusal.New(PaymentExceedsOwed, "only %s %s is owed for redemption %q",
			r.Currency.Format(owed), r.Currency.Code(), r.ID).In("/amount")
	case amount == 0:
		amount = owed
	}
	balance, err := e.Balance(customerID, r.Currency)
	if err != nil {
		return Payment{}, err
	}
	if amount > balance.Total() {
		return Payment{}, insufficient(amount, &balance)
	}
	return e.draw(&r, amount, &balance)
}

func (e *Entry) draw(r *Redemption, amount money.Amount, from *Balance) (p Payment, err error) {
	p = Payment{RedemptionID: r.ID, Currency: r.Currency, Amount: amount}
	p.Drawn.Gift = min(amount, from.Gift)
	p.Drawn.Bonus = min(amount-p.Drawn.Gift, from.Bonus)
	p.Drawn.Cash = amount - p.Drawn.Gift - p.Drawn.Bonus
	r.Drawn = r.Drawn.plus(p.Drawn)
	if p.ID, err = newID("pay_"); err != nil {
		return Payment{}, err
	}
	if err := e.save(r); err != nil {
		return Payment{}, err
	}
	err = e.post(JournalEntry{ID: p.ID, CustomerID: r.CustomerID, Kind: KindPayment, Currency: r.Currency, Reference: r.ID,
		Postings: p.Drawn.postings(-1)})
	if err != nil {
		return Payment{}, err
	}
	return p, e.record(OrderPaid, e.now, e.by, r, p.ID+" "+r.Currency.Format(amount)+" "+r.Currency.Code())
}

// returnPayments gives back what a hold that ended unconfirmed has drawn, at
// the instant at which it ended.
func (e *Entry) returnPayments(r *Redemption) error {
	if r.Drawn.drawn() == 0 {
		return nil
	}
	id, err := newID("ret_")
	if err != nil {
		return err
	}
	at := e.now
	if r.State == Lapsed {
		at = r.HoldUntil
	}
	return e.post(JournalEntry{ID: id, CustomerID: r.CustomerID, Kind: KindReturn, Currency: r.Currency, Reference: r.ID,
		Postings: r.Drawn.postings(1), CreatedAt: at})
}

// giveBack returns a refund to where the money came from: what cannot be
// withdrawn first, so that no credit becomes cash (Contract §7).
func (e *Entry) giveBack(r *Redemption, refund *Refund) error {
	rest := refund.Amount
	take := func(drawn, returned money.Amount) (part money.Amount) {
		part = min(rest, drawn-returned)
		rest -= part
		return part
	}
	back := &refund.Returned
	back.Bonus = take(r.Drawn.Bonus, r.Returned.Bonus)
	back.Gift = take(r.Drawn.Gift, r.Returned.Gift)
	back.Cash = take(r.Drawn.Cash, r.Returned.Cash)
	back.External = rest
	r.Returned = r.Returned.plus(Tender{Gift: back.Gift, Bonus: back.Bonus, Cash: back.Cash})
	if back.drawn() == 0 {
		return nil
	}
	return e.post(JournalEntry{ID: refund.ID, CustomerID: r.CustomerID, Kind: KindRefund, Currency: r.Currency, Reference: r.ID,
		Postings: back.postings(1)})
}

// PaidBy tells where the money came from: what the wallet did not pay, the
// checkout has collected by the time of the confirmation.
func (r *Redemption) PaidBy() Tender {
	paid := r.Drawn
	if r.State == Confirmed {
		paid.External = r.Owed()
	}
	return paid
}

// Owed is what the wallet has not paid yet.
func (r *Redemption) Owed() money.Amount { return r.Totals.Payable - r.Drawn.drawn() }

// drawn is what came out of the wallet.
func (t Tender) drawn() money.Amount { return t.Gift + t.Bonus + t.Cash }

// Sum is all of it.
func (t Tender) Sum() money.Amount { return t.drawn() + t.External }

func (t Tender) plus(u Tender) Tender {
	return Tender{t.Gift + u.Gift, t.Bonus + u.Bonus, t.Cash + u.Cash, t.External + u.External}
}

// times is n times as much of everything.
func (t Tender) times(n money.Amount) Tender {
	return Tender{n * t.Gift, n * t.Bonus, n * t.Cash, n * t.External}
}

// least is the smallest part.
func (t Tender) least() money.Amount { return min(t.Gift, t.Bonus, t.Cash, t.External) }

// postings move the wallet's part into the wallet, or with a sign of -1 out of
// it.
func (t Tender) postings(sign money.Amount) []Posting {
	return []Posting{{Gift, sign * t.Gift}, {Bonus, sign * t.Bonus}, {Cash, sign * t.Cash}, {Orders, -sign * t.drawn()}}
}

func insufficient(needed money.Amount, b *Balance) error {
	show := b.Currency.Format
	r := refusal.New(InsufficientFunds, "the wallet has %s %s, %s is needed", show(b.Total()), b.Currency.Code(), show(needed))
	r.Needed, r.Available = show(needed), show(b.Total())
	return r
}
