package httpapi

import (
	"errors"
	"net/http"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

// redemptionOut is a redemption as it is shown (Contract §6).
type redemptionOut struct {
	ID         string                  `json:"id"`
	QuoteID    string                  `json:"quote_id"`
	OrderID    string                  `json:"order_id"`
	CustomerID string                  `json:"customer_id"`
	CouponID   *string                 `json:"coupon_id"`
	Status     ledger.RedemptionStatus `json:"status"`
	Currency   string                  `json:"currency"`
	Totals     totalsOut               `json:"totals"`
	Lines      []redeemedLineOut       `json:"lines"`
	Charges    []redeemedChargeOut     `json:"charges"`
	PaidBy     tenderOut               `json:"paid_by"`
	ExpiresAt  *string                 `json:"expires_at"`
	CreatedAt  *string                 `json:"created_at"`
}

type totalsOut struct {
	Original       string `json:"original"`
	Eligible       string `json:"eligible"`
	OtherDiscounts string `json:"other_discounts"`
	CouponDiscount string `json:"coupon_discount"`
	Charges        string `json:"charges"`
	Payable        string `json:"payable"`
}

type redeemedLineOut struct {
	ID         string `json:"id"`
	Quantity   int64  `json:"quantity"`
	Paid       string `json:"paid"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

type redeemedChargeOut struct {
	ID         string `json:"id"`
	Amount     string `json:"amount"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

type tenderOut struct {
	Gift     string `json:"gift"`
	Bonus    string `json:"bonus"`
	Cash     string `json:"cash"`
	External string `json:"external"`
}

func showRedemption(r *ledger.Redemption, now time.Time) redemptionOut {
	show, status := r.Currency.Format, r.StatusAt(now)
	out := redemptionOut{
		ID: r.ID, QuoteID: r.QuoteID, OrderID: r.OrderID, CustomerID: r.CustomerID, CouponID: optional(r.CouponID),
		Status: status, Currency: r.Currency.Code(), Totals: showTotals(r),
		Lines: make([]redeemedLineOut, 0, len(r.Lines)), Charges: make([]redeemedChargeOut, 0, len(r.Charges)),
		ExpiresAt: formatInstant(r.HoldUntil), CreatedAt: formatInstant(r.CreatedAt),
	}
	out.PaidBy = showTender(r.PaidBy(), show)
	for i := range r.Lines {
		l := &r.Lines[i]
		line := redeemedLineOut{ID: l.ID, Quantity: l.Quantity, Paid: show(l.Paid), Refunded: show(l.Paid - l.Left()), Refundable: show(0)}
		if status == ledger.StatusConfirmed {
			line.Refundable = show(l.Left())
		}
		out.Lines = append(out.Lines, line)
	}
	for _, c := range r.Charges {
		charge := redeemedChargeOut{ID: c.ID, Amount: show(c.Amount), Refunded: show(c.Refunded), Refundable: show(0)}
		if status == ledger.StatusConfirmed {
			charge.Refundable = show(c.Amount - c.Refunded)
		}
		out.Charges = append(out.Charges, charge)
	}
	return out
}

func showTotals(r *ledger.Redemption) totalsOut {
	show, t := r.Currency.Format, &r.Totals
	return totalsOut{Original: show(t.Original), Eligible: show(t.Eligible), OtherDiscounts: show(t.OtherDiscounts),
		CouponDiscount: show(t.CouponDiscount), Charges: show(t.Charges), Payable: show(t.Payable)}
}

func showTender(t ledger.Tender, show func(money.Amount) string) tenderOut {
	return tenderOut{Gift: show(t.Gift), Bonus: show(t.Bonus), Cash: show(t.Cash), External: show(t.External)}
}

// redemptionIn is the body of POST /v1/redemptions.
type redemptionIn struct {
	QuoteID string `json:"quote_id"`
}

// reserveTries is how often a reservation is prepared anew because policies,
// blocklist or coupon changed under it.
const reserveTries = 5

func (a *API) createRedemption(c *call) error {
	if done, err := c.replay(); done || err != nil {
		return err
	}
	var in redemptionIn
	if err := c.decode(&in); err != nil {
		return err
	}
	var f faults
	f.add(checkID(in.QuoteID), at{name: "quote_id"})
	if err := f.err(); err != nil {
		return err
	}
	ctx := c.gin.Request.Context()
	q, err := a.Engine.Find(ctx, in.QuoteID)
	if err != nil {
		return err
	}
	for range reserveTries {
		reservation, err := a.Engine.Reservation(ctx, q, a.HoldTTL)
		if err != nil {
			return err
		}
		err = c.write(func(e *ledger.Entry) (int, any, error) {
			r, err := e.Reserve(reservation)
			return http.StatusCreated, showRedemption(&r, e.Now()), err
		})
		if !errors.Is(err, ledger.ErrChanged) {
			return err
		}
	}
	return errOverloaded
}

func (a *API) confirmRedemption(c *call) error { return c.changeRedemption((*ledger.Entry).Confirm) }

func (a *API) releaseRedemption(c *call) error { return c.changeRedemption((*ledger.Entry).Release) }

func (c *call) changeRedemption(change func(*ledger.Entry, string) (ledger.Redemption, error)) error {
	return c.act(func(e *ledger.Entry, id string) (int, any, error) {
		r, err := change(e, id)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, showRedemption(&r, e.Now()), nil
	})
}

func (a *API) getRedemption(c *call) error {
	id, err := c.id("id")
	if err != nil {
		return err
	}
	r, err := a.Book.Redemption(c.gin.Request.Context(), id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, showRedemption(&r, a.Book.Now()))
}

func (a *API) listRedemptions(c *call) error {
	page, err := c.page("order_id")
	if err != nil {
		return err
	}
	orderID := c.gin.Query("order_id")
	if err := checkID(orderID); err != nil {
		return refusal.InvalidRequest(refusal.Fault{Parameter: "order_id", Detail: err.Error()})
	}
	redemptions, err := a.Book.Redemptions(c.gin.Request.Context(), orderID, page.withOneMore())
	if err != nil {
		return err
	}
	now := a.Book.Now()
	show := func(r ledger.Redemption) redemptionOut { return showRedemption(&r, now) }
	return reply(c, page, redemptions, show, func(r ledger.Redemption) ledger.Position {
		return ledger.Position{CreatedAt: r.CreatedAt, ID: r.ID}
	})
}

// eventOut is one event in the life of a coupon.
type eventOut struct {
	ID           string           `json:"id"`
	CreatedAt    *string          `json:"created_at"`
	Kind         ledger.EventKind `json:"kind"`
	CouponID     *string          `json:"coupon_id"`
	RedemptionID *string          `json:"redemption_id"`
	CustomerID   string           `json:"customer_id"`
	By           string           `json:"by"`
	RequestID    string           `json:"request_id"`
	Detail       string           `json:"detail"`
}

func (a *API) listCouponEvents(c *call) error {
	id, err := c.id("id")
	if err != nil {
		return err
	}
	page, err := c.page()
	if err != nil {
		return err
	}
	events, err := a.Book.Events(c.gin.Request.Context(), id, page.withOneMore())
	if err != nil {
		return err
	}
	show := func(e ledger.Event) eventOut {
		return eventOut{ID: e.ID, CreatedAt: formatInstant(e.At), Kind: e.Kind, CouponID: optional(e.CouponID),
			RedemptionID: optional(e.RedemptionID), CustomerID: e.CustomerID, By: e.By, RequestID: e.RequestID, Detail: e.Detail}
	}
	return reply(c, page, events, show, func(e ledger.Event) ledger.Position {
		return ledger.Position{CreatedAt: e.At, ID: e.ID}
	})
}
