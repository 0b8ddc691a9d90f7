// A quote as a receipt: what each line costs and why, which coupons were compared, and what is left to pay. Sub-orders
// and totals stand in one table, so that every number is under its kind.
package main

import (
	"fmt"
	"slices"
	"strings"
)

// maxCompared is how many coupons a receipt lists; a customer may hold 1,000.
const maxCompared = 20

// receipt is a quote ready to be printed, with the order it was asked for.
type receipt struct {
	quote *quoteAnswer
	order *orderFile
	p     painter
}

// Columns of the receipt's table. labelSpan joins line, product and quantity for words about a whole row.
var receiptColumns = []string{"Line", "Product", ">Quantity × price", ">Original", ">Discounts", ">Coupon", ">Payable"}

const labelSpan = 3

// full is the whole receipt.
func (r receipt) full() string {
	var out strings.Builder
	out.WriteString(r.head())
	out.WriteString("\n")
	out.WriteString(r.lines())
	out.WriteString(r.denials())
	out.WriteString(r.coupons())
	return out.String()
}

// head names order, customer, policy and the choice.
func (r receipt) head() string {
	q := r.quote
	t := table{titles: []string{"", ""}}
	t.add("Quote", q.ID)
	t.add("Order", strings.TrimSpace(q.OrderID+"  "+r.order.Order.Type))
	t.add("Customer", q.CustomerID)
	t.add("Currency", q.Currency)
	t.add("Policy", q.PolicyRevision)
	t.add("Valid until", showTime(&q.ExpiresAt, ""))
	t.add("Coupon", r.choice())
	for i := range t.rows {
		t.rows[i].cells[0].ink = dim
	}
	t.rows[0].cells[1].ink = bold
	if q.Selection.CouponID != nil {
		t.rows[len(t.rows)-1].cells[1].ink = green
	}
	return t.render(r.p)
}

// choice says which coupon the quote uses and by whose will.
func (r receipt) choice() string {
	q := r.quote
	applicable := 0
	for _, c := range q.Coupons {
		if c.Applicable {
			applicable++
		}
	}
	switch q.Selection.By {
	case "default":
		if applicable == 1 {
			return r.chosen() + ", the only one that applies"
		}
		return fmt.Sprintf("%s, the best of the %d that apply", r.chosen(), applicable)
	case "customer":
		return r.chosen() + ", the customer's choice"
	case "none":
		return "none, as asked for"
	case "unavailable":
		switch {
		case len(q.Denials) > 0:
			return "none: this order can use no coupon"
		case len(q.Coupons) == 0:
			return "none: the customer holds no coupon"
		case len(q.Coupons) == 1:
			return "none: the customer's only coupon takes nothing off this order"
		}
		return fmt.Sprintf("none: of the customer's %d coupons none takes anything off this order", len(q.Coupons))
	}
	return q.Selection.By
}

// chosen names the selected coupon by id and campaign.
func (r receipt) chosen() string {
	if r.quote.Selection.CouponID == nil {
		return "none"
	}
	id := *r.quote.Selection.CouponID
	for _, c := range r.quote.Coupons {
		if c.ID == id {
			return id + " of " + c.CampaignID
		}
	}
	return id
}

// lines is the table of sub-orders, lines and totals.
func (r receipt) lines() string {
	t := table{indent: 2, titles: receiptColumns}
	for _, sub := range r.quote.SubOrders {
		t.rows = append(t.rows, row{span: labelSpan, cells: []cell{{r.heading(sub), bold}}})
		for _, line := range sub.Lines {
			t.rows = append(t.rows, r.line(line))
		}
	}
	r.totals(&t)
	return t.render(r.p)
}

// heading names a sub-order, with its part of the coupon where there is one.
func (r receipt) heading(sub quotedSubOrder) string {
	if isZero(sub.CouponDiscount) {
		return "Sub-order " + sub.ID
	}
	return "Sub-order " + sub.ID + ", of the coupon " + sub.CouponDiscount
}

func (r receipt) line(l quotedLine) row {
	product, quantity := "", ""
	if ordered, ok := r.order.lines[l.ID]; ok {
		product = ordered.Product.ID + " " + ordered.Product.Type
		quantity = literal(ordered.Quantity) + " × " + literal(ordered.UnitPrice)
	}
	made := row{cells: []cell{{l.ID, plain}, {product, plain}, {quantity, plain}, {l.Original, plain},
		{off(l.OtherDiscounts), plain}, {off(l.CouponDiscount), green}, {l.Payable, plain}}}
	if l.Eligible {
		return made
	}
	made.cells[5] = cell{"excluded", yellow}
	made.notes = reasonNotes(l.Exclusions, yellow)
	return made
}

