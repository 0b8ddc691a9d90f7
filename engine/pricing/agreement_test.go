// The engine's arithmetic held against its second telling on random orders,
// from text to text.

package pricing_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/pricing/oracle"
	"scrip/engine/prove"
)

// A failure names its seed and case; these two repeat it alone.
var (
	orderSeed = flag.Uint64("order.seed", 4, "seed of the random orders")
	orderCase = flag.Int("order.case", -1, "the one random order to price, -1 for all")
)

func TestPricingAgreesWithTheSecondTelling(t *testing.T) {
	first, after := 0, prove.Count(usualOrders, 100_000)
	if *orderCase >= 0 {
		first, after = *orderCase, *orderCase+1
	}
	var taken atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) { // the second telling is slow
		workers.Go(func() {
			for n := first + int(taken.Add(1)) - 1; n < after && !t.Failed(); n = first + int(taken.Add(1)) - 1 {
				q := draw(*orderSeed, n)
				if fault := q.disagreement(); fault != "" {
					t.Errorf("%s\n%s\nagain: go test ./engine/pricing -run %s -order.seed %d -order.case %d",
						fault, q, t.Name(), *orderSeed, n)
				}
			}
		})
	}
	workers.Wait()
}

// question is one random order with its customer's coupons.
type question struct {
	order    oracle.Order
	coupons  []oracle.Coupon
	selected string
	denied   bool
}

// draw draws the n-th question of a seed, whatever came before it.
func draw(seed uint64, n int) (q question) {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	q.order, q.coupons, q.selected = oracle.RandomOrder(rng)
	q.denied = len(q.order.Discounts) > 0 || rng.IntN(20) == 0
	return q
}

// disagreement is where the two tellings part, "" if nowhere.
func (q question) disagreement() (fault string) {
	defer func() {
		if r := recover(); r != nil {
			fault = fmt.Sprint("panic: ", r)
		}
	}()
	want := oracle.Price(q.order, q.coupons, q.selected, q.denied)
	for i := range want.Coupons {
		want.Coupons[i].Reasons = nil // the policies' affair
	}
	return difference("", reflect.ValueOf(q.priced()), reflect.ValueOf(want))
}

// difference finds the first field in which two values of one type differ.
func difference(at string, got, want reflect.Value) string {
	switch {
	case got.Kind() == reflect.Struct:
		for i := range got.NumField() {
			if d := difference(at+"."+got.Type().Field(i).Name, got.Field(i), want.Field(i)); d != "" {
				return d
			}
		}
	case got.Kind() == reflect.Slice && got.Len() == want.Len():
		for i := range got.Len() {
			if d := difference(fmt.Sprintf("%s[%d]", at, i), got.Index(i), want.Index(i)); d != "" {
				return d
			}
		}
	case !reflect.DeepEqual(got.Interface(), want.Interface()):
		return fmt.Sprintf("%s is %v, the second telling says %v", at, got, want)
	}
	return ""
}

// priced answers the question with the engine's money and pricing; what
// policies and the quote do around them is played as simply as can be.
func (q question) priced() oracle.Result {
	currency := must(money.CurrencyOf(q.order.Currency))
	order := parsed(q.order, currency)
	if err := order.Check(); err != nil {
		panic(err)
	}
	var candidates []pricing.Candidate
	for _, c := range q.coupons {
		candidates = append(candidates, q.candidate(c, order))
	}
	slices.SortFunc(candidates, pricing.Compare)
	var r oracle.Result
	var discount money.Amount
	for i, c := range candidates {
		r.Coupons = append(r.Coupons, oracle.PricedCoupon{ID: c.ID, Applicable: c.Applicable, Discount: currency.Format(c.Discount)})
		if by := q.takes(i, c); by != "" {
			r.SelectedID, r.By, discount = c.ID, by, c.Discount
		}
	}
	if r.SelectedID == "" {
		r.By = map[string]string{"best": "unavailable", "none": "none"}[q.selected]
		r.NotApplicable = r.By == ""
	}
	eligible := q.eligible(r.SelectedID)
	r.Totals = texts(order.Totals(eligible, discount), currency)
	r.SubOrders = q.subOrders(order, eligible, must(order.Distribute(discount, eligible)), currency)
	return r
}

