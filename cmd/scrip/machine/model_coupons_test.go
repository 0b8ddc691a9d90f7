// The model of campaigns and coupons (Contract §5): issued, granted, revoked,
// listed.
package machine

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

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
		m.putBack(r, m.now)
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
