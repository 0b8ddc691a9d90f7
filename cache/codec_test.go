// Quotes as bytes: exact, compact, and garbage is no more than garbage.
package cache

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"scrip/engine"
	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/prove"
	"scrip/engine/refusal"
)

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", strconv.Itoa(prove.Count(300, 20_000))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func currency(code string) money.Currency {
	c, err := money.CurrencyOf(code)
	if err != nil {
		panic(err)
	}
	return c
}

// bulk is the quote of an order of 20 lines for a customer with 5 coupons.
func bulk() *engine.Quote {
	supplier := []refusal.Reason{{Code: "product.supplier", Message: "Coupons cannot be used for products of suppliers."}}
	q := &engine.Quote{
		Wire: new(engine.Wire),
		ID:   "q_4f0k2j9d8s7a6b5c4d3e2f1g0h9i8j7k", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		PolicyRevision: "8a1f0c9d2b7e4f60", CustomerID: "cus-00034567", OrderID: "ord-00000012", Currency: currency("USD"),
		Selection: engine.Selection{CouponID: "cpn_0d1e2f3a4b5c6d7e8f9a0b1c", By: engine.ByDefault},
		Totals:    pricing.Totals{Original: 1_234_567, Eligible: 1_000_000, OtherDiscounts: 12, CouponDiscount: 50_000, Charges: 499, Payable: 1_185_054},
	}
	for s := range 4 {
		sub := engine.SubOrderPrice{ID: fmt.Sprint("S", s), CouponDiscount: 12_500}
		for l := range 5 {
			line := engine.LinePrice{ID: fmt.Sprintf("line-%04d%03d", s, l), Original: 61_728, CouponDiscount: 2_500, Payable: 59_228, Eligible: true}
			if l == 0 && s < 2 {
				line.Eligible, line.Exclusions = false, supplier
			}
			sub.Lines = append(sub.Lines, line)
		}
		q.SubOrders = append(q.SubOrders, sub)
	}
	for c := range 5 {
		coupon := engine.CouponResult{ID: fmt.Sprintf("cpn_0d1e2f3a4b5c6d7e8f9a0b%02d", c), CampaignID: "welcome", Applicable: c < 4, Discount: 50_000}
		if c == 4 {
			coupon.Discount, coupon.Reasons = 0, append([]refusal.Reason{{Code: "coupon.minimum_spend", Message: "Spend more."}}, supplier...)
		}
		q.Coupons = append(q.Coupons, coupon)
	}
	return q
}

// anyQuote draws quotes with everything that a quote may hold.
func anyQuote(t *rapid.T) *engine.Quote {
	text := rapid.String()
	amount := rapid.Custom(func(t *rapid.T) money.Amount { return money.Amount(rapid.Int64().Draw(t, "amount")) })
	reason := rapid.Custom(func(t *rapid.T) refusal.Reason {
		return refusal.Reason{Code: rapid.SampledFrom([]string{"a.b", "c", ""}).Draw(t, "code"), Message: rapid.SampledFrom([]string{"", "é\x00", "\xff"}).Draw(t, "message")}
	})
	reasons := func(name string) []refusal.Reason {
		list := rapid.SliceOfN(reason, 0, 4).Draw(t, name)
		if len(list) == 0 && rapid.Bool().Draw(t, "nil") {
			return nil
		}
		return list
	}
	instant := func(name string) time.Time {
		return time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, name)).UTC()
	}
	q := &engine.Quote{Wire: new(engine.Wire), Content: string(rapid.SliceOf(rapid.Byte()).Draw(t, "content")), ID: text.Draw(t, "id"), CreatedAt: instant("created"), ExpiresAt: instant("expires"), PolicyRevision: text.Draw(t, "revision"),
		CustomerID: text.Draw(t, "customer"), OrderID: text.Draw(t, "order"), Currency: currency(rapid.SampledFrom([]string{"USD", "JPY", "KWD", "CLF"}).Draw(t, "currency")),
		Selection: engine.Selection{CouponID: text.Draw(t, "coupon"), By: engine.SelectedBy(rapid.SampledFrom([]string{"default", "none", ""}).Draw(t, "by"))},
		Totals: pricing.Totals{Original: amount.Draw(t, "o"), Eligible: amount.Draw(t, "e"), OtherDiscounts: amount.Draw(t, "d"),
			CouponDiscount: amount.Draw(t, "c"), Charges: amount.Draw(t, "ch"), Payable: amount.Draw(t, "p")},
		Denials: reasons("denials"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "sub-orders") {
		sub := engine.SubOrderPrice{ID: text.Draw(t, "sub"), CouponDiscount: amount.Draw(t, "share")}
		for range rapid.IntRange(0, 5).Draw(t, "lines") {
			sub.Lines = append(sub.Lines, engine.LinePrice{ID: text.Draw(t, "line"), Original: amount.Draw(t, "o"), OtherDiscounts: amount.Draw(t, "d"),
				CouponDiscount: amount.Draw(t, "c"), Payable: amount.Draw(t, "p"), Eligible: rapid.Bool().Draw(t, "eligible"), Exclusions: reasons("exclusions")})
		}
		q.SubOrders = append(q.SubOrders, sub)
	}
	for range rapid.IntRange(0, 3).Draw(t, "coupons") {
		q.Coupons = append(q.Coupons, engine.CouponResult{ID: text.Draw(t, "coupon"), CampaignID: text.Draw(t, "campaign"),
			Applicable: rapid.Bool().Draw(t, "applicable"), Discount: amount.Draw(t, "discount"), Reasons: reasons("reasons")})
	}
	return q
}

