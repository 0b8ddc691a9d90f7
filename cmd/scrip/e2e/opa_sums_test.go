// The card and wallet decisions, asked of the sidecar's own engine and of a stock `opa run --server` on the same folder,
// with random inputs that lie at the bounds of ranges, plans and balances.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"scrip/engine/policy"
	"scrip/engine/prove"
)

// sumRulings answer one question about a sum each; a bonus that is undefined is an empty list.
type sumRulings struct {
	Issue    [][]reason `json:"issue"`
	Redeem   [][]reason `json:"redeem"`
	Bonus    [][]string `json:"bonus"`
	Withdraw [][]reason `json:"withdraw"`
}

const sumBatch = `issue := [d | some i in input.issue; d := data.giftcard.issue.deny with input as i]
redeem := [d | some i in input.redeem; d := data.giftcard.redeem.deny with input as i]
bonus := [{d | d := data.wallet.topup.bonus_percent with input as i} | some i in input.wallet]
withdraw := [d | some i in input.wallet; d := data.wallet.withdraw.deny with input as i]`

// sumsOf asks OPA about the inputs that Contract §8 makes of the facts.
func (o *stockOPA) sumsOf(t *testing.T, all []*policy.Facts) sumRulings {
	t.Helper()
	questions := map[string][]any{}
	for _, f := range all {
		input := func(name string, state any) map[string]any {
			in := map[string]any{"amount_minor": f.Sum.AmountMinor, "digits": f.Sum.Digits, "currency": f.Sum.Currency, "now": f.Now}
			if state != nil {
				in[name] = state
			}
			return in
		}
		questions["issue"] = append(questions["issue"], input("", nil))
		questions["redeem"] = append(questions["redeem"], input("card", map[string]any{"status": f.Card.Status}))
		questions["wallet"] = append(questions["wallet"], input("wallet", map[string]any{
			"cash_minor": f.Wallet.CashMinor, "gift_minor": f.Wallet.GiftMinor, "bonus_minor": f.Wallet.BonusMinor}))
	}
	body, err := json.Marshal(map[string]any{"query": sumBatch, "input": questions})
	if err != nil {
		t.Fatal(err)
	}
	res, err := o.client.Post("http://"+socketHost+"/v1/query", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ Result []sumRulings }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != http.StatusOK || len(out.Result) != 1 ||
		len(out.Result[0].Issue) != len(all) || len(out.Result[0].Redeem) != len(all) || len(out.Result[0].Withdraw) != len(all) {
		t.Fatalf("opa answers %d %+v, %v", res.StatusCode, out, err)
	}
	return out.Result[0]
}

// randomSum is a sum with a card and a wallet, often just at a bound.
func randomSum(r *rand.Rand) *policy.Facts {
	digits := r.IntN(5)
	bound := []int64{1, 10, 100, 500, 1_000, 5_000, 1 + r.Int64N(9_999)}[r.IntN(7)]
	for range digits {
		bound *= 10
	}
	near := func() int64 { return max(1, bound+int64(r.IntN(3))-1) }
	return &policy.Facts{
		Sum:    &policy.Sum{AmountMinor: near(), Digits: digits, Currency: []string{"USD", "JPY", "KWD", "CLF"}[r.IntN(4)]},
		Card:   &policy.Card{Status: []string{"active", "redeemed", "revoked", "expired"}[r.IntN(4)]},
		Wallet: &policy.Wallet{CashMinor: near() - 1, GiftMinor: near() - 1, BonusMinor: near() - 1},
		Now:    1_767_225_600 + int64(r.IntN(3)),
	}
}

