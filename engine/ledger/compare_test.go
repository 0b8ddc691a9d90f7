package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
)

// compare looks at one list of one customer, in pages of some size.
func (m *machine) compare(t *rapid.T) {
	who := customers.Draw(t, "look at")
	switch rapid.IntRange(0, 2).Draw(t, "the facts") {
	case 0:
		m.compareFacts(t, who)
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
