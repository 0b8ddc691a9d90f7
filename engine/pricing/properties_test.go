package pricing_test

import (
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/money"
	"scrip/engine/pricing"
)

// anyOrder draws an order that Check accepts, with discounts of lines and of
// the order, and lines that take part whatever their discounts: policies may
// allow that, although the shipped ones do not.
func anyOrder(t *rapid.T) (o pricing.Order, eligible []bool) {
	highest := rapid.SampledFrom([]int64{0, 3, 50, 20_000, int64(money.Limit) / 32}).Draw(t, "highest")
	left := money.Amount(0)
	for range rapid.IntRange(1, 6).Draw(t, "sub-orders") {
		n := rapid.IntRange(0, 5).Draw(t, "lines")
		o.SubOrders = append(o.SubOrders, n)
		for range n {
			l := pricing.Line{Original: upTo(t, "original", highest)}
			if rapid.IntRange(0, 3).Draw(t, "discounted") == 0 {
				l.Discounts = upTo(t, "discounts", int64(l.Original))
			}
			left += l.Original - l.Discounts
			o.Lines = append(o.Lines, l)
			eligible = append(eligible, rapid.IntRange(0, 3).Draw(t, "excluded") > 0)
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "order discounted") == 0 {
		o.Discounts = upTo(t, "order discounts", int64(left))
	}
	o.Charges = upTo(t, "charges", highest)
	if err := o.Check(); err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	return o, eligible
}

func upTo(t *rapid.T, what string, highest int64) money.Amount {
	return money.Amount(rapid.Int64Range(0, highest).Draw(t, what))
}

// anyTerms draws a percentage or an amount, with or without a maximum.
func anyTerms(t *rapid.T) (terms pricing.Terms) {
	if rapid.Bool().Draw(t, "in percent") {
		terms.Percent = percent(t, rapid.SampledFrom([]string{"0.0001", "5", "12.5", "33.3333", "50", "99.9999", "100"}).Draw(t, "percent"))
	} else {
		terms.Amount = upTo(t, "amount", rapid.SampledFrom([]int64{5, 1000, int64(money.Limit)}).Draw(t, "highest amount"))
	}
	if rapid.Bool().Draw(t, "bounded") {
		terms.Maximum = upTo(t, "maximum", 1000)
	}
	return terms
}

func TestNothingIsNegativeAndEverythingAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, eligible := anyOrder(t)
		terms := anyTerms(t)
		discount := terms.Discount(o, eligible)
		checkDiscount(t, terms, discount, o.Base(eligible))
		d, err := o.Distribute(discount, eligible)
		if err != nil {
			t.Fatalf("%d over %+v: %v", discount, o, err)
		}
		checkDistribution(t, o, eligible, discount, d)
		checkTotals(t, o, eligible, d, o.Totals(eligible, discount))
	})
}

// checkDiscount: a coupon gives no more than it says.
func checkDiscount(t fataler, terms pricing.Terms, discount, base money.Amount) {
	bound := terms.Amount
	if !terms.Percent.IsZero() {
		bound = base
	}
	if discount < 0 || discount > bound || discount > base || terms.Maximum > 0 && discount > terms.Maximum {
		t.Fatalf("%+v gives %d of a base of %d", terms, discount, base)
	}
}

// checkDistribution: sub-orders in proportion to what is left of their
// eligible lines, lines equally within that, the others nothing.
func checkDistribution(t fataler, o pricing.Order, eligible []bool, discount money.Amount, d pricing.Distribution) {
	weights, next := make(amounts, len(o.SubOrders)), 0
	for s, n := range o.SubOrders {
		caps := make(amounts, n)
		for i := range n {
			if l := o.Lines[next+i]; eligible[next+i] {
				caps[i] = l.Original - l.Discounts
				weights[s] += caps[i]
			}
		}
		checkSplit(t, d.SubOrders[s], caps, d.Lines[next:next+n])
		next += n
	}
	if next != len(d.Lines) {
		t.Fatalf("%d shares for %d lines", len(d.Lines), next)
	}
	checkApportioned(t, discount, weights, d.SubOrders)
}

// checkTotals adds everything up from the lines.
func checkTotals(t fataler, o pricing.Order, eligible []bool, d pricing.Distribution, got pricing.Totals) {
	want := pricing.Totals{OtherDiscounts: o.Discounts, Charges: o.Charges}
	payable := o.Charges - o.Discounts
	for i, l := range o.Lines {
		want.Original += l.Original
		want.OtherDiscounts += l.Discounts
		want.CouponDiscount += d.Lines[i]
		if eligible[i] {
			want.Eligible += l.Original
		}
		line := l.Original - l.Discounts - d.Lines[i]
		if line < 0 {
			t.Fatalf("line %d of %+v costs %d", i, o, line)
		}
		payable += line
	}
	want.Payable = payable
	if got != want || got.Payable < got.Charges || got.Payable < 0 {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestWhatCannotBeBorneIsNotDistributed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, eligible := anyOrder(t)
		room := money.Amount(0)
		for i, l := range o.Lines {
			if eligible[i] {
				room += l.Original - l.Discounts
			}
		}
		for _, discount := range []money.Amount{room + 1, most, -1, least} {
			if d, err := o.Distribute(discount, eligible); err == nil {
				t.Fatalf("%d over lines that bear %d: %+v", discount, room, d)
			}
		}
	})
}

// uneven is a bulk order of n lines in five sub-orders, some tiny, one in
// seven excluded.
func uneven(n int) (o pricing.Order, eligible []bool) {
	for i := range n {
		o.Lines = append(o.Lines, pricing.Line{Original: money.Amount(1 + i*7919%10_007)})
		eligible = append(eligible, i%7 != 3)
	}
	return pricing.Order{Lines: o.Lines, SubOrders: []int{n / 5, n / 5, n / 5, n / 5, n - n/5*4}}, eligible
}

func BenchmarkDistribute(b *testing.B) {
	for name, n := range map[string]int{"20 lines": 20, "1000 lines": 1000} {
		b.Run(name, func(b *testing.B) {
			o, eligible := uneven(n)
			discount := pricing.Terms{Percent: percent(b, "12.5")}.Discount(o, eligible)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.Distribute(discount, eligible); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
