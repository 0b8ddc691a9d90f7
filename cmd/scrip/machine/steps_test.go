// The steps of a history, but for orders: campaigns, coupons, the blocklist, and
// what happens to sidecars.
package machine

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// steps are all kinds, with how often they are taken.
var steps = []struct {
	kind   string
	weight int
	do     func(*machine, *rapid.T)
}{
	{"campaign", 2, (*machine).create}, {"pause", 1, (*machine).pause}, {"issue", 6, (*machine).issue},
	{"register", 1, (*machine).register}, {"revoke", 1, (*machine).revoke}, {"block", 1, (*machine).block}, {"unblock", 2, (*machine).unblock},
	{"quote", 8, (*machine).quote}, {"reserve", 6, (*machine).reserve}, {"confirm", 3, (*machine).confirm}, {"release", 2, (*machine).release},
	{"issue cards", 3, (*machine).issueCards}, {"revoke card", 1, (*machine).revokeCard}, {"redeem", 5, (*machine).redeem}, {"guess", 1, (*machine).guess},
	{"top up", 4, (*machine).topUp}, {"pay", 7, (*machine).pay}, {"withdraw", 2, (*machine).withdraw},
	{"refund", 4, (*machine).refund}, {"expire", 1, (*machine).expire}, {"retry", 4, (*machine).retry}, {"duplicate", 3, (*machine).duplicate},
	{"clock", 1, (*machine).clock}, {"policies", 1, (*machine).changePolicies}, {"forget", 1, (*machine).forget}, {"restart", 1, (*machine).restart},
}

var (
	customers = []string{"ann", "bob", "Ann", "änn"}
	campaigns = []string{"a", "b", "welcome", "none"}
)

// even draws 0 to n−1 about evenly; rapid's own ranges prefer what is small.
func even(t *rapid.T, n int, what string) int { return evenly.Draw(t, what) * n >> evenBits }

const evenBits = 10

var evenly = rapid.Custom(func(t *rapid.T) (u int) {
	for range evenBits {
		if u *= 2; coin.Draw(t, "") {
			u++
		}
	}
	return u
})

var coin = rapid.Bool()

// pick draws one of a list evenly.
func pick[T any](t *rapid.T, list []T, what string) T { return list[even(t, len(list), what)] }

// one draws whether something happens that does once in n times.
func one(t *rapid.T, n int, what string) bool { return even(t, n, what) == n-1 }

// step takes one of the steps.
func (m *machine) step(t *rapid.T) {
	all := 0
	for _, s := range steps {
		all += s.weight
	}
	at := even(t, all, "step")
	for _, s := range steps {
		if at -= s.weight; at < 0 {
			s.do(m, t)
			return
		}
	}
}

// do makes a request, under a new key or under none.
func (m *machine) do(t *rapid.T, o op) {
	a := asked{op: o}
	if o.method == http.MethodPost && rapid.Bool().Draw(t, "with a key") {
		a.key = fmt.Sprint("key ", m.requests)
	}
	m.ask(t, a)
}

