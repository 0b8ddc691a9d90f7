// Which requests share a quote: keys of content, ids, boundaries in time.
package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/prove"
	"scrip/engine/refusal"
)

func TestTheSameContentGetsTheSameQuote(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t), coupon(t, "a", "5"))
	first := d.quote(t, example(t))
	if d.now = start.Add(ttl - 1); d.quote(t, example(t)) != first {
		t.Error("a repeat is another quote")
	}
	if d.now = start.Add(ttl); d.quote(t, example(t)).ID == first.ID {
		t.Error("an expired quote is given")
	}
	if _, err := d.Engine.Find(t.Context(), first.ID); err == nil {
		t.Error("an expired quote is found")
	}
}

// The clock is read to the microsecond and in UTC, as the books keep it.
func TestAQuoteIsMadeAtOneInstant(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	d.now = start.In(time.FixedZone("east", 7200)).Add(1_234_567_891 * time.Nanosecond)
	q := d.quote(t, example(t))
	if want := start.Add(1_234_567 * time.Microsecond); q.CreatedAt != want || q.ExpiresAt != want.Add(ttl) || d.calls[1] != "facts of c-1001" || d.calls[2] != "known" {
		t.Errorf("%v to %v, calls %q", q.CreatedAt, q.ExpiresAt, d.calls)
	}
}

// At the very instant a coupon starts or ends the answer is another one. What was answered before lives on under its
// id, to the end that it told: whether it still holds is looked at when it is redeemed.
func TestBoundariesChangeTheAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t), coupon(t, "a", "5", func(c *ledger.Coupon) { c.StartsAt, c.ExpiresAt = start.Add(time.Minute), start.Add(2*time.Minute) }))
	var ids []string
	for i, c := range []struct {
		after    time.Duration
		discount money.Amount
		made     time.Duration
		reason   string
	}{
		{0, 0, 0, "coupon.not_started"}, {time.Minute - time.Microsecond, 0, 0, "coupon.not_started"},
		{time.Minute, 625, time.Minute, ""}, {2*time.Minute - time.Microsecond, 625, time.Minute, ""}, {2 * time.Minute, 0, 2 * time.Minute, "coupon.expired"},
	} {
		d.now = start.Add(c.after)
		q := d.quote(t, example(t))
		if q.Totals.CouponDiscount != c.discount || !q.ExpiresAt.Equal(start.Add(c.made+ttl)) || strings.Join(codes(q.Coupons[0].Reasons), " ") != c.reason && i < 4 {
			t.Errorf("after %v: %+v until %v, %v", c.after, q.Totals, q.ExpiresAt, q.Coupons)
		}
		ids = append(ids, q.ID)
	}
	if ids[0] != ids[1] || ids[1] == ids[2] || ids[2] != ids[3] || ids[3] == ids[4] {
		t.Errorf("%q", ids)
	}
	for _, id := range ids {
		if q, err := d.Engine.Find(t.Context(), id); err != nil || q.ID != id {
			t.Errorf("%s after the boundaries: %+v, %v", id, q, err)
		}
	}
}

func TestAQuoteWhosePolicyLooksAtNowIsPrivate(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"order", "product", "coupon"} {
		d := newDesk(rules(t, patience, map[string]string{pkg: denies("x", "input.now < 0")}), coupon(t, "a", "5"))
		if q := d.quote(t, example(t)); q.Selection.CouponID != "a" {
			t.Errorf("%s: %+v", pkg, q)
		} else {
			checkPrivate(t, d, q)
		}
	}
	d := newDesk(rules(t, patience, map[string]string{"grant": "campaigns contains \"x\" if input.now > 0\n"}))
	if first := d.quote(t, example(t)); d.quote(t, example(t)) != first {
		t.Error("what grants look at is no quote's affair")
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	q := d.quote(t, example(t))
	if !regexp.MustCompile(`^q_[0-9a-v]{32}$`).MatchString(q.ID) || len(q.ID) != idChars {
		t.Errorf("id %q", q.ID)
	}
	if key, ok := keyOf(q.ID); !ok || d.kept[key] != q || len(key) != digestChars || len(privateKey()) != digestChars {
		t.Errorf("key %q of %s", key, q.ID)
	}
	if one, other := newQuoteID("k"), newQuoteID("k"); one == other {
		t.Errorf("%s twice", one)
	}
	if one, other := privateKey(), privateKey(); one == other {
		t.Errorf("%s twice", one)
	}
	if found, err := d.Engine.Find(t.Context(), q.ID); err != nil || found != q {
		t.Errorf("%+v, %v", found, err)
	}
	last := map[bool]string{true: "0", false: "1"}[q.ID[idChars-1] != '0']
	for _, id := range []string{"", "q_", q.ID[:idChars-1], q.ID + "0", "x_" + q.ID[2:], q.ID[:idChars-1] + last, strings.ToUpper(q.ID), "q_" + strings.Repeat("0", 32), "q_\x00" + q.ID[3:]} {
		found, err := d.Engine.Find(t.Context(), id)
		var refused *refusal.Error
		if found != nil || !errors.As(err, &refused) || refused.Code != QuoteNotFound {
			t.Errorf("%q: %+v, %v", id, found, err)
		}
	}
	d.now = q.ExpiresAt
	if _, err := d.Engine.Find(t.Context(), q.ID); err == nil {
		t.Error("an expired quote is found")
	}
}

