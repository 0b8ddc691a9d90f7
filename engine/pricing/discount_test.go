package pricing_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"scrip/engine/money"
	"scrip/engine/pricing"
)

func percent(t interface{ Fatalf(string, ...any) }, text string) money.Percent {
	p, err := money.ParsePercent(text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

func TestDiscount(t *testing.T) {
	plain := pricing.Order{Lines: lines{{600, 0}, {401, 0}}, SubOrders: []int{2}}
	line := pricing.Order{Lines: lines{{600, 590}, {401, 0}}, SubOrders: []int{2}}
	whole := pricing.Order{Lines: lines{{600, 0}, {401, 0}}, SubOrders: []int{2}, Discounts: 900}
	both, first := []bool{true, true}, []bool{true, false}
	for _, c := range []struct {
		name     string
		order    pricing.Order
		eligible []bool
		percent  string
		terms    pricing.Terms
		want     money.Amount
	}{
		{"a percentage, rounded half up", plain, both, "50", pricing.Terms{}, 501},
		{"a percentage of the eligible lines only", plain, first, "50", pricing.Terms{}, 300},
		{"a percentage below its maximum", plain, both, "10", pricing.Terms{Maximum: 101}, 100},
		{"a percentage at most its maximum", plain, both, "10", pricing.Terms{Maximum: 99}, 99},
		{"a percentage, whatever the amount", plain, both, "10", pricing.Terms{Amount: 7}, 100},
		{"an amount", plain, both, "", pricing.Terms{Amount: 250}, 250},
		{"an amount at most the base", plain, first, "", pricing.Terms{Amount: 700}, 600},
		{"an amount at most its maximum", plain, both, "", pricing.Terms{Amount: 250, Maximum: 200}, 200},
		{"nothing of no eligible line", plain, []bool{false, false}, "", pricing.Terms{Amount: 250}, 0},
		{"a percentage of the original despite a line's discount", line, both, "5", pricing.Terms{}, 50},
		{"at most what a discounted line still costs", line, first, "50", pricing.Terms{}, 10},
		{"an amount at most what the lines still cost", line, both, "", pricing.Terms{Amount: 900}, 411},
		{"at most what the order's discount leaves", whole, both, "50", pricing.Terms{}, 101},
		{"what the order's discount leaves does not bind", whole, first, "5", pricing.Terms{}, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.percent != "" {
				c.terms.Percent = percent(t, c.percent)
			}
			if got := c.terms.Discount(c.order, c.eligible); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

var (
	soon  = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	later = soon.Add(time.Second)
	never time.Time
)

func TestCompareOrdersBestFirst(t *testing.T) {
	elsewhere := time.FixedZone("elsewhere", 3600)
	for _, c := range []struct {
		name          string
		better, worse pricing.Candidate
	}{
		{"applicable before inapplicable",
			pricing.Candidate{ID: "b", Applicable: true}, pricing.Candidate{ID: "a", Discount: 9, ExpiresAt: soon}},
		{"the highest discount",
			pricing.Candidate{ID: "b", Applicable: true, Discount: 2}, pricing.Candidate{ID: "a", Applicable: true, Discount: 1, ExpiresAt: soon}},
		{"then the earliest expiry",
			pricing.Candidate{ID: "b", Applicable: true, ExpiresAt: soon}, pricing.Candidate{ID: "a", Applicable: true, ExpiresAt: later}},
		{"one that expires before one that never does",
			pricing.Candidate{ID: "b", Applicable: true, ExpiresAt: later}, pricing.Candidate{ID: "a", Applicable: true, ExpiresAt: never}},
		{"then the id, both expiring at one instant",
			pricing.Candidate{ID: "a", Applicable: true, ExpiresAt: soon.In(elsewhere)}, pricing.Candidate{ID: "b", Applicable: true, ExpiresAt: soon}},
		{"then the id, both expiring never",
			pricing.Candidate{ID: "a", Applicable: true, ExpiresAt: never}, pricing.Candidate{ID: "b", Applicable: true, ExpiresAt: never.In(elsewhere)}},
		{"ids byte for byte",
			pricing.Candidate{ID: "B", Applicable: true}, pricing.Candidate{ID: "a", Applicable: true}},
		{"inapplicable ones by id alone",
			pricing.Candidate{ID: "a", Discount: 1, ExpiresAt: later}, pricing.Candidate{ID: "b", Discount: 2, ExpiresAt: soon}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if there, back := pricing.Compare(c.better, c.worse), pricing.Compare(c.worse, c.better); there >= 0 || back <= 0 {
				t.Errorf("got %d and %d back", there, back)
			}
		})
	}
}

// candidates are few, so that everything ties with everything.
var candidates = rapid.Custom(func(t *rapid.T) pricing.Candidate {
	return pricing.Candidate{
		ID:         rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"),
		Applicable: rapid.Bool().Draw(t, "applicable"),
		Discount:   money.Amount(rapid.Int64Range(0, 2).Draw(t, "discount")),
		ExpiresAt:  rapid.SampledFrom([]time.Time{never, soon, later}).Draw(t, "expires"),
	}
})

func TestCompareIsAStrictWeakOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := candidates.Draw(t, "a"), candidates.Draw(t, "b"), candidates.Draw(t, "c")
		ab, bc, ac := pricing.Compare(a, b), pricing.Compare(b, c), pricing.Compare(a, c)
		switch {
		case pricing.Compare(a, a) != 0:
			t.Fatalf("%+v is not its own equal", a)
		case ab != -pricing.Compare(b, a):
			t.Fatalf("%+v and %+v: %d one way, %d the other", a, b, ab, pricing.Compare(b, a))
		case ab <= 0 && bc <= 0 && (ac > 0 || ac == 0 && ab+bc != 0):
			t.Fatalf("%+v, %+v, %+v: %d, %d, yet %d", a, b, c, ab, bc, ac)
		case ab == 0 && a.ID != b.ID:
			t.Fatalf("%+v and %+v tie", a, b)
		}
	})
}

func TestTheOrderOfCandidatesDoesNotDependOnHowTheyCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(candidates, 0, 8, func(c pricing.Candidate) string { return c.ID }).Draw(t, "list")
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		slices.SortFunc(list, pricing.Compare)
		slices.SortFunc(shuffled, pricing.Compare)
		if !slices.Equal(list, shuffled) {
			t.Fatalf("%v and %v", list, shuffled)
		}
	})
}