// campaign draws one that there is, or none.
func (m *machine) campaign(t *rapid.T) string {
	var ids []string
	for id := range m.model.campaigns {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if id := pick(t, campaigns, "campaign"); one(t, 5, "by name") {
		return id
	}
	return pick(t, ids, "campaign")
}

// create makes campaigns with bounds so tight that every one is reached.
func (m *machine) create(t *rapid.T) {
	id := pick(t, campaigns, "id")
	if id == "none" { // there never is
		id = fmt.Sprint("campaign ", len(m.model.campaigns))
	}
	in := campaignIn{ID: id, Name: id, terms: drawTerms(t), PerCustomer: 1 + int64(even(t, 6, "per customer"))}
	if n := rapid.Int64Range(0, 12).Draw(t, "quantity"); n > 0 && one(t, 2, "bounded") {
		in.Quantity = &n
	}
	hours := func(name string) time.Duration { return time.Duration(even(t, 12, name)-7) * time.Hour }
	starts := m.model.now
	if h := hours("starts in"); h > 0 {
		starts = starts.Add(h)
		in.StartsAt = stamp(starts)
	}
	if h := hours("ends after"); h > 0 {
		in.EndsAt = stamp(starts.Add(h))
	}
	if h := hours("valid for"); h > 0 {
		in.ValidFor = optional(h.String())
	}
	m.do(t, op{kind: "campaign", admin: true, method: http.MethodPost, path: "/admin/v1/campaigns", body: write(in),
		expect: func() answer { return m.model.create(in) }})
}

func drawTerms(t *rapid.T) (out terms) {
	currency := pick(t, []string{"USD", "USD", "USD", "JPY", "KWD"}, "currency")
	amount := func(name string, most int64) *string {
		if !one(t, 3, name+" given") {
			return nil
		}
		return optional(text(rapid.Int64Range(1, most).Draw(t, name), currency))
	}
	if rapid.Bool().Draw(t, "of an amount") {
		out.Discount = discount{Amount: text(rapid.Int64Range(1, 900).Draw(t, "amount"), currency), Currency: currency}
		out.Currency = &currency
	} else {
		out.Discount.Percent = pick(t, []string{"5", "12.5", "33.3333", "50", "100", "0.0001"}, "percent")
	}
	out.MinimumSpend, out.MaximumDiscount = amount("minimum", 1_500), amount("maximum", 300)
	if out.MinimumSpend != nil || out.MaximumDiscount != nil {
		out.Currency = &currency
	}
	return out
}

func (m *machine) pause(t *rapid.T) {
	id, paused := m.campaign(t), one(t, 3, "paused")
	what := map[bool]string{true: "/pause", false: "/resume"}[paused]
	m.do(t, op{kind: "pause", admin: true, method: http.MethodPost, path: "/admin/v1/campaigns/" + url.PathEscape(id) + what,
		expect: func() answer { return m.model.pause(id, paused) }})
}

func (m *machine) issue(t *rapid.T) {
	id, to := m.campaign(t), rapid.SliceOfN(rapid.SampledFrom(customers), 1, 3).Draw(t, "customers")
	body := write(map[string]any{"customer_ids": to})
	if len(to) == 1 {
		body = write(map[string]any{"customer_id": to[0]})
	}
	m.do(t, op{kind: "issue", admin: true, method: http.MethodPost, path: "/admin/v1/campaigns/" + url.PathEscape(id) + "/coupons", body: body,
		expect: func() answer { return m.model.issue(id, to) }})
}

func (m *machine) register(t *rapid.T) {
	who := pick(t, customers, "customer")
	m.do(t, op{kind: "register", method: http.MethodPost, path: "/v1/customers/" + url.PathEscape(who) + "/registrations", body: "{}",
		expect: func() answer { return m.model.register(who) }})
}

// drawCoupon draws one that there is, or none.
func (m *machine) drawCoupon(t *rapid.T) string {
	if n := even(t, len(m.model.coupons)+1, "coupon"); n > 0 {
		return m.model.coupons[n-1].id
	}
	return "cpn_none"
}

// revoke takes back any coupon, or one that an order holds.
func (m *machine) revoke(t *rapid.T) {
	id := m.drawCoupon(t)
	if r := m.model.redemption(m.redemption(t, reserved)); r != nil && r.coupon != nil {
		id = r.coupon.id
	}
	m.do(t, op{kind: "revoke", admin: true, method: http.MethodPost, path: "/admin/v1/coupons/" + id + "/revoke",
		expect: func() answer { return m.model.revoke(id) }})
	if k := m.model.coupon(id); k != nil {
		m.compareWallet(t, k.customer)
	}
}

func (m *machine) block(t *rapid.T) {
	who, reason := pick(t, customers, "customer"), pick(t, []string{"", "fraud"}, "reason")
	m.do(t, op{kind: "block", admin: true, method: http.MethodPut, path: "/admin/v1/blocklist/" + url.PathEscape(who),
		body: write(map[string]string{"reason": reason}), expect: func() answer { return m.model.block(who, reason) }})
}

// unblock is what most blocked customers are soon.
func (m *machine) unblock(t *rapid.T) {
	for _, who := range customers {
		if _, blocked := m.model.blocks[who]; blocked || who == "änn" {
			m.do(t, op{kind: "unblock", admin: true, method: http.MethodDelete, path: "/admin/v1/blocklist/" + url.PathEscape(who),
				expect: func() answer { return m.model.unblock(who) }})
			return
		}
	}
}

// clock jumps: a tick, days, back, or to where something starts or ends, a tick
// before and after it.
func (m *machine) clock(t *rapid.T) {
	to := m.model.now.Add(time.Duration(pick(t, []int64{
		1, 1_000, 1_000_000, 60_000_000, 60_000_000, 600_000_000, 600_000_000, 3_600_000_000, 86_400_000_000, 9 * 86_400_000_000, -1, -600_000_000, -3_600_000_000, -10 * 86_400_000_000,
	}, "microseconds")) * time.Microsecond)
	if next := m.model.instants(); len(next) > 0 && !one(t, 4, "anywhere") {
		by := even(t, 3, "off by") - 1
		to = next[min(len(next)-1, even(t, 6, "instant"))].Add(time.Duration(by) * time.Microsecond)
	}
	m.counted.count("clock", map[bool]string{true: "back", false: "forth"}[to.Before(m.model.now)])
	m.set(t, to)
}

func (m *machine) set(t *rapid.T, to time.Time) {
	t.Logf("it is %v", to)
	m.model.now = to
	m.world.set(to)
}

// expire jumps to the end of a hold, or next to it, or so near that a quote
// sees it coming.
func (m *machine) expire(t *rapid.T) {
	var ends []time.Time
	for _, r := range m.model.orders {
		if m.model.statusOf(r) == reserved {
			ends = append(ends, r.until)
		}
	}
	if len(ends) == 0 {
		return
	}
	if paid := m.paid(); len(paid) > 0 && rapid.Bool().Draw(t, "paid") {
		ends = []time.Time{pick(t, paid, "paid order").until}
	}
	which := even(t, 4, "off by")
	by := []time.Duration{-10 * time.Minute, -time.Microsecond, 0, time.Microsecond}[which]
	m.counted.count("expire", []string{"near", "before", "at", "after"}[which])
	m.set(t, pick(t, ends, "hold").Add(by))
	if rapid.Bool().Draw(t, "look at a wallet") {
		m.compareWallet(t, pick(t, customers, "customer"))
	}
}

func (m *machine) changePolicies(t *rapid.T) {
	if at := even(t, len(m.policies)+3, "revision") - 3; at < 0 {
		m.model.rules = &m.policies[0] // mostly those that are shipped
	} else {
		m.model.rules = &m.policies[at]
	}
	m.world.policies.Store(m.model.rules.snapshot)
	m.counted.count("policies", "changed")
	t.Logf("policies %s", m.model.rules.revision)
}

// forget loses the cache.
func (m *machine) forget(t *rapid.T) {
	if !one(t, 3, "really") {
		return
	}
	m.world.forget()
	clear(m.model.quotes)
	m.counted.count("forget", "all quotes")
	t.Logf("the cache is lost")
}

// restart ends a sidecar and starts it again: it knows what is in the tables.
func (m *machine) restart(t *rapid.T) {
	if !one(t, 3, "really") {
		return
	}
	at := m.any(t)
	m.sidecars[at].close(t)
	m.sidecars[at].open(t, false)
	m.late[at] = false
	m.counted.count("restart", "reopened")
	t.Logf("%d is restarted", at)
}
