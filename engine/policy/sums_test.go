// Decisions about sums of money: gift cards and wallets, as shipped and as authors may write them.
package policy

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"scrip/engine/prove"
	"scrip/policies"
)

// shippedBut are the shipped policies with some data of theirs replaced.
func shippedBut(t *testing.T, data map[string]string) fstest.MapFS {
	t.Helper()
	files, err := readFolder(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	root := fstest.MapFS{}
	for _, f := range files {
		root[f.path] = &fstest.MapFile{Data: f.content}
	}
	for name, text := range data {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

func loadedFrom(t *testing.T, root fstest.MapFS, options Options) *Snapshot {
	t.Helper()
	options.Timeout = patience
	s, err := Load(t.Context(), Folder("shipped", root), options, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	ranges = `{"amount_range": {"default": {"from": 1, "to": 5000}, "JPY": {"from": 100, "to": 500000}}}`
	plans  = `{"bonus_plan": {"default": [{"from": 0, "percent": "0"}, {"from": 100, "percent": "1"}, {"from": 500, "percent": "2"}],
		"JPY": [{"from": 20000, "percent": "0.5"}, {"from": 0, "percent": "0.25"}]}}`
)

// randomSum makes facts about a sum that is often just at a bound of the range, the plan or the wallet.
func randomSum(r *rand.Rand) *Facts {
	digits := r.IntN(5)
	bound := []int64{1, 100, 500, 5_000, 20_000, 500_000, r.Int64N(1_000_000)}[r.IntN(7)]
	for range digits {
		bound *= 10
	}
	near := func() int64 { return max(0, bound+int64(r.IntN(3))-1) }
	return &Facts{
		Sum:    &Sum{AmountMinor: near(), Digits: digits, Currency: []string{"USD", "JPY", "KWD", "XXX"}[r.IntN(4)]},
		Card:   &Card{Status: []string{"active", "redeemed", "revoked", "expired", "lost", ""}[r.IntN(6)]},
		Wallet: &Wallet{CashMinor: near(), GiftMinor: near(), BonusMinor: near()},
		Now:    int64(r.IntN(3)),
	}
}

// ruling is what the shipped policies must say of a sum, told in Go.
type ruling struct{ issue, redeem, bonus, withdraw string }

func ruled(f *Facts) ruling {
	unit := int64(1)
	for range f.Sum.Digits {
		unit *= 10
	}
	amount, from, to := f.Sum.AmountMinor, unit, 5_000*unit
	tiers := map[int64]string{0: "0", 100 * unit: "1", 500 * unit: "2"}
	if f.Sum.Currency == "JPY" {
		from, to, tiers = 100*unit, 500_000*unit, map[int64]string{0: "0.25", 20_000 * unit: "0.5"}
	}
	r := ruling{redeem: "gift_card.revoked"}
	if amount < from || amount > to {
		r.issue = fmt.Sprintf("gift_card.amount: Gift cards are issued from %d to %d %s.", from/unit, to/unit, f.Sum.Currency)
	}
	switch status := f.Card.Status; status {
	case "active":
		r.redeem = ""
	case "redeemed", "expired":
		r.redeem = "gift_card." + status
	}
	reached := int64(-1)
	for tier, percent := range tiers {
		if tier <= amount && tier > reached {
			reached, r.bonus = tier, percent
		}
	}
	if amount > f.Wallet.CashMinor {
		r.withdraw = "wallet.not_withdrawable"
	}
	return r
}

// said is what a snapshot says of a sum.
func said(t *testing.T, s *Snapshot, f *Facts) ruling {
	t.Helper()
	issue, err1 := s.IssueDenials(t.Context(), f)
	redeem, err2 := s.RedeemDenials(t.Context(), f)
	bonus, err3 := s.BonusPercent(t.Context(), f)
	withdraw, err4 := s.WithdrawDenials(t.Context(), f)
	if err := errors.Join(err1, err2, err3, err4); err != nil || len(issue) > 1 || len(redeem) > 1 || len(withdraw) > 1 {
		t.Fatalf("%+v: %v %v %v, %v", f, issue, redeem, withdraw, err)
	}
	told := func(reasons []Reason) string {
		switch {
		case len(reasons) == 0:
			return ""
		case reasons[0].Code == "gift_card.amount":
			return reasons[0].Code + ": " + reasons[0].Message
		}
		return reasons[0].Code
	}
	return ruling{told(issue), told(redeem), bonus, told(withdraw)}
}

func TestSumsAreDecidedAsTheContractSays(t *testing.T) {
	t.Parallel()
	root := shippedBut(t, map[string]string{"giftcard/issue/data.json": ranges, "wallet/topup/data.json": plans})
	remembering, plain := loadedFrom(t, root, Options{Memo: true, Tests: true}), loadedFrom(t, root, Options{})
	rng := rand.New(rand.NewPCG(4, 5)) // #nosec G404 -- tests repeat
	met := make(map[string]int)
	for range prove.Count(500, 100_000) {
		f := randomSum(rng)
		want := ruled(f)
		if got, again := said(t, remembering, f), said(t, plain, f); got != want || again != want {
			t.Fatalf("%+v %+v %+v:\n%+v, without memory %+v,\nwant %+v", *f.Sum, *f.Card, *f.Wallet, got, again, want)
		}
		for _, answer := range []string{"issue " + want.issue, "redeem " + want.redeem, "bonus " + want.bonus, "withdraw " + want.withdraw} {
			met[answer]++
		}
	}
	if len(met) != (1+4)+4+5+2 {
		t.Errorf("the sums do not meet every answer: %v", met)
	}
}

// What an author may write in place of the shipped decisions, by what it looks at.
var oddBonuses = []string{
	`bonus_percent := input.currency`,
	`bonus_percent := "1" if input.currency == "a"`,
	"default bonus_percent := \"0\"\n\nbonus_percent := \"1\" if input.currency in {\"a\", \"sample\"}",
	`bonus_percent := {"a": "1", "b": "2"}[input.currency]`,
	"default bonus_percent := \"0\"\n\nbonus_percent := \"1\" if input.digits == 2",
	`bonus_percent := ["0", "1", "2"][input.digits]`,
	`bonus_percent := input.digits`,
	`bonus_percent := format_int(input.amount_minor, 10)`,
	"default bonus_percent := \"0\"\n\nbonus_percent := \"3\" if input.wallet.cash_minor > input.wallet.gift_minor",
	`bonus_percent := format_int(input.wallet.bonus_minor, 10)`,
	`bonus_percent := format_int(count(input), 10)`,
	"bonus_percent := \"1\" if input.digits == 1\n\nbonus_percent := \"2\" if input.currency == \"a\"",
	"default bonus_percent := \"0\"\n\nbonus_percent := \"1\" if input.now > 1500000000",
	"default bonus_percent := \"0\"\n\nbonus_percent := \"1\" if not input.currency",
	`bonus_percent := input.card.status`,
}

func TestMemoAndPlainEvaluationAgreeOnBonuses(t *testing.T) {
	t.Parallel()
	for _, text := range oddBonuses {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			remembering := loaded(t, patience, map[string]string{"wallet/topup/base.rego": "package wallet.topup\n\n" + text + "\n"})
			plain := loaded(t, patience, map[string]string{"wallet/topup/base.rego": "package wallet.topup\n\n" + text + "\n"})
			plain.decisions[TopUpBonusPercent].memo = nil
			rng := rand.New(rand.NewPCG(6, 7)) // #nosec G404 -- tests repeat
			for range prove.Count(300, 100_000) {
				agree(t, remembering.BonusPercent, plain.BonusPercent, random(rng))
			}
		})
	}
}

// Answers by a sum would only fill the memory; the others are remembered as always.
func TestSumsAreAskedAboutEachTime(t *testing.T) {
	t.Parallel()
	s := loadedFrom(t, shippedBut(t, nil), Options{Memo: true})
	const cards = 5
	for i := range cards {
		f := &Facts{Sum: &Sum{AmountMinor: 5_000, Digits: 2, Currency: "USD"}, Card: &Card{Status: "active"},
			Wallet: &Wallet{CashMinor: 5_000}, Now: int64(i)}
		if got := said(t, s, f); got != (ruling{bonus: "0"}) {
			t.Errorf("%+v", got)
		}
	}
	for _, cost := range s.Costs() {
		want := map[string]uint64{GiftCardIssueDeny: cards, GiftCardRedeemDeny: 1, TopUpBonusPercent: cards, WithdrawDeny: cards}[cost.Name]
		if cost.Evaluated != want || cost.Remembered == (want == cards) {
			t.Errorf("%+v, want %d evaluations", cost, want)
		}
	}
}

func TestAnySumIsOne(t *testing.T) {
	t.Parallel()
	for path, sum := range map[string]bool{
		"amount_minor": true, "wallet": true, "wallet.cash_minor": true, "wallet.gift_minor": true,
		"digits": false, "currency": false, "card.status": false, "now": false, "order.attributes.amount_minor": false, "wallets": false, "": false,
	} {
		if isSum(path) != sum {
			t.Errorf("%q: %t", path, !sum)
		}
	}
}

// A plan that is broken costs the top-up, never the house: whatever is wrong with it, there is no bonus that it does not
// say. With the folder's tests in place it is not activated in the first place.
func TestABrokenPlanOrRangeIsNeverActedOn(t *testing.T) {
	t.Parallel()
	const tier = `{"from": 0, "percent": "0"}`
	f := &Facts{Sum: &Sum{AmountMinor: 10_000, Digits: 2, Currency: "USD"}, Wallet: new(Wallet)}
	for _, plan := range []string{
		`{}`, `{"bonus_plan": null}`, `{"bonus_plan": []}`, `{"bonus_plan": {}}`, `{"bonus_plan": {"default": []}}`, `{"bonus_plan": {"USD": [` + tier + `]}}`,
		`{"bonus_plan": {"default": [` + tier + `, {"from": 50}]}}`, `{"bonus_plan": {"default": [` + tier + `, {"percent": "1"}]}}`,
		`{"bonus_plan": {"default": [` + tier + `, {"from": "50", "percent": "1"}]}}`, `{"bonus_plan": {"default": [` + tier + `, {"from": 50.5, "percent": "1"}]}}`,
		`{"bonus_plan": {"default": [` + tier + `, {"from": 50, "percent": 1}]}}`, `{"bonus_plan": {"default": [` + tier + `, {"from": 500, "percent": "101"}]}}`,
		`{"bonus_plan": {"default": [` + tier + `, {"from": 50, "percent": "1"}, {"from": 50, "percent": "2"}]}}`,
		`{"bonus_plan": {"default": [` + tier + `, {"from": 50, "percent": "1"}, {"from": 50.0, "percent": "2"}]}}`,
		`{"bonus_plan": {"default": [` + tier + `], "USD": null}}`, `{"bonus_plan": {"default": [{"from": 101, "percent": "1"}]}}`,
	} {
		root := shippedBut(t, map[string]string{"wallet/topup/data.json": plan})
		if percent, err := loadedFrom(t, root, Options{}).BonusPercent(t.Context(), f); err == nil || percent != "" {
			t.Errorf("%s: %q, %v", plan, percent, err)
		}
		notActivated(t, root, "wallet/topup")
	}
	for _, data := range []string{
		`{}`, `{"amount_range": null}`, `{"amount_range": {}}`, `{"amount_range": {"default": {"from": 1}}}`, `{"amount_range": {"default": {"to": 5000}}}`,
		`{"amount_range": {"default": {"from": 1, "to": "5000"}}}`, `{"amount_range": {"default": {"from": 1.5, "to": 5000}}}`,
		`{"amount_range": {"default": {"from": 5000, "to": 1}}}`, `{"amount_range": {"default": {"from": 1, "to": 5000}, "USD": {}}}`,
	} {
		root := shippedBut(t, map[string]string{"giftcard/issue/data.json": data})
		reasons, err := loadedFrom(t, root, Options{}).IssueDenials(t.Context(), f)
		if err == nil && (len(reasons) != 1 || reasons[0].Code != "gift_card.amount") {
			t.Errorf("%s: %v, %v", data, reasons, err)
		}
		notActivated(t, root, "giftcard/issue")
	}
}

// notActivated holds a decision's own tests to refusing its data.
func notActivated(t *testing.T, root fstest.MapFS, decision string) {
	t.Helper()
	for name := range root {
		if isTest(name) && !strings.HasPrefix(name, decision) {
			delete(root, name)
		}
	}
	test := "data." + dotted(decision) + "_test.test_data_"
	_, err := Load(t.Context(), Folder("shipped", root), Options{Timeout: patience, Tests: true}, time.Now())
	var refused *RefusedError
	if !errors.As(err, &refused) || len(refused.FailingTests) != 1 || !strings.HasPrefix(refused.FailingTests[0], test) {
		t.Errorf("%s: %v", test, err)
	}
}

func TestABonusIsABoundedText(t *testing.T) {
	t.Parallel()
	for length, fits := range map[int]bool{0: true, 1: true, maxPercentBytes: true, maxPercentBytes + 1: false} {
		text := strings.Repeat("1", length)
		s := loaded(t, patience, map[string]string{"wallet/topup/base.rego": "package wallet.topup\n\nbonus_percent := \"" + text + "\"\n"})
		percent, err := s.BonusPercent(t.Context(), &Facts{Sum: new(Sum)})
		if fits && (err != nil || percent != text) || !fits && (!errors.Is(err, ErrResult) || percent != "") {
			t.Errorf("%d bytes: %q, %v", length, percent, err)
		}
	}
}

// A caller may go on with its facts while an evaluation that was given up still reads them.
func TestFactsAreCopiedWithTheirParts(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 9)) // #nosec G404 -- tests repeat
	for range 200 {
		f := random(rng)
		c := f.clone()
		if !reflect.DeepEqual(f, c) {
			t.Fatalf("%+v, copied %+v", f, c)
		}
		if shared := f.Sum != nil && f.Sum == c.Sum || f.Card != nil && f.Card == c.Card || f.Wallet != nil && f.Wallet == c.Wallet ||
			f.Order != nil && f.Order == c.Order || f.Line != nil && f.Line == c.Line || f.Coupon != nil && f.Coupon == c.Coupon; shared {
			t.Fatalf("%+v shares a part with its copy", f)
		}
	}
}
