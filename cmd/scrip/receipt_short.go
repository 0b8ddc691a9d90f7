// The receipt in a few lines, for a list of orders: what it costs, which coupon won against which, what was left out.
package main

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxRivals   = 3  // how many other coupons the short receipt names
	shortMargin = 12 // what labels and gaps take of its width, in columns
)

// short is the receipt in a few lines.
func (r receipt) short() string {
	q := r.quote
	t := table{indent: 2, titles: []string{"", ""}}
	add := func(i ink, label, text string) {
		for _, line := range wrap(clean(text), r.p.width-shortMargin) {
			if line != "" {
				t.rows = append(t.rows, row{cells: []cell{{label, dim}, {line, i}}})
			}
			label = ""
		}
	}
	add(plain, "order", strings.Join(slices.DeleteFunc([]string{q.OrderID, r.order.Order.Type, "for " + q.CustomerID,
		r.size()}, func(part string) bool { return part == "" }), ", "))
	add(yellow, "excluded", r.excluded())
	for _, why := range q.Denials {
		add(red, "denied", why.Code+": "+why.Message)
	}
	add(r.choiceInk(), "coupon", r.choice())
	add(dim, "compared", r.rivals())
	if q.Selection.CouponID != nil && len(q.SubOrders) > 1 {
		add(plain, "shared", r.shares())
	}
	add(plain, "sum", r.sum())
	add(bold, "to pay", q.Totals.Payable+" "+q.Currency)
	return t.render(r.p)
}

func (r receipt) choiceInk() ink {
	if r.quote.Selection.CouponID == nil {
		return plain
	}
	return green
}

// size counts lines and sub-orders.
func (r receipt) size() string {
	lines := 0
	for _, sub := range r.quote.SubOrders {
		lines += len(sub.Lines)
	}
	if len(r.quote.SubOrders) == 1 {
		return count(lines, "line")
	}
	return count(lines, "line") + " in " + count(len(r.quote.SubOrders), "sub-order")
}

// excluded names the lines that take no coupon, with their codes.
func (r receipt) excluded() string {
	var each []string
	for _, sub := range r.quote.SubOrders {
		for _, line := range sub.Lines {
			for _, why := range line.Exclusions {
				each = append(each, line.ID+glue+why.Code)
			}
		}
	}
	return strings.Join(each, ", ")
}

// rivals names the coupons that were not chosen, with what they would have given or why they give nothing.
func (r receipt) rivals() string {
	var each []string
	for _, c := range r.quote.Coupons {
		if r.quote.Selection.CouponID != nil && *r.quote.Selection.CouponID == c.ID {
			continue
		}
		text := c.CampaignID + glue + c.Discount
		if !c.Applicable {
			if slices.Equal(c.Reasons, r.quote.Denials) {
				continue
			}
			text = c.CampaignID
			for _, why := range c.Reasons {
				text += glue + why.Code
			}
		}
		each = append(each, text)
	}
	if len(each) > maxRivals {
		each = append(each[:maxRivals], fmt.Sprintf("%d more", len(each)-maxRivals))
	}
	return strings.Join(each, ", ")
}

// shares tells how the deduction falls on the sub-orders.
func (r receipt) shares() string {
	var each []string
	for _, sub := range r.quote.SubOrders {
		each = append(each, sub.ID+glue+off(sub.CouponDiscount))
	}
	return strings.Join(each, ", ")
}

// sum is the bill as one line of arithmetic; parts that are zero are left out.
func (r receipt) sum() string {
	total := r.quote.Totals
	text := total.Original
	for _, part := range []struct{ sign, amount, name string }{
		{"-", total.OtherDiscounts, "other discounts"},
		{"-", total.CouponDiscount, "coupon"},
		{"+", total.Charges, "charges"},
	} {
		if !isZero(part.amount) {
			text += " " + part.sign + glue + part.amount + glue + part.name
		}
	}
	if text == total.Original {
		return ""
	}
	return text
}
