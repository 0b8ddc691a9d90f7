package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"scrip/engine"
	"scrip/engine/ledger"
	"scrip/engine/money"
)

// refundIn is the body of POST /v1/redemptions/{id}/refunds (Contract §6).
type refundIn struct {
	Lines   list[refundLineIn] `json:"lines"`
	Charges list[amountIn]     `json:"charges"`
	Reason  text               `json:"reason"`
}

// refundLineIn gives a quantity or an amount.
type refundLineIn struct {
	ID       string         `json:"id"`
	Quantity member[int64]  `json:"quantity"`
	Amount   member[number] `json:"amount"`
}

// refundOut is a refund as it is shown.
type refundOut struct {
	ID           string            `json:"id"`
	RedemptionID string            `json:"redemption_id"`
	Currency     string            `json:"currency"`
	Amount       string            `json:"amount"`
	Lines        []refundedPartOut `json:"lines"`
	Charges      []refundedPartOut `json:"charges"`
	Returned     tenderOut         `json:"returned"`
	Reason       string            `json:"reason"`
	CreatedAt    *string           `json:"created_at"`
}

type refundedPartOut struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
}

func showRefund(r ledger.Refund) refundOut {
	parts := func(list []ledger.RefundedPart) []refundedPartOut {
		out := make([]refundedPartOut, 0, len(list))
		for _, p := range list {
			out = append(out, refundedPartOut{p.ID, r.Currency.Format(p.Amount)})
		}
		return out
	}
	return refundOut{
		ID: r.ID, RedemptionID: r.RedemptionID, Currency: r.Currency.Code(), Amount: r.Currency.Format(r.Amount),
		Lines: parts(r.Lines), Charges: parts(r.Charges), Returned: showTender(r.Returned, r.Currency.Format),
		Reason: r.Reason, CreatedAt: formatInstant(r.CreatedAt),
	}
}

// request checks the body, whose amounts are in the redemption's currency.
func (in *refundIn) request(currency money.Currency) (ledger.RefundRequest, error) {
	var f faults
	lines := at{name: "lines"}
	out := ledger.RefundRequest{Reason: string(in.Reason)}
	f.add(checkText(out.Reason, 0, maxReasonBytes), at{name: "reason"})
	if len(in.Lines)+len(in.Charges) == 0 {
		f.add(errors.New("must name lines or charges"), at{name: "lines"})
	}
	if len(in.Lines) > engine.MaxLines {
		f.add(fmt.Errorf("must be at most %d", engine.MaxLines), lines)
	}
	ids := make(unique, len(in.Lines))
	for i := range in.Lines {
		place := at{&lines, "", i}
		f.add(ids.check(in.Lines[i].ID), at{&place, "id", 0})
		out.Lines = append(out.Lines, in.Lines[i].check(&f, place, currency))
	}
	for _, charge := range checkAmounts(&f, at{name: "charges"}, in.Charges, currency, aboveZero) {
		out.Charges = append(out.Charges, ledger.RefundedPart(charge))
	}
	return out, f.err()
}

func (in *refundLineIn) check(f *faults, here at, currency money.Currency) ledger.RefundLine {
	line := ledger.RefundLine{ID: in.ID}
	switch {
	case in.Quantity.given && in.Amount.given:
		f.add(errors.New("is given beside quantity; give one of them"), at{&here, "amount", 0})
	case in.Quantity.given:
		if line.Units = in.Quantity.value; line.Units < 1 || line.Units > engine.MaxQuantity {
			f.add(fmt.Errorf("must be a whole number from 1 to %d", engine.MaxQuantity), at{&here, "quantity", 0})
		}
	case in.Amount.given:
		var err error
		line.Amount, err = parseAmount(in.Amount.value, currency, aboveZero)
		f.add(err, at{&here, "amount", 0})
	default:
		f.add(errors.New("is required, or an amount"), at{&here, "quantity", 0})
	}
	return line
}

func (a *API) createRefund(c *call) error {
	if done, err := c.replay(); done || err != nil {
		return err
	}
	id, err := c.id("id")
	if err != nil {
		return err
	}
	var in refundIn
	if err := c.decode(&in); err != nil {
		return err
	}
	redemption, err := a.Book.Redemption(c.gin.Request.Context(), id)
	if err != nil {
		return err
	}
	request, err := in.request(redemption.Currency)
	if err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		refund, err := e.Refund(id, request)
		return http.StatusCreated, showRefund(refund), err
	})
}

func (a *API) listRefunds(c *call) error {
	id, err := c.id("id")
	if err != nil {
		return err
	}
	page, err := c.page()
	if err != nil {
		return err
	}
	refunds, err := a.Book.Refunds(c.gin.Request.Context(), id, page.withOneMore())
	if err != nil {
		return err
	}
	return reply(c, page, refunds, showRefund, func(r ledger.Refund) ledger.Position {
		return ledger.Position{CreatedAt: r.CreatedAt, ID: r.ID}
	})
}
