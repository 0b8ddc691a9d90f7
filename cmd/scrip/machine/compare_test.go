// What can be looked at, looked at on both sides.
package machine

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// compare looks at one thing, in pages of some size.
func (m *machine) compare(t *rapid.T) {
	limit := pick(t, []int{2, 7, 100}, "page")
	switch even(t, 9, "look at") {
	case 0:
		m.compareCoupons(t, pick(t, customers, "customer"), pick(t, statuses, "status"), limit)
	case 1:
		m.compareCoupon(t, m.drawCoupon(t))
	case 2:
		if len(m.model.coupons) > 0 {
			m.compareLife(t, pick(t, m.model.coupons, "coupon"), limit)
		}
	case 3:
		if len(m.model.orders) > 0 {
			m.compareOrder(t, pick(t, m.model.orders, "redemption").order, limit)
		}
	case 4:
		if len(m.model.orders) > 0 {
			m.compareRefunds(t, pick(t, m.model.orders, "redemption"), limit)
		}
	case 5:
		m.compareQuote(t)
	default:
		m.compareMoney(t, limit)
	}
}

// compareMoney looks at one thing of somebody's cards and wallet.
func (m *machine) compareMoney(t *rapid.T, limit int) {
	switch who := pick(t, customers, "customer"); even(t, 5, "look at") {
	case 0:
		m.compareCards(t, who, pick(t, cardStatuses, "status"), limit)
	case 1:
		m.compareCode(t, who, m.drawCard(t, "active"))
	case 2:
		m.compareBenefits(t, who)
	case 3:
		m.compareJournal(t, who, limit)
	default:
		m.compareWallet(t, who)
	}
}

var statuses = []string{"", "available", "reserved", "used", "expired", "revoked"}

// compareAll looks at everything, on both sidecars.
func (m *machine) compareAll(t *rapid.T) {
	for _, customer := range customers {
		for _, status := range statuses {
			m.compareCoupons(t, customer, status, 500)
		}
		for _, status := range cardStatuses {
			m.compareCards(t, customer, status, 500)
		}
		m.compareJournal(t, customer, 500)
		m.compareBenefits(t, customer)
	}
	for _, k := range m.model.coupons {
		m.compareLife(t, k, 500)
	}
	for _, r := range m.model.orders {
		m.compareOrder(t, r.order, 500)
		m.compareRefunds(t, r, 500)
	}
	var listed, blocked []any
	for _, c := range m.model.campaigns {
		listed = append(listed, c.show())
	}
	for _, b := range m.model.blocks {
		blocked = append(blocked, b)
	}
	unordered(t, "campaigns", list[campaignBody](m, t, true, "/admin/v1/campaigns?", 500), listed)
	unordered(t, "the blocklist", list[blockBody](m, t, true, "/admin/v1/blocklist?", 500), blocked)
}

// unordered compares lists that time sorts.
func unordered[T any](t *rapid.T, what string, got []T, want []any) {
	var a, b []string
	for _, item := range got {
		a = append(a, write(item))
	}
	for _, item := range want {
		b = append(b, write(item))
	}
	slices.Sort(a)
	if slices.Sort(b); !slices.Equal(a, b) {
		t.Fatalf("%s:\n%s\nthe model's:\n%s", what, strings.Join(a, ""), strings.Join(b, ""))
	}
}

// get looks at one thing on some sidecar.
func (m *machine) get(t *rapid.T, admin bool, path string, want answer) {
	a := asked{op: op{admin: admin, method: http.MethodGet, path: path}}
	at := m.any(t)
	m.same(t, a, m.send(t, at, a), want)
	m.settled(at)
}

// list reads a list, page after page, each from some sidecar.
func list[T any](m *machine, t *rapid.T, admin bool, path string, limit int) (items []T) {
	cursor := ""
	for {
		got := m.send(t, m.any(t), asked{op: op{admin: admin, method: http.MethodGet, path: fmt.Sprint(path, "&limit=", limit, cursor)}})
		p, err := read[page[T]](got.body)
		if err != nil || got.status != http.StatusOK || len(p.Items) > limit || p.NextCursor != nil && len(p.Items) < limit {
			t.Fatalf("%s: %d %s (%v)", path, got.status, got.body, err)
		}
		if items = append(items, p.Items...); p.NextCursor == nil {
			return items
		}
		cursor = "&cursor=" + *p.NextCursor
	}
}