// shown makes empty lists alike, as the JSON answer shows them.
func shown(q *engine.Quote) *engine.Quote {
	none := func(r []refusal.Reason) []refusal.Reason { return append([]refusal.Reason{}, r...) }
	copied := *q
	copied.Denials = none(q.Denials)
	copied.SubOrders = append([]engine.SubOrderPrice{}, q.SubOrders...)
	for i, sub := range copied.SubOrders {
		copied.SubOrders[i].Lines = append([]engine.LinePrice{}, sub.Lines...)
		for n, l := range sub.Lines {
			copied.SubOrders[i].Lines[n].Exclusions = none(l.Exclusions)
		}
	}
	copied.Coupons = append([]engine.CouponResult{}, q.Coupons...)
	for i, c := range q.Coupons {
		copied.Coupons[i].Reasons = none(c.Reasons)
	}
	return &copied
}

func TestAnyQuoteComesBackExactly(t *testing.T) {
	t.Parallel()
	s := newSealer([]byte("secret"))
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuote(t)
		value, err := s.seal("k", q)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.open("k", value)
		if err != nil || !reflect.DeepEqual(shown(again), shown(q)) {
			t.Fatalf("%+v\ncomes back as\n%+v, %v", q, again, err)
		}
	})
}

// Reasons stand once in a value, however many lines have them.
func TestReasonsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	q := bulk()
	for s := range q.SubOrders {
		for l := range q.SubOrders[s].Lines {
			q.SubOrders[s].Lines[l].Exclusions = []refusal.Reason{{Code: "the.code", Message: "the message"}}
		}
	}
	value, err := newSealer(nil).seal("k", q)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(value, []byte("the message")); n != 1 || len(value) > 1500 {
		t.Errorf("%d bytes, in which the reason stands %d times", len(value), n)
	}
}

func TestAReasonThatWasNotWrittenIsNoQuote(t *testing.T) {
	t.Parallel()
	for text, fits := range map[string]bool{
		"\x01\x00\x01a\x00":            true,  // one: the first, "a"
		"\x02\x00\x01a\x00\x00":        true,  // two: the first, and it again
		"\x02\x00\x01a\x00\x02":        false, // and a third
		"\x01\x01":                     false, // the second
		"\x01\x01\x01a\x00":            false,
		"\x01\xff\xff\xff\xff\xff\x7f": false,
	} {
		r := reader{bytes: []byte(text), texts: text}
		if list := r.reasons(); r.failed == fits || fits && (len(list) != int(text[0]) || list[len(list)-1].Code != "a") {
			t.Errorf("%q: %v, failed %t", text, list, r.failed)
		}
	}
}

// A length that is a lie reserves no memory for what cannot be there.
func TestALongListOfNothingIsNotReserved(t *testing.T) {
	t.Parallel()
	whole := encode(nil, bulk())
	for cut := range whole {
		if q, err := decode(whole[:cut]); err == nil {
			t.Fatalf("%d bytes are a quote: %+v", cut, q)
		}
	}
	if q, err := decode(append(bytes.Clone(whole), 0)); err == nil {
		t.Errorf("a byte too many is passed over: %+v", q)
	}
	r := reader{bytes: []byte("\xff\xff\xff\xff\x0fxxxx"), texts: "\xff\xff\xff\xff\x0fxxxx"}
	if lines := list(&r, leastLine, r.line); lines != nil || !r.failed {
		t.Errorf("%d lines", len(lines))
	}
}

// However many distinct reasons there are, all come back.
func TestManyDistinctReasons(t *testing.T) {
	t.Parallel()
	q := bulk()
	for i := range 3 * maxDistinct {
		q.Denials = append(q.Denials, refusal.Reason{Code: fmt.Sprint(i % (2 * maxDistinct))})
	}
	if again, err := decode(encode(nil, q)); err != nil || !reflect.DeepEqual(shown(again), shown(q)) {
		t.Errorf("%+v, %v", again, err)
	}
}

// FuzzDecode: no bytes make decoding panic, and what decodes is written the same way again.
func FuzzDecode(f *testing.F) {
	whole := encode(nil, bulk())
	for _, seed := range [][]byte{nil, whole, encode(nil, &engine.Quote{Currency: currency("JPY")}), bytes.Replace(whole, []byte("USD"), []byte("XXX"), 1),
		whole[:len(whole)/2], append(bytes.Clone(whole), 0), bytes.Repeat([]byte{0xff}, 100), bytes.Repeat([]byte{1}, 100)} {
		f.Add(seed)
	}
	s := newSealer([]byte("secret"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if q, err := s.open("k", text); err == nil {
			t.Fatalf("authentic: %+v", q)
		}
		q, err := decode(text)
		if err != nil {
			return
		}
		if twin, err := decode(encode(nil, q)); err != nil || !reflect.DeepEqual(twin, q) {
			t.Fatalf("%+v\ncomes back as\n%+v, %v", q, twin, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	q := bulk()
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = encode(buffer[:0], q)
	}
}
