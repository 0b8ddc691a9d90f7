// The model: the books told a second time, in maps and slices, from Contract §3,
// §5 and §6. It has no store, no transactions and no haste.
package machine

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// epoch is when histories begin.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// keptFor is how long replies are kept at least.
const keptFor = 7 * 24 * time.Hour

type model struct {
	now       time.Time
	rules     *rules
	campaigns map[string]*campaign
	coupons   []*coupon
	orders    []*redemption
	blocks    map[string]blockBody
	joined    map[string]bool
	quotes    map[string]*quoted // by all that they depend on
	replies   map[string]reply

	// Of the request that is looked at: its id, its listener, and the ids that
	// the books gave to what it made.
	request, by string
	given       []string
	known       map[string]bool // ids that were given before
}

type campaign struct {
	campaignIn
	starts, ends, created time.Time
	validFor              time.Duration
	issued                int64
	paused                bool
}

type coupon struct {
	id, customer             string
	campaign                 *campaign
	starts, expires, created time.Time // expires zero: never
	revoked, used, granted   bool
	life                     []eventBody
}

// reply is what was answered under a key.
type reply struct {
	op   op
	said said
	at   time.Time
	gone bool // perhaps: something was written when it was older than promised
}

func newModel(r *rules) *model {
	welcome := campaignIn{ID: "welcome", Name: "Welcome 5%", terms: terms{Discount: discount{Percent: "5"}}, ValidFor: optional("720h"), PerCustomer: 1}
	return &model{
		now: epoch, rules: r, known: make(map[string]bool),
		campaigns: map[string]*campaign{"welcome": {campaignIn: welcome, validFor: 720 * time.Hour, created: epoch}},
		blocks:    make(map[string]blockBody), joined: make(map[string]bool),
		quotes: make(map[string]*quoted), replies: make(map[string]reply),
	}
}

// answer is what the model expects: a status with a body, or with a code and
// what goes with it.
type answer struct {
	status  int
	body    any
	code    string
	reasons []reason
	faults  []fault
	wrote   bool
	note    string // what to count it as, besides
}

func refuse(status int, code string) answer { return answer{status: status, code: code} }

// with notes that a coupon was concerned.
func (a answer) with(k *coupon) answer {
	if k != nil {
		a.note = "with a coupon"
	}
	return a
}

func done(status int, wrote bool, body any) answer {
	return answer{status: status, body: body, wrote: wrote}
}

// id takes the next id that the books gave. One that is not new, or is no
// such id, is told apart.
func (m *model) id(prefix string) string {
	if len(m.given) == 0 {
		return "there is none"
	}
	id := m.given[0]
	m.given = m.given[1:]
	if m.known[id] || !strings.HasPrefix(id, prefix) {
		return "not a new id: " + id
	}
	m.known[id] = true
	return id
}

func (m *model) create(in campaignIn) answer {
	if m.campaigns[in.ID] != nil {
		return refuse(http.StatusConflict, "campaign.exists")
	}
	c := &campaign{campaignIn: in, created: m.now, starts: instant(in.StartsAt), ends: instant(in.EndsAt)}
	if in.ValidFor != nil {
		c.validFor, _ = time.ParseDuration(*in.ValidFor)
	}
	if c.Discount.Currency != "" {
		c.Currency = optional(c.Discount.Currency)
	}
	m.campaigns[in.ID] = c
	return done(http.StatusCreated, true, c.show())
}

func instant(text *string) (t time.Time) {
	if text != nil {
		t, _ = time.Parse(time.RFC3339Nano, *text)
	}
	return t
}

func (c *campaign) show() campaignBody {
	body := campaignBody{campaignIn: c.campaignIn, Status: "active", Issued: c.issued, CreatedAt: stamp(c.created)}
	if c.paused {
		body.Status = "paused"
	}
	return body
}

func (m *model) pause(id string, paused bool) answer {
	c := m.campaigns[id]
	if c == nil {
		return refuse(http.StatusNotFound, "campaign.not_found")
	}
	changed := c.paused != paused
	c.paused = paused
	return done(http.StatusOK, changed, c.show())
}

// had is how many coupons of a campaign a customer has had.
func (m *model) had(c *campaign, customer string) (n int64) {
	for _, k := range m.coupons {
		if k.campaign == c && k.customer == customer {
			n++
		}
	}
	return n
}

func (m *model) ended(c *campaign) bool { return !c.ends.IsZero() && !m.now.Before(c.ends) }

func (m *model) issue(id string, customers []string) answer {
	c := m.campaigns[id]
	switch {
	case c == nil:
		return refuse(http.StatusNotFound, "campaign.not_found")
	case c.paused:
		return refuse(http.StatusConflict, "campaign.paused")
	case m.ended(c):
		return refuse(http.StatusConflict, "campaign.ended")
	case c.Quantity != nil && c.issued+int64(len(customers)) > *c.Quantity:
		return refuse(http.StatusConflict, "campaign.exhausted")
	}
	more := make(map[string]int64)
	for _, customer := range customers {
		if more[customer]++; m.had(c, customer)+more[customer] > c.PerCustomer {
			return refuse(http.StatusConflict, "campaign.customer_limit")
		}
	}
	var made []*coupon
	for _, customer := range customers {
		made = append(made, m.give(c, customer, false))
	}
	return done(http.StatusCreated, true, m.show(made))
}