// listed compares a list in its order.
func listed[T any](m *machine, t *rapid.T, admin bool, path string, limit int, plain func(*T), want []T) {
	got := list[T](m, t, admin, path, limit)
	for i := range got {
		plain(&got[i])
	}
	if told, expected := write(append([]T{}, got...)), write(append([]T{}, want...)); told != expected {
		t.Fatalf("%s\n%sthe model's\n%s", path, told, expected)
	}
}

func (m *machine) compareCoupons(t *rapid.T, customer, status string, limit int) {
	path := "/v1/customers/" + url.PathEscape(customer) + "/coupons?"
	if status != "" {
		path += "status=" + status
	}
	var want []couponBody
	for _, k := range m.model.couponsOf(customer, status) {
		want = append(want, m.model.showCoupon(k))
	}
	listed(m, t, false, path, limit, func(*couponBody) {}, want)
}

func (m *machine) compareCoupon(t *rapid.T, id string) {
	want := refuse(http.StatusNotFound, "coupon.not_found")
	if k := m.model.coupon(id); k != nil {
		want = done(http.StatusOK, false, m.model.showCoupon(k))
	}
	m.get(t, false, "/v1/coupons/"+id, want)
}

// compareLife looks at a coupon's events: what, when, by whom, in which request.
func (m *machine) compareLife(t *rapid.T, k *coupon, limit int) {
	want := slices.Clone(k.life)
	slices.SortStableFunc(want, func(a, b eventBody) int { return instant(a.CreatedAt).Compare(instant(b.CreatedAt)) })
	listed(m, t, true, "/admin/v1/coupons/"+k.id+"/events?", limit, func(e *eventBody) { e.ID, e.Detail = "", "" }, want)
}

// compareOrder looks at an order's redemptions, of which one is live at most.
func (m *machine) compareOrder(t *rapid.T, order string, limit int) {
	live := 0
	var want []redemptionBody
	for _, r := range m.model.redemptionsOf(order) {
		want = append(want, m.model.showRedemption(r))
	}
	listed(m, t, false, "/v1/redemptions?order_id="+url.QueryEscape(order), limit, func(r *redemptionBody) {
		if r.Status == reserved || r.Status == confirmed {
			live++
		}
	}, want)
	if live > 1 {
		t.Fatalf("%s has %d live redemptions", order, live)
	}
}

// compareRefunds looks at a redemption and its refunds: together they are what
// its parts have had, and never more than was paid.
func (m *machine) compareRefunds(t *rapid.T, r *redemption, limit int) {
	m.get(t, false, "/v1/redemptions/"+r.id, done(http.StatusOK, false, m.model.showRedemption(r)))
	var refunded, paid, parts int64
	got := list[refundBody](m, t, false, "/v1/redemptions/"+r.id+"/refunds?", limit)
	var want []any
	for _, f := range r.refunds {
		want = append(want, f)
	}
	unordered(t, "refunds of "+r.id, got, want)
	for _, f := range got {
		refunded += units(f.Amount, r.currency)
	}
	for _, p := range slices.Concat(r.lines, r.charges) {
		paid, parts = paid+p.paid, parts+p.byUnits+p.byAmounts
		if p.left() < 0 {
			t.Fatalf("%q of %s was paid %d and has had %d", p.id, r.id, p.paid, p.paid-p.left())
		}
	}
	if refunded != parts || refunded > paid || paid != units(r.totals.Payable, r.currency) {
		t.Fatalf("redemption %s has had %d in refunds, %d of its parts; %d was paid of %s", r.id, refunded, parts, paid, r.totals.Payable)
	}
}

// compareQuote looks at a quote that was given, whether it still lives or not.
func (m *machine) compareQuote(t *rapid.T) {
	var ids []string
	for _, q := range m.model.quotes {
		ids = append(ids, q.ID)
	}
	slices.Sort(ids)
	id, want := "q_none", refuse(http.StatusNotFound, "quote.not_found")
	if len(ids) > 0 {
		id = pick(t, ids, "quote")
	}
	if q := m.model.alive(id); q != nil {
		want = done(http.StatusOK, false, q.quoteBody)
	}
	m.get(t, false, "/v1/quotes/"+id, want)
}
