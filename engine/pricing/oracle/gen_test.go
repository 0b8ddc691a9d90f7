// The generator held against the contract's bounds and against its own
// promise: that every corner of §4 comes up.

package oracle

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

const drawn = 2000

func TestRandomOrdersAreWithinTheContract(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range drawn {
		o, coupons, sel := RandomOrder(rng)
		if len(o.SubOrders) < 1 || len(o.SubOrders) > 6 || len(coupons) > 8 {
			t.Fatalf("%d sub-orders, %d coupons", len(o.SubOrders), len(coupons))
		}
		count, total := 0, sum(o.Charges, o.Digits)
		for _, s := range o.SubOrders {
			count += len(s.Lines)
			for _, l := range s.Lines {
				total.Add(total, original(l, o.Digits))
				if l.Quantity < 1 || l.Quantity > 1_000_000 {
					t.Fatalf("quantity %d", l.Quantity)
				}
				for _, c := range append(coupons, Coupon{}) {
					if len(l.Discounts) > 0 && l.Eligible(c.ID) {
						t.Fatalf("a discounted line takes part in %q", c.ID)
					}
				}
			}
			if len(s.Lines) == 0 {
				t.Fatal("an empty sub-order")
			}
		}
		if count > 60 || total.Cmp(big.NewInt(minorBound)) >= 0 {
			t.Fatalf("%d lines of %s minor units", count, total)
		}
		checkCoupons(t, o, coupons, sel)
	}
}

// checkCoupons: every amount reads in its own currency, is above zero and has
// a currency; `select` names one of them or a word.
func checkCoupons(t *testing.T, o Order, coupons []Coupon, sel string) {
	t.Helper()
	known := map[string]bool{"best": true, "none": true}
	for _, c := range coupons {
		if known[c.ID] {
			t.Fatalf("coupon %s twice", c.ID)
		}
		known[c.ID] = true
		digits := 0
		for _, currency := range currencies {
			if currency.code == c.Currency {
				digits = currency.digits
			}
		}
		for _, text := range []string{c.Amount, c.MinimumSpend, c.MaximumDiscount} {
			if text != "" && (c.Currency == "" || minorUnits(text, digits).Sign() == 0) {
				t.Fatalf("%q in %q", text, c.Currency)
			}
		}
		if (c.Percent == "") == (c.Amount == "") {
			t.Fatalf("percent %q and amount %q", c.Percent, c.Amount)
		}
		if c.Percent != "" {
			scaled := inMinorUnits(exact(c.Percent), 4)
			if p := exact(c.Percent); !scaled.IsInt() || p.Sign() == 0 || p.Cmp(big.NewRat(100, 1)) > 0 {
				t.Fatalf("percent %q", c.Percent)
			}
		}
	}
	for _, text := range o.Discounts {
		if minorUnits(text, o.Digits).Sign() == 0 {
			t.Fatalf("a discount of %q", text)
		}
	}
	if !known[sel] {
		t.Fatalf("select %q", sel)
	}
}

func TestRandomOrdersMeetEveryCorner(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	met := map[string]int{}
	for range drawn {
		o, coupons, sel := RandomOrder(rng)
		r := Price(o, coupons, sel, len(o.Discounts) > 0)
		met["digits "+string(rune('0'+o.Digits))]++
		met["by "+r.By]++
		note(met, "order discount", len(o.Discounts) > 0)
		for i, c := range r.Coupons {
			note(met, "ranking tie", i > 0 && c.Applicable && r.Coupons[i-1].Applicable && c.Discount == r.Coupons[i-1].Discount)
			note(met, "applicable at zero", c.Applicable && strings.Trim(c.Discount, "0.") == "")
			for _, reason := range c.Reasons {
				met[reason]++
			}
		}
		cornersOfLines(met, o, r)
		for _, c := range coupons {
			note(met, "minimum met exactly", c.Currency == o.Currency && c.MinimumSpend != "" &&
				base(o, c.ID).Cmp(minorUnits(c.MinimumSpend, o.Digits)) == 0)
		}
	}
	for _, corner := range []string{
		"digits 0", "digits 2", "digits 3", "digits 4", "by ", "by default", "by customer", "by none", "by unavailable",
		"order discount", "ranking tie", "applicable at zero", ReasonCurrency, ReasonMinimumSpend, ReasonRefused,
		ReasonDenied, "capped", "open beside capped", "odd unit", "free line", "line discount", "finer price",
		"million", "eligibility by coupon", "minimum met exactly", "apportioned unevenly",
	} {
		if met[corner] < 10 {
			t.Errorf("%q came up %d times in %d orders", corner, met[corner], drawn)
		}
	}
	t.Log(met)
}

func note(met map[string]int, corner string, seen bool) {
	if seen {
		met[corner]++
	}
}

func cornersOfLines(met map[string]int, o Order, r Result) {
	parts := map[string]bool{}
	for i, s := range r.SubOrders {
		capped, open := 0, map[string]bool{}
		for j, l := range s.Lines {
			asked := o.SubOrders[i].Lines[j]
			note(met, "free line", strings.Trim(l.Original, "0.") == "")
			note(met, "line discount", len(asked.Discounts) > 0)
			note(met, "million", asked.Quantity == 1_000_000)
			note(met, "finer price", !inMinorUnits(exact(asked.UnitPrice), o.Digits).IsInt())
			note(met, "eligibility by coupon", r.SelectedID != "" && asked.Eligible("") != l.Eligible)
			switch given := strings.Trim(l.CouponDiscount, "0.") != ""; {
			case l.CouponDiscount == l.Original && given:
				capped++
			case l.Eligible && given:
				open[l.CouponDiscount] = true
			}
		}
		note(met, "capped", capped > 0)
		note(met, "open beside capped", capped > 0 && len(open) > 0)
		note(met, "odd unit", len(open) > 1)
		parts[s.CouponDiscount] = true
	}
	note(met, "apportioned unevenly", len(parts) > 1)
}

func TestTheSameSeedDrawsTheSameOrder(t *testing.T) {
	first, second := rand.New(rand.NewPCG(5, 6)), rand.New(rand.NewPCG(5, 6))
	for range 50 {
		a, c, sel := RandomOrder(first)
		b, e, other := RandomOrder(second)
		if x, y := Price(a, c, sel, false), Price(b, e, other, false); x.Totals != y.Totals || ids(x) != ids(y) {
			t.Fatalf("%+v\n%+v", x, y)
		}
	}
}

func BenchmarkPrice(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	for b.Loop() {
		o, coupons, sel := RandomOrder(rng)
		Price(o, coupons, sel, len(o.Discounts) > 0)
	}
}