// The key changes with every field of a request and with every fact that a quote rests on. Fields are found by
// reflection, so that a new one has to be thought of.
func TestEveryFieldChangesTheKey(t *testing.T) {
	t.Parallel()
	r, facts := example(t), &ledger.Facts{Coupons: []ledger.Coupon{coupon(t, "a", "5"), coupon(t, "b", "5")}}
	r.Order.Discounts = []NamedAmount{{"o", 1}}
	r.Order.SubOrders[0].Lines[0].Discounts = []NamedAmount{{"l", 1}}
	base := keyFor(r, facts, "revision", start)
	seen := map[string]string{base: "base"}
	look := func(path string) {
		key := keyFor(r, facts, "revision", start)
		if other, ok := seen[key]; ok {
			t.Errorf("%s has the key of %s", path, other)
		}
		seen[key] = path
	}
	vary(t, reflect.ValueOf(r).Elem(), "request", look)
	vary(t, reflect.ValueOf(facts).Elem(), "facts", look)
	if keyFor(r, facts, "another", start) == base || keyFor(r, facts, "revision", start.Add(time.Second)) != base {
		t.Error("the revision counts, the clock alone does not")
	}
	if again := keyFor(r, facts, "revision", start); again != base {
		t.Error("a key is not a function of its content")
	}
}

// unkeyed are fields of facts that do not count: those of a coupon never change, its owner asked, and one that is
// held is not among them.
var unkeyed = regexp.MustCompile(`^facts\.Coupons\[\d\]\.(CampaignID|CustomerID|Terms|CreatedAt|State|HeldUntil)$`)

// vary changes each field below v in turn, looks, and changes it back.
func vary(t *testing.T, v reflect.Value, path string, look func(string)) {
	t.Helper()
	if unkeyed.MatchString(path) {
		return
	}
	try := func(with any) {
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf(with))
		look(fmt.Sprintf("%s = %v", path, with))
		v.Set(old)
	}
	switch value := v.Interface().(type) {
	case string:
		try(value + "x")
	case bool:
		try(!value)
	case int64:
		try(value + 1)
	case money.Amount:
		try(value + 1)
	case money.Currency:
		try(currency(t, "EUR"))
	case money.UnitPrice:
		try(price(t, "7.77"))
	case time.Time: // of a coupon: what counts is whether it has come
		ends := strings.HasSuffix(path, "ExpiresAt")
		try(start.Add(map[bool]time.Duration{true: -time.Second, false: time.Second}[ends]))
	default:
		varyParts(t, v, path, look)
	}
}

func varyParts(t *testing.T, v reflect.Value, path string, look func(string)) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			vary(t, v.Field(i), path+"."+v.Type().Field(i).Name, look)
		}
	case reflect.Slice:
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()+1), reflect.Append(old, reflect.Zero(v.Type().Elem()))))
		look(path + " and one more")
		if v.Set(old); old.Len() > 0 {
			v.Set(old.Slice(0, old.Len()-1))
			look(path + " and one less")
			v.Set(old)
		}
		for i := range v.Len() {
			vary(t, v.Index(i), fmt.Sprintf("%s[%d]", path, i), look)
		}
	default:
		t.Fatalf("%s is a %s that this test cannot change", path, v.Type())
	}
}

// The same letters and numbers spread otherwise over the fields are other contents, and have other keys.
func TestNoTwoContentsShareAKey(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // tests repeat
	prices := []money.UnitPrice{price(t, "1"), price(t, "1.0"), price(t, "11"), price(t, "0.11")}
	contents, keys := make(map[string]string), make(map[string]string)
	for range prove.Count(20_000, 1_000_000) {
		request, facts := spread(r, prices)
		content := fmt.Sprintf("%+v %+v", request, facts)
		key := keyFor(request, facts, "r", start)
		if other, ok := contents[key]; ok && other != content {
			t.Fatalf("%s\n%s\nshare %s", content, other, key)
		}
		if other, ok := keys[content]; ok && other != key {
			t.Fatalf("%s has keys %s and %s", content, other, key)
		}
		contents[key], keys[content] = content, key
	}
	if len(contents) < prove.Count(20_000, 1_000_000)/2 {
		t.Errorf("only %d contents tried", len(contents))
	}
}

// spread deals a run of like letters out over the texts of a small order, and like numbers over its lists.
func spread(r *rand.Rand, prices []money.UnitPrice) (*Request, *ledger.Facts) {
	letters := "aaaaaaaaaa"[:4+r.IntN(7)]
	text := func() string {
		n := min(r.IntN(3), len(letters))
		dealt := letters[:n]
		letters = letters[n:]
		return dealt
	}
	amounts := func() (list []NamedAmount) {
		for range r.IntN(3) {
			list = append(list, NamedAmount{text(), money.Amount(r.IntN(2))})
		}
		return list
	}
	q := &Request{Customer: Customer{text(), text()}, Select: text(), Order: Order{ID: text(), Type: text(), Attributes: text(), Discounts: amounts(), Charges: amounts()}}
	for range r.IntN(3) {
		sub := SubOrder{ID: text()}
		for range r.IntN(3) {
			sub.Lines = append(sub.Lines, Line{text(), Product{text(), text(), text()}, prices[r.IntN(len(prices))], int64(r.IntN(2)), amounts()})
		}
		q.Order.SubOrders = append(q.Order.SubOrders, sub)
	}
	facts := &ledger.Facts{Blocklisted: r.IntN(2) == 0}
	for range r.IntN(3) {
		facts.Coupons = append(facts.Coupons, ledger.Coupon{ID: text()})
	}
	return q, facts
}
