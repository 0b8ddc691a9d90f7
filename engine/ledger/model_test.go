// The model: the books told a second time, in maps and slices, without a
// store, transactions or keys. machine_test.go compares the two.
package ledger_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"scrip/engine/ledger"
)

// model is a plain ledger in memory.
type model struct {
	now       time.Time
	campaigns map[string]*ledger.Campaign
	coupons   []*held
	orders    []*booked
	blocks    map[string]ledger.Block
	joined    map[string]bool
	replies   map[string]kept
}

// held is a coupon; its id comes from the book that made it.
type held struct {
	id, campaign, customer   string
	starts, expires, created time.Time
	revoked, granted, used   bool
	events                   []lived
}

// kept is a stored reply: what was asked, what was answered, when.
type kept struct {
	content, body string
	at            time.Time
}

func newModel(now time.Time) *model {
	return &model{
		now:       now,
		campaigns: map[string]*ledger.Campaign{"welcome": {ID: "welcome", Name: "Welcome 5%", PerCustomer: 1, ValidFor: ledger.Validity{Text: "720h", Duration: 720 * time.Hour}, CreatedAt: now}},
		blocks:    make(map[string]ledger.Block),
		joined:    make(map[string]bool),
		replies:   make(map[string]kept),
	}
}

// result is what an operation answers: a code when it is refused, coupons in
// order, and whether it changed anything.
type result struct {
	code    string
	coupons []*held
	orders  []*booked
	text    string
	faults  string // places and what is left there
	wrote   bool
}

func (m *model) create(c ledger.Campaign) result {
	if m.campaigns[c.ID] != nil {
		return result{code: ledger.CampaignExists}
	}
	c.CreatedAt = m.now
	m.campaigns[c.ID] = &c
	return result{wrote: true}
}

func (m *model) pause(id string, paused bool) result {
	c := m.campaigns[id]
	if c == nil {
		return result{code: ledger.CampaignNotFound}
	}
	changed := c.Paused != paused
	c.Paused = paused
	return result{text: fmt.Sprint(c.Paused, c.Issued), wrote: changed}
}

// had is how many coupons of a campaign a customer has had.
func (m *model) had(campaign, customer string) (n int64) {
	for _, h := range m.coupons {
		if h.campaign == campaign && h.customer == customer {
			n++
		}
	}
	return n
}

func (m *model) ended(c *ledger.Campaign) bool { return !c.EndsAt.IsZero() && !m.now.Before(c.EndsAt) }

func (m *model) issue(id string, customers []string) result {
	c := m.campaigns[id]
	wanted := int64(len(customers))
	switch {
	case c == nil:
		return result{code: ledger.CampaignNotFound}
	case c.Paused:
		return result{code: ledger.CampaignPaused}
	case m.ended(c):
		return result{code: ledger.CampaignEnded}
	case c.Quantity > 0 && c.Issued+wanted > c.Quantity:
		return result{code: ledger.CampaignExhausted}
	}
	more := make(map[string]int64)
	for _, customer := range customers {
		if more[customer]++; m.had(id, customer)+more[customer] > c.PerCustomer {
			return result{code: ledger.CampaignCustomerLimit}
		}
	}
	r := result{wrote: wanted > 0}
	for _, customer := range customers {
		r.coupons = append(r.coupons, m.give(c, customer, false))
	}
	return r
}

func (m *model) give(c *ledger.Campaign, customer string, granted bool) *held {
	h := &held{campaign: c.ID, customer: customer, created: m.now, granted: granted, starts: m.now}
	if c.StartsAt.After(h.starts) {
		h.starts = c.StartsAt
	}
	var ends []time.Time
	if c.ValidFor.Duration > 0 {
		ends = append(ends, h.starts.Add(c.ValidFor.Duration))
	}
	if !c.EndsAt.IsZero() {
		ends = append(ends, c.EndsAt)
	}
	if len(ends) > 0 {
		h.expires = slices.MinFunc(ends, time.Time.Compare)
	}
	c.Issued++
	m.coupons = append(m.coupons, h)
	m.happened(h, ledger.CouponIssued, m.now)
	return h
}

func (m *model) register(customer string, campaigns []string) result {
	if m.joined[customer] {
		var before []*held
		for _, h := range m.coupons {
			if h.granted && h.customer == customer {
				before = append(before, h)
			}
		}
		return result{text: "false", coupons: before}
	}
	m.joined[customer] = true
	r := result{text: "true", wrote: true}
	for _, id := range campaigns {
		c := m.campaigns[id]
		if c == nil || c.Paused || m.ended(c) || c.Quantity > 0 && c.Issued >= c.Quantity || m.had(id, customer) >= c.PerCustomer {
			continue
		}
		r.coupons = append(r.coupons, m.give(c, customer, true))
	}
	return r
}

func (m *model) revoke(id string) result {
	for _, h := range m.coupons {
		if h.id == id {
			changed := !h.revoked
			if h.used {
				return result{code: ledger.CouponUsed}
			}
			if b := m.holder(h); b != nil {
				b.state = ledger.Withdrawn
				m.happened(h, ledger.OrderReleased, m.now)
			}
			m.lapse("", h)
			if h.revoked = true; changed {
				m.happened(h, ledger.CouponRevoked, m.now)
			}
			return result{coupons: []*held{h}, wrote: changed}
		}
	}
	return result{code: ledger.CouponNotFound}
}

func (m *model) block(customer, reason string) result {
	b, ok := m.blocks[customer]
	if !ok {
		b = ledger.Block{CustomerID: customer, CreatedAt: m.now}
	}
	b.Reason = reason
	m.blocks[customer] = b
	return result{text: fmt.Sprint(b), wrote: true}
}

func (m *model) unblock(customer string) result {
	_, ok := m.blocks[customer]
	delete(m.blocks, customer)
	return result{wrote: ok}
}

func (m *model) status(h *held) ledger.Status {
	switch {
	case h.used:
		return ledger.StatusUsed
	case h.revoked:
		return ledger.StatusRevoked
	case m.holder(h) != nil:
		return ledger.StatusReserved
	case !h.expires.IsZero() && !m.now.Before(h.expires):
		return ledger.StatusExpired
	}
	return ledger.StatusAvailable
}

// tell writes a coupon with all that is known of it at the instant.
func (m *model) tell(h *held) string {
	return tellCoupon(h.id, h.campaign, h.customer, m.status(h), h.starts, h.expires, h.created, m.campaigns[h.campaign].Terms)
}

func tellCoupon(id, campaign, customer string, status ledger.Status, starts, expires, created time.Time, terms ledger.Terms) string {
	return fmt.Sprintln(id, campaign, customer, status, starts, expires, created, terms.Kind(), terms.Amount, terms.MinimumSpend)
}

// list tells a customer's coupons of a status in the order of the books.
func (m *model) list(customer string, status ledger.Status) (told []string) {
	var mine []*held
	for _, h := range m.coupons {
		if h.customer == customer && (status == "" || m.status(h) == status) {
			mine = append(mine, h)
		}
	}
	slices.SortFunc(mine, func(a, b *held) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
	for _, h := range mine {
		told = append(told, m.tell(h))
	}
	return told
}

// instants are those at which something changes by itself: where faults are.
func (m *model) instants() (all []time.Time) {
	for _, c := range m.campaigns {
		all = append(all, c.StartsAt, c.EndsAt)
	}
	for _, h := range m.coupons {
		all = append(all, h.starts, h.expires)
	}
	for _, b := range m.orders {
		all = append(all, b.until)
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return !at.After(m.now) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.Compact(all)
}