// takes says by whom the i-th best candidate is taken, "" if it is not.
func (q question) takes(i int, c pricing.Candidate) string {
	switch {
	case !c.Applicable:
		return ""
	case q.selected == c.ID:
		return "customer"
	case q.selected == "best" && i == 0 && c.Discount > 0:
		return "default"
	}
	return ""
}

func (q question) candidate(c oracle.Coupon, order pricing.Order) pricing.Candidate {
	candidate := pricing.Candidate{ID: c.ID, ExpiresAt: c.ExpiresAt}
	if q.denied || c.Refused || c.Currency != "" && c.Currency != q.order.Currency {
		return candidate
	}
	currency, terms, minimum := must(money.CurrencyOf(q.order.Currency)), pricing.Terms{}, money.Amount(0)
	if c.Percent != "" {
		terms.Percent = must(money.ParsePercent(c.Percent))
	}
	for text, amount := range map[*string]*money.Amount{&c.Amount: &terms.Amount, &c.MaximumDiscount: &terms.Maximum, &c.MinimumSpend: &minimum} {
		if *text != "" {
			*amount = must(currency.Parse(*text))
		}
	}
	eligible := q.eligible(c.ID)
	if order.Base(eligible) >= minimum {
		candidate.Applicable, candidate.Discount = true, terms.Discount(order, eligible)
	}
	return candidate
}

// eligible asks every line in turn.
func (q question) eligible(couponID string) (list []bool) {
	for _, s := range q.order.SubOrders {
		for _, l := range s.Lines {
			list = append(list, l.Eligible(couponID))
		}
	}
	return list
}

func (q question) subOrders(o pricing.Order, eligible []bool, d pricing.Distribution, c money.Currency) (list []oracle.PricedSubOrder) {
	i := 0
	for n, s := range q.order.SubOrders {
		priced := oracle.PricedSubOrder{ID: s.ID, CouponDiscount: c.Format(d.SubOrders[n])}
		for _, l := range s.Lines {
			line, share := o.Lines[i], d.Lines[i]
			priced.Lines = append(priced.Lines, oracle.PricedLine{
				ID: l.ID, Original: c.Format(line.Original), OtherDiscounts: c.Format(line.Discounts),
				CouponDiscount: c.Format(share), Payable: c.Format(line.Original - line.Discounts - share), Eligible: eligible[i],
			})
			i++
		}
		list = append(list, priced)
	}
	return list
}

func texts(t pricing.Totals, c money.Currency) oracle.Totals {
	return oracle.Totals{
		Original: c.Format(t.Original), Eligible: c.Format(t.Eligible), OtherDiscounts: c.Format(t.OtherDiscounts),
		CouponDiscount: c.Format(t.CouponDiscount), Charges: c.Format(t.Charges), Payable: c.Format(t.Payable),
	}
}

// parsed reads an order from its texts.
func parsed(o oracle.Order, c money.Currency) pricing.Order {
	order := pricing.Order{Discounts: total(c, o.Discounts), Charges: total(c, o.Charges)}
	for _, s := range o.SubOrders {
		order.SubOrders = append(order.SubOrders, len(s.Lines))
		for _, l := range s.Lines {
			order.Lines = append(order.Lines, pricing.Line{
				Original:  must(must(money.ParseUnitPrice(l.UnitPrice)).Times(l.Quantity, c)),
				Discounts: total(c, l.Discounts),
			})
		}
	}
	return order
}

func total(c money.Currency, texts []string) money.Amount {
	var list amounts
	for _, text := range texts {
		list = append(list, must(c.Parse(text)))
	}
	return must(money.Sum(list...))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// String tells the whole question, a line each, for whoever must find out.
func (q question) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "order in %s, select %q, denied %v, discounts %v, charges %v\n",
		q.order.Currency, q.selected, q.denied, q.order.Discounts, q.order.Charges)
	for _, s := range q.order.SubOrders {
		for _, l := range s.Lines {
			fmt.Fprintf(&b, "  %s %s: %s × %d, discounts %v, eligible for", s.ID, l.ID, l.UnitPrice, l.Quantity, l.Discounts)
			for _, c := range append([]oracle.Coupon{{}}, q.coupons...) {
				if l.Eligible(c.ID) {
					fmt.Fprintf(&b, " %q", c.ID)
				}
			}
			b.WriteByte('\n')
		}
	}
	for _, c := range q.coupons {
		fmt.Fprintf(&b, "  coupon %+v\n", c)
	}
	return b.String()
}