// reasonNotes writes reasons as notes under a row.
func reasonNotes(reasons []reason, i ink) []cell {
	var notes []cell
	for _, why := range reasons {
		notes = append(notes, cell{"✗" + glue + why.Code + ": " + why.Message, i})
	}
	return notes
}

// totals closes the table. What the order's own discounts and charges are made of is said beside their names.
func (r receipt) totals(t *table) {
	sum := r.quote.Totals
	add := func(i ink, label string, amounts ...string) {
		made := row{span: labelSpan, cells: []cell{{label, i}}}
		for _, amount := range amounts {
			made.cells = append(made.cells, cell{amount, i})
		}
		t.rows = append(t.rows, made)
	}
	t.rows = append(t.rows, row{rule: true, span: labelSpan})
	add(plain, "Total"+named("discounts include", r.order.Order.Discounts),
		sum.Original, off(sum.OtherDiscounts), off(sum.CouponDiscount))
	add(dim, "Eligible for coupons", sum.Eligible)
	if !isZero(sum.Charges) {
		add(plain, "Charges"+named("", r.order.Order.Charges), "", "", "", sum.Charges)
	}
	add(bold, "To pay in "+r.quote.Currency, "", "", "", sum.Payable)
}

// named lists amounts in brackets: " (shipping 4.99, insurance 1.00)".
func named(lead string, amounts []namedAmount) string {
	if len(amounts) == 0 {
		return ""
	}
	var each []string
	for _, a := range amounts {
		each = append(each, a.ID+" "+literal(a.Amount))
	}
	return " (" + strings.TrimSpace(lead+" "+strings.Join(each, ", ")) + ")"
}

// denials says why the order can use no coupon at all.
func (r receipt) denials() string {
	if len(r.quote.Denials) == 0 {
		return ""
	}
	t := table{titles: []string{""}}
	t.rows = []row{{cells: []cell{{"No coupon can be used on this order", bold}}, notes: reasonNotes(r.quote.Denials, red)}}
	return "\n" + r.notesUnder(t)
}

// notesUnder renders a table of one column with its notes hung at two spaces.
func (r receipt) notesUnder(t table) string {
	var out strings.Builder
	for _, each := range t.rows {
		fmt.Fprintln(&out, r.p.paint(each.cells[0].ink, each.cells[0].text))
		for _, note := range each.notes {
			for i, line := range wrap(clean(note.text), r.p.width-4) {
				fmt.Fprintln(&out, strings.Repeat(" ", 2+2*min(i, 1))+r.p.paint(note.ink, line))
			}
		}
	}
	return out.String()
}

// coupons compares the customer's coupons, best first; the selected one is marked.
func (r receipt) coupons() string {
	q := r.quote
	if len(q.Coupons) == 0 {
		return ""
	}
	t := table{indent: 2, titles: []string{" ", "Coupons compared, best first", "Campaign", ">Discount"}}
	left := 0
	for i, c := range q.Coupons {
		selected := q.Selection.CouponID != nil && *q.Selection.CouponID == c.ID
		if i >= maxCompared && !selected {
			left++
			continue
		}
		t.rows = append(t.rows, r.compared(c, selected))
	}
	text := "\n" + t.render(r.p)
	if left > 0 {
		text += r.p.dim(fmt.Sprintf("     … and %d more; --json lists them all", left)) + "\n"
	}
	return text
}

func (r receipt) compared(c quotedCoupon, selected bool) row {
	made := row{cells: []cell{{"", green}, {c.ID, plain}, {c.CampaignID, plain}, {c.Discount, plain}}}
	switch {
	case selected:
		for i := range made.cells {
			made.cells[i].ink = green
		}
		made.cells[0].text = "✓"
	case !c.Applicable:
		made.cells[3] = cell{"·", dim}
		if !slices.Equal(c.Reasons, r.quote.Denials) { // what denies the order is said once
			made.notes = reasonNotes(c.Reasons, yellow)
		}
	}
	return made
}

// count writes a number with its noun: "1 coupon", "3 coupons".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