// give issues a coupon (Contract §5).
func (m *model) give(c *campaign, customer string, granted bool) *coupon {
	k := &coupon{id: m.id("cpn_"), campaign: c, customer: customer, created: m.now, granted: granted, starts: m.now}
	if c.starts.After(k.starts) {
		k.starts = c.starts
	}
	if c.validFor > 0 {
		k.expires = k.starts.Add(c.validFor)
	}
	if !c.ends.IsZero() && (k.expires.IsZero() || c.ends.Before(k.expires)) {
		k.expires = c.ends
	}
	c.issued++
	m.coupons = append(m.coupons, k)
	m.happened(k, nil, "coupon.issued", m.now, m.by)
	return k
}

func (m *model) register(customer string) answer {
	if m.joined[customer] {
		var before []*coupon
		for _, k := range m.coupons {
			if k.granted && k.customer == customer {
				before = append(before, k)
			}
		}
		return done(http.StatusOK, false, m.show(inOrder(before)))
	}
	m.joined[customer] = true
	var made []*coupon
	for _, id := range sorted(m.rules.welcome) {
		c := m.campaigns[id]
		if c == nil || c.paused || m.ended(c) || c.Quantity != nil && c.issued >= *c.Quantity || m.had(c, customer) >= c.PerCustomer {
			continue
		}
		made = append(made, m.give(c, customer, true))
	}
	return done(http.StatusCreated, true, m.show(made))
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// inOrder is the order of lists: by (created_at, id).
func inOrder(list []*coupon) []*coupon {
	slices.SortFunc(list, func(a, b *coupon) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
	return list
}

func (m *model) revoke(id string) answer {
	k := m.coupon(id)
	switch {
	case k == nil:
		return refuse(http.StatusNotFound, "coupon.not_found")
	case k.used:
		return refuse(http.StatusConflict, "coupon.used")
	}
	changed := !k.revoked
	m.lapse("", k)
	if r := m.holder(k); r != nil {
		r.state = withdrawn
		m.happened(k, r, "redemption.released", m.now, m.by)
	}
	if k.revoked = true; changed {
		m.happened(k, nil, "coupon.revoked", m.now, m.by)
	}
	return done(http.StatusOK, changed, m.showCoupon(k))
}

func (m *model) coupon(id string) *coupon {
	at := slices.IndexFunc(m.coupons, func(k *coupon) bool { return k.id == id })
	if at < 0 {
		return nil
	}
	return m.coupons[at]
}

func (m *model) block(customer, reason string) answer {
	b, ok := m.blocks[customer]
	if !ok {
		b = blockBody{CustomerID: customer, CreatedAt: stamp(m.now)}
	}
	b.Reason = reason
	m.blocks[customer] = b
	return done(http.StatusOK, true, b)
}

func (m *model) unblock(customer string) answer {
	delete(m.blocks, customer)
	return done(http.StatusNoContent, true, nil)
}

// status is what a coupon is now.
func (m *model) status(k *coupon) string {
	switch {
	case k.used:
		return "used"
	case k.revoked:
		return "revoked"
	case m.holder(k) != nil:
		return "reserved"
	case m.past(k):
		return "expired"
	}
	return "available"
}

func (m *model) past(k *coupon) bool { return !k.expires.IsZero() && !m.now.Before(k.expires) }

func (m *model) showCoupon(k *coupon) couponBody {
	return couponBody{ID: k.id, CampaignID: k.campaign.ID, CustomerID: k.customer, terms: k.campaign.terms,
		StartsAt: stamp(k.starts), ExpiresAt: stamp(k.expires), Status: m.status(k), CreatedAt: stamp(k.created)}
}

func (m *model) show(list []*coupon) couponsBody {
	body := couponsBody{Coupons: []couponBody{}}
	for _, k := range list {
		body.Coupons = append(body.Coupons, m.showCoupon(k))
	}
	return body
}

// couponsOf lists a customer's coupons in a status, "" for all.
func (m *model) couponsOf(customer, status string) (list []*coupon) {
	for _, k := range m.coupons {
		if k.customer == customer && (status == "" || m.status(k) == status) {
			list = append(list, k)
		}
	}
	return inOrder(list)
}

// happened adds to a coupon's life.
func (m *model) happened(k *coupon, r *redemption, kind string, at time.Time, by string) {
	if k == nil {
		return
	}
	e := eventBody{CreatedAt: stamp(at), Kind: kind, CouponID: &k.id, CustomerID: k.customer, By: by, RequestID: m.request}
	if r != nil {
		e.RedemptionID, e.CustomerID = &r.id, r.customer
	}
	k.life = append(k.life, e)
}

// instants are those at which something changes by itself: where faults are.
func (m *model) instants() (all []time.Time) {
	for _, c := range m.campaigns {
		all = append(all, c.starts, c.ends)
	}
	for _, k := range m.coupons {
		all = append(all, k.starts, k.expires)
	}
	for _, r := range m.orders {
		all = append(all, r.until)
	}
	for _, q := range m.quotes {
		all = append(all, q.expires)
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return !at.After(m.now) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.Compact(all)
}

// keep keeps the reply of a success that wrote.
func (m *model) keep(key string, o op, got said) {
	for other, r := range m.replies {
		r.gone = r.gone || m.now.Sub(r.at) > keptFor
		m.replies[other] = r
	}
	m.replies[key] = reply{op: o, said: got, at: m.now}
}

func (a answer) String() string {
	return fmt.Sprint(a.status, " ", a.code, " ", a.reasons, a.faults, " ", write(a.body))
}
