package ledger_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// compare looks at one list of one customer, in pages of some size.
func (m *machine) compare(t *rapid.T) {
	who := customers.Draw(t, "look at")
	switch rapid.IntRange(0, 5).Draw(t, "which") {
	case 0, 1:
		m.compareFacts(t, who)
	case 2:
		m.compareOrders(t, orders.Draw(t, "order"), rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "page"))
	case 3:
		if len(m.model.coupons) > 0 {
			m.compareLife(t, rapid.SampledFrom(m.model.coupons).Draw(t, "coupon"))
		}
	default:
		m.compareCoupons(t, who, rapid.SampledFrom(append([]ledger.Status{""}, ledger.Statuses...)).Draw(t, "status"),
			rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "page"))
	}
}

func (m *machine) compareAll(t *rapid.T) {
	for _, customer := range []string{"ann", "bob", "Ann", "änn"} {
		m.compareFacts(t, customer)
		for _, status := range append([]ledger.Status{""}, ledger.Statuses...) {
			m.compareCoupons(t, customer, status, 500)
		}
	}
	for _, order := range []string{"o1", "o2", "o3", "o4", "o5", "O1", "none"} {
		m.compareOrders(t, order, 500)
	}
	for _, h := range m.model.coupons {
		m.compareLife(t, h)
	}
	ctx, all := context.Background(), ledger.Page{Limit: 500}
	listed, err := m.office.Campaigns(ctx, all)
	if err != nil || len(listed) != len(m.model.campaigns) {
		t.Fatalf("%d campaigns (%v), the model has %d", len(listed), err, len(m.model.campaigns))
	}
	for _, c := range listed {
		if book, plain := fmt.Sprintf("%+v", c), fmt.Sprintf("%+v", *m.model.campaigns[c.ID]); book != plain {
			t.Fatalf("campaign\n%s, the model's\n%s", book, plain)
		}
	}
	blocks, err := m.office.Blocklist(ctx, all)
	if err != nil || len(blocks) != len(m.model.blocks) {
		t.Fatalf("%d are blocked (%v), the model has %d", len(blocks), err, len(m.model.blocks))
	}
	for _, b := range blocks {
		if b != m.model.blocks[b.CustomerID] {
			t.Fatalf("block %+v, the model's %+v", b, m.model.blocks[b.CustomerID])
		}
	}
}

func (m *machine) compareCoupons(t *rapid.T, customer string, status ledger.Status, limit int) {
	ctx := context.Background()
	var listed []ledger.Coupon
	for page := (ledger.Page{Limit: limit}); ; {
		items, _, err := m.office.Coupons(ctx, customer, status, page)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) > 0 && items[0].ID == page.After.ID {
			t.Fatalf("a page begins with the coupon %s that it should come after", page.After.ID)
		}
		if listed = append(listed, items...); len(items) < limit {
			break
		}
		last := items[len(items)-1]
		page.After = ledger.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
	m.compareList(t, fmt.Sprint(customer, "'s ", status, " coupons"), listed, m.model.list(customer, status))
}

func (m *machine) compareFacts(t *rapid.T, customer string) {
	ctx := context.Background()
	facts, err := m.office.Facts(ctx, customer, m.model.now)
	_, blocked := m.model.blocks[customer]
	if err != nil || facts.Blocklisted != blocked {
		t.Fatalf("%s is blocked: %v (%v), the model says %v", customer, facts.Blocklisted, err, blocked)
	}
	if want := m.model.returns(customer); !facts.Returns.Equal(want) {
		t.Fatalf("%s's next coupon comes back at %v, the model says %v", customer, facts.Returns, want)
	}
	m.compareList(t, customer+"'s facts", facts.Coupons, m.model.list(customer, ledger.StatusAvailable))
	if joined, err := m.office.Registered(ctx, customer); err != nil || joined != m.model.joined[customer] {
		t.Fatalf("%s is registered: %v (%v), the model says %v", customer, joined, err, m.model.joined[customer])
	}
}

func (m *machine) compareList(t *rapid.T, what string, coupons []ledger.Coupon, want []string) {
	var got []string
	for _, c := range coupons {
		got = append(got, m.tell(c))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s are\n%sthe model's\n%s", what, strings.Join(got, ""), strings.Join(want, ""))
	}
}

// same compares answers and gives the model's new coupons their ids.
func (m *machine) same(t *rapid.T, got told, err error, want result) bool {
	var no *refusal.Error
	if err != nil {
		return errors.As(err, &no) && no.Code == want.code && faultsOf(err) == want.faults
	}
	if want.code != "" || len(got.coupons) != len(want.coupons) || len(got.orders) != len(want.orders) || want.text != got.text {
		return false
	}
	for i, b := range want.orders {
		if b.id == "" {
			b.id = got.orders[i].ID
		}
		if book := m.tellOrder(&got.orders[i]); book != m.model.tellOrder(b) {
			t.Logf("the book tells  %sthe model tells %s", book, m.model.tellOrder(b))
			return false
		}
	}
	mine := slices.Clone(want.coupons)
	if len(mine) > 0 && mine[0].id != "" { // a list: in the order of the books
		slices.SortFunc(mine, func(a, b *held) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
	}
	for i, h := range mine {
		if h.id == "" {
			h.id = got.coupons[i].ID
		}
		if book := m.tell(got.coupons[i]); book != m.model.tell(h) {
			t.Logf("the book tells  %sthe model tells %s", book, m.model.tell(h))
			return false
		}
	}
	return true
}

func (m *machine) tell(c ledger.Coupon) string {
	return tellCoupon(c.ID, c.CampaignID, c.CustomerID, c.StatusAt(m.model.now), c.StartsAt, c.ExpiresAt, c.CreatedAt, *c.Terms)
}

func (m *machine) write(got told) string {
	text := got.text
	for _, c := range got.coupons {
		text += " " + c.ID
	}
	for _, r := range got.orders {
		text += " " + r.ID
	}
	return text
}
