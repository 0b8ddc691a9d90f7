// The model of refunds (Contract §6), in exact rationals.
package machine

import (
	"fmt"
	"math/big"
	"net/http"
	"slices"
)

// refund gives back what is asked for, all of it or nothing.
func (m *model) refund(id string, in refundIn) answer {
	r := m.redemption(id)
	if r == nil {
		return refuse(http.StatusNotFound, "redemption.not_found")
	}
	if !in.sound() {
		return refuse(http.StatusUnprocessableEntity, "request.invalid")
	}
	if r.state != confirmed {
		return refuse(http.StatusConflict, "redemption.not_confirmed")
	}
	body := refundBody{RedemptionID: id, Currency: r.currency, Reason: in.Reason, CreatedAt: stamp(m.now)}
	var ofCharges []refundLine
	for _, c := range in.Charges {
		ofCharges = append(ofCharges, refundLine{ID: c.ID, Amount: c.Amount})
	}
	g := giving{currency: r.currency, known: true}
	lines, charges := copies(r.lines), copies(r.charges)
	body.Lines, body.Charges = g.give("lines", lines, in.Lines), g.give("charges", charges, ofCharges)
	switch {
	case !g.known:
		return refuse(http.StatusUnprocessableEntity, "request.invalid")
	case len(g.faults) > 0:
		no := refuse(http.StatusUnprocessableEntity, "refund.exceeds_paid")
		no.faults = g.faults
		return no
	}
	r.lines, r.charges = lines, charges
	body.ID, body.Amount = m.id("rfd_"), text(g.all, r.currency)
	var note string
	body.Returned, note = m.giveBack(r, body.ID, g.all)
	r.refunds = append(r.refunds, body)
	m.happened(r.coupon, r, "redemption.refunded", m.now, m.by)
	a := done(http.StatusCreated, true, body).with(r.coupon)
	if note != "" {
		a.note = note
	}
	return a
}

// giving is a refund in the making.
type giving struct {
	currency string
	all      int64
	known    bool    // every part that was named
	faults   []fault // over what is left
}

func (g *giving) give(list string, parts []*part, asked []refundLine) []namedAmount {
	given := []namedAmount{}
	for i, a := range asked {
		at := slices.IndexFunc(parts, func(p *part) bool { return p.id == a.ID })
		if at < 0 {
			g.known = false
			continue
		}
		left := text(parts[at].left(), g.currency)
		amount, ok := parts[at].give(a, g.currency)
		if !ok {
			g.faults = append(g.faults, fault{Pointer: fmt.Sprintf("/%s/%d", list, i), Refundable: left})
		}
		g.all += amount
		given = append(given, namedAmount{a.ID, text(amount, g.currency)})
	}
	return given
}

// sound tells whether something is named, and nothing twice.
func (in *refundIn) sound() bool {
	lines, charges := make(map[string]bool), make(map[string]bool)
	for _, l := range in.Lines {
		lines[l.ID] = true
	}
	for _, c := range in.Charges {
		charges[c.ID] = true
	}
	return len(lines)+len(charges) > 0 && len(lines) == len(in.Lines) && len(charges) == len(in.Charges)
}

func copies(parts []*part) (all []*part) {
	for _, p := range parts {
		p := *p
		all = append(all, &p)
	}
	return all
}

// give gives back units or an amount, if there are as many: by units, with so
// many of all, min(round_half_up(paid × k / n), paid − what amounts gave).
func (p *part) give(asked refundLine, currency string) (amount int64, ok bool) {
	if asked.Quantity == 0 {
		if amount = units(asked.Amount, currency); amount > p.left() {
			return 0, false
		}
		p.byAmounts += amount
		return amount, true
	}
	if p.units+asked.Quantity > p.quantity {
		return 0, false
	}
	had := p.byUnits
	p.units += asked.Quantity
	due := new(big.Rat).Mul(new(big.Rat).SetInt64(p.paid), big.NewRat(p.units, p.quantity))
	p.byUnits = min(halfUp(due), p.paid-p.byAmounts)
	return p.byUnits - had, true
}
