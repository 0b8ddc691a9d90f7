package ledger

import (
	"fmt"
	"slices"
	"time"

	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// Refund is one refund of a redemption.
type Refund struct {
	ID           string
	RedemptionID string
	Currency     money.Currency
	Amount       money.Amount // of lines and charges together
	Lines        []RefundedPart
	Charges      []RefundedPart
	Returned     Tender
	Reason       string
	CreatedAt    time.Time
}

// RefundedPart is what one line or charge gets back.
type RefundedPart struct {
	ID     string
	Amount money.Amount
}

// Tender says what money is made of: where it came from, or goes back to.
type Tender struct {
	Gift, Bonus, Cash money.Amount // of the customer's wallet
	External          money.Amount // what the checkout collected
}

// RefundRequest is what a refund asks for.
type RefundRequest struct {
	Lines   []RefundLine
	Charges []RefundedPart
	Reason  string
}

// RefundLine asks for units of a line, or for an amount.
type RefundLine struct {
	ID     string
	Units  int64        // 0: by amount
	Amount money.Amount // counts when Units is 0
}

// Refund books a refund of a confirmed redemption, cumulative and within what
// was paid (Contract §6). It refuses with [RedemptionNotFound],
// [RedemptionNotConfirmed], a line or charge that is not in the redemption as
// an invalid request, and with [RefundExceedsPaid] whatever is over what is
// left, naming all such parts.
func (e *Entry) Refund(redemptionID string, in RefundRequest) (Refund, error) {
	r, err := e.redemption(redemptionID)
	if err != nil {
		return Refund{}, err
	}
	if r.StatusAt(e.now) != StatusConfirmed {
		return Refund{}, refusal.New(RedemptionNotConfirmed, "redemption %q is %s; only what is confirmed can be refunded",
			redemptionID, r.StatusAt(e.now))
	}
	out := Refund{RedemptionID: r.ID, Currency: r.Currency, Reason: in.Reason, CreatedAt: e.now}
	over := refusal.New(RefundExceedsPaid, "the refund asks for more than is left of what was paid")
	if err := r.refundLines(in.Lines, &out, over); err != nil {
		return Refund{}, err
	}
	if err := r.refundCharges(in.Charges, &out, over); err != nil {
		return Refund{}, err
	}
	if len(over.Faults) > 0 {
		return Refund{}, over
	}
	if out.ID, err = newID("rfd_"); err != nil {
		return Refund{}, err
	}
	if err := e.giveBack(&r, &out); err != nil {
		return Refund{}, err
	}
	if err := e.save(&r); err != nil {
		return Refund{}, err
	}
	if err := e.tx.InsertRefund(e.ctx, out); err != nil {
		return Refund{}, err
	}
	return out, e.record(OrderRefunded, e.now, e.by, &r, out.ID+" "+r.Currency.Format(out.Amount)+" "+r.Currency.Code())
}

func (r *Redemption) refundLines(lines []RefundLine, out *Refund, over *refusal.Error) error {
	for i, asked := range lines {
		at := slices.IndexFunc(r.Lines, func(l RedeemedLine) bool { return l.ID == asked.ID })
		if at < 0 {
			return unknownPart("lines", i, asked.ID)
		}
		line := &r.Lines[at]
		after, amount, err := asked.of(line.Refundable)
		if err != nil {
			over.Faults = append(over.Faults, exceeds("lines", i, r.Currency.Format(line.Left())))
			continue
		}
		line.Refundable = after
		out.Lines = append(out.Lines, RefundedPart{line.ID, amount})
		out.Amount += amount
	}
	return nil
}

// of refunds a line what is asked for, and tells how much that is.
func (asked *RefundLine) of(line pricing.Refundable) (pricing.Refundable, money.Amount, error) {
	if asked.Units > 0 {
		return line.RefundUnits(asked.Units)
	}
	after, err := line.RefundAmount(asked.Amount)
	return after, asked.Amount, err
}

func (r *Redemption) refundCharges(charges []RefundedPart, out *Refund, over *refusal.Error) error {
	for i, asked := range charges {
		at := slices.IndexFunc(r.Charges, func(c RedeemedCharge) bool { return c.ID == asked.ID })
		if at < 0 {
			return unknownPart("charges", i, asked.ID)
		}
		charge := &r.Charges[at]
		if left := charge.Amount - charge.Refunded; asked.Amount > left {
			over.Faults = append(over.Faults, exceeds("charges", i, r.Currency.Format(left)))
			continue
		}
		charge.Refunded += asked.Amount
		out.Charges = append(out.Charges, asked)
		out.Amount += asked.Amount
	}
	return nil
}

func exceeds(list string, i int, left string) refusal.Fault {
	return refusal.Fault{Pointer: fmt.Sprintf("/%s/%d", list, i), Refundable: left, Detail: "only " + left + " is left to refund"}
}

func unknownPart(list string, i int, id string) error {
	return refusal.InvalidRequest(refusal.Fault{
		Pointer: fmt.Sprintf("/%s/%d/id", list, i), Detail: fmt.Sprintf("the redemption has no %q among its %s", id, list)})
}