// ownSums are an author's changes: other data, and rules that look at everything there is.
var ownSums = map[string]string{
	"giftcard/issue/data.json": `{"amount_range": {"default": {"from": 10, "to": 1000}, "JPY": {"from": 500, "to": 5000}}}`,
	"giftcard/issue/own.rego": "package giftcard.issue\n\ndeny contains {\"code\": \"own.second\", \"message\": \"m\"} if {\n" +
		"\tinput.now % 3 == 0\n\tinput.currency != \"USD\"\n}\n",
	"giftcard/redeem/own.rego": "package giftcard.redeem\n\ndeny contains {\"code\": \"own.large\", \"message\": input.currency} if {\n" +
		"\tinput.amount_minor > 100\n\tinput.digits < 2\n}\n",
	"wallet/topup/data.json": `{"bonus_plan": {"default": [{"from": 10, "percent": "0.25"}, {"from": 1000, "percent": "100"}],
		"KWD": [{"from": 0, "percent": "0"}, {"from": 500, "percent": "3.1415"}]}}`,
	"wallet/withdraw/own.rego": "package wallet.withdraw\n\n_w := input.wallet\n\ndeny contains {\"code\": \"own.bonus\", \"message\": \"m\"} if _w.bonus_minor > _w.gift_minor\n",
}

// compareSums holds what the engine says of each sum against OPA's answers and counts what it saw.
func compareSums(t *testing.T, s *policy.Snapshot, all []*policy.Facts, ruled sumRulings, seen map[string]int) {
	t.Helper()
	for i, f := range all {
		issue, err1 := s.IssueDenials(t.Context(), f)
		redeem, err2 := s.RedeemDenials(t.Context(), f)
		withdraw, err3 := s.WithdrawDenials(t.Context(), f)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		for _, denials := range []struct {
			of   string
			got  []policy.Reason
			want []reason
		}{{"issue", issue, ruled.Issue[i]}, {"redeem", redeem, ruled.Redeem[i]}, {"withdraw", withdraw, ruled.Withdraw[i]}} {
			var got []reason
			for _, r := range denials.got {
				got = append(got, reason{Code: r.Code, Message: r.Message})
				seen[r.Code]++
			}
			if !sameReasons(got, denials.want) {
				t.Fatalf("%s of %+v %+v %+v: the engine says %v, opa %v", denials.of, *f.Sum, *f.Card, *f.Wallet, got, denials.want)
			}
		}
		var got []string
		if percent, err := s.BonusPercent(t.Context(), f); err == nil {
			got = []string{percent}
		}
		if !slices.Equal(got, ruled.Bonus[i]) {
			t.Fatalf("the bonus of %+v: the engine says %q, opa %q", *f.Sum, got, ruled.Bonus[i])
		}
		seen[fmt.Sprint("bonus ", got)]++
	}
}

func TestAStockOPADecidesTheSameOfSums(t *testing.T) {
	t.Parallel()
	shipped := []string{"gift_card.amount", "gift_card.redeemed", "gift_card.revoked", "gift_card.expired", "wallet.not_withdrawable"}
	for _, c := range []struct {
		name  string
		files map[string]string
		seen  []string
	}{
		{"the shipped policies", nil, append([]string{"bonus [0]", "bonus [1]", "bonus [2]"}, shipped...)},
		{"with an author's own", ownSums, append([]string{"own.second", "own.large", "own.bonus", "bonus []", "bonus [0]", "bonus [0.25]", "bonus [3.1415]",
			"bonus [100]"}, shipped...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := policyFolder(t, c.files)
			s, err := policy.Load(t.Context(), policy.Directory(dir), policy.Options{Timeout: time.Minute, Memo: true}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			o, rng, seen := startOPA(t, dir), rand.New(rand.NewPCG(10, 11)), map[string]int{}
			for range prove.Count(5, 100) {
				all := make([]*policy.Facts, 100)
				for i := range all {
					all[i] = randomSum(rng)
				}
				compareSums(t, s, all, o.sumsOf(t, all), seen)
			}
			for _, what := range c.seen {
				if seen[what] == 0 {
					t.Errorf("no sum met %s: %v", what, seen)
				}
			}
		})
	}
}
