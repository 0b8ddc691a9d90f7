// scrip policy cost: numbers for each decision, and a hint for each part of the input that makes remembering poor.
package main

import (
	"strings"
	"testing"
)

const costBody = `{"revision":"4c1f0b7a92de","decisions":[
	{"name":"data.order.deny","depends_on":["input.customer.blocklisted","input.customer.id","input.order.type"],"remembered":true,
	 "asked":1000,"recalled":600,"evaluated":400,"errors":0,"overruns":0,"too_long":0,
	 "evaluation_us":{"mean":31.25,"p50":28.4,"p90":47.1,"p99":49.9},"entries":400,"bytes":51200,"bytes_budget":33554432},
	{"name":"data.product.deny","depends_on":["input.line.product","input.now","input.order.attributes.channel"],"remembered":true,
	 "asked":3,"recalled":0,"evaluated":3,"errors":1,"overruns":2,"too_long":2,
	 "evaluation_us":{"mean":500000,"p50":500000,"p90":500000,"p99":500000},"entries":0,"bytes":33554432,"bytes_budget":33554432},
	{"name":"data.coupon.deny","depends_on":["input"],"remembered":false,"asked":0,"recalled":0,"evaluated":0,"errors":0,"overruns":0,
	 "too_long":0,"evaluation_us":null,"entries":0,"bytes":0,"bytes_budget":0},
	{"name":"data.grant.campaigns","depends_on":[],"remembered":true,"asked":0,"recalled":0,"evaluated":0,"errors":0,"overruns":0,
	 "too_long":0,"evaluation_us":null,"entries":0,"bytes":0,"bytes_budget":33554432},
	{"name":"data.giftcard.issue.deny","depends_on":["input.amount_minor","input.currency","input.digits"],"remembered":false,
	 "asked":7,"recalled":0,"evaluated":7,"errors":0,"overruns":0,"too_long":0,
	 "evaluation_us":{"mean":61.5,"p50":50,"p90":90,"p99":99},"entries":0,"bytes":0,"bytes_budget":0},
	{"name":"data.wallet.topup.bonus_percent","depends_on":["input.wallet"],"remembered":false,"asked":0,"recalled":0,"evaluated":0,"errors":0,
	 "overruns":0,"too_long":0,"evaluation_us":null,"entries":0,"bytes":0,"bytes_budget":0}]}`

func TestThePolicysCostIsShown(t *testing.T) {
	f := startFake(t)
	f.on("GET /admin/v1/policy/cost", 200, costBody)
	golden(t, "testdata/policy-cost.txt", scrip(t, "policy", "cost").stdout)
	scrip(t, "policy", "cost", "--json").expect(t, exitDone, costBody)
	scrip(t, "policy", "cost", "--help").expect(t, exitDone, "Hit rate is the share", "Examples:\n\n    ")
	scrip(t, "policy", "cost", "--admin-server", "ftp://x").expect(t, exitUsage, "is not a server")
	f.plans = nil
	scrip(t, "policy", "cost").expect(t, exitFailed, "404")
}

func TestHintsSayWhatToWriteInstead(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"input":                  "name each part, as in `input.line.product.type`",
		"input.now":              "such as `input.coupon.window`",
		"input.customer":         "`x := input.customer; x.blocklisted` write `input.customer.blocklisted`",
		"input.order":            "write `input.order.type`",
		"input.line":             "write `input.line.quantity`",
		"input.line.product":     "`x := input.line.product; x.type` write `input.line.product.type`",
		"input.coupon":           "write `input.coupon.status`",
		"input.card":             "write `input.card.status`",
		"input.wallet":           "write `input.wallet.cash_minor`",
		"input.customer.id":      "another for each customer",
		"input.line.product.id":  "another for each product",
		"input.coupon.id":        "another for each coupon",
		"input.order.attributes": "all attributes beside it",
		"input.line.product.attributes.colour.id": "all attributes beside it",
		"input.line.product.type":                 "",
		"input.coupon.campaign_id":                "",
		"input.coupon.attributes_of_old":          "",
		"input.order.discounted":                  "",
		"input.amount_minor":                      "",
		"input.wallet.cash_minor":                 "",
	} {
		if got := strings.ReplaceAll(costHint(path), glue, " "); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// Ids and attributes are dear only where the counts say so; other hints are good advice in any case.
func TestIdsThatCostNothingAreNoHints(t *testing.T) {
	t.Parallel()
	d := decisionCost{DependsOn: []string{"input.customer.id", "input.order.attributes.channel", "input.now"}, Remembered: true, Asked: 100}
	for recalled, hints := range map[uint64]int{0: 3, 89: 3, 90: 1, 100: 1} {
		d.Recalled = recalled
		shown := 0
		for _, note := range d.notes() {
			if strings.HasPrefix(note.text, "! ") {
				shown++
			}
		}
		if shown != hints {
			t.Errorf("%d of 100 recalled: %d hints, want %d", recalled, shown, hints)
		}
	}
}

func TestDearPartsStandOutOnATerminal(t *testing.T) {
	t.Parallel()
	costs := policyCostAnswer{Decisions: []decisionCost{{Name: "data.order.deny", DependsOn: []string{"input.now", "input.order.type"}, Remembered: true, Overruns: 1}}}
	card := costs.card(painter{colour: true, width: pageWidth})
	for _, want := range []string{"\x1b[33m! input.now", "\x1b[2mlooks at input.order.type", "\x1b[31m1\x1b", "\x1b[1mdata.order.deny"} {
		if !strings.Contains(card, want) {
			t.Errorf("%q is missing in %q", want, card)
		}
	}
}
