package machine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// tally counts steps by their kind and by what became of them.
type tally map[string]map[string]int64

func (c tally) count(kind, outcome string) {
	if c[kind] == nil {
		c[kind] = make(map[string]int64)
	}
	c[kind][outcome]++
}

func (c tally) total() (n int64) {
	for _, outcomes := range c {
		for _, times := range outcomes {
			n += times
		}
	}
	return n
}

// sumOf is all that was lived side by side.
func sumOf(all []tally) tally {
	sum := make(tally)
	for _, c := range all {
		for kind, outcomes := range c {
			for outcome, times := range outcomes {
				sum.count(kind, outcome)
				sum[kind][outcome] += times - 1
			}
		}
	}
	return sum
}

// report tells what was lived. Of many steps every outcome must be among them.
func (c tally) report(t *testing.T, took time.Duration) {
	t.Helper()
	lines := []string{}
	for kind, outcomes := range c {
		n, parts := int64(0), []string{}
		for outcome, times := range outcomes {
			n += times
			parts = append(parts, fmt.Sprint(outcome, " ×", times))
		}
		slices.Sort(parts)
		lines = append(lines, fmt.Sprintf("%-11s %7d  %s", kind, n, strings.Join(parts, ", ")))
	}
	slices.Sort(lines)
	t.Logf("%d steps in %.1f s, no difference\n%s", c.total(), took.Seconds(), strings.Join(lines, "\n"))
	if c.total() < *promised {
		t.Errorf("%d steps, %d were promised", c.total(), *promised)
	}
	for kind, outcomes := range expectedOutcomes {
		for _, outcome := range outcomes {
			if c.total() >= 50_000 && c[kind][outcome] < 10 {
				t.Errorf("%s was answered %q %d times", kind, outcome, c[kind][outcome])
			}
		}
	}
}

// expectedOutcomes are all that can become of a request.
var expectedOutcomes = map[string][]string{
	"campaign": {"201", "409 campaign.exists"},
	"pause":    {"200", "404 campaign.not_found"},
	"issue": {"201", "404 campaign.not_found", "409 campaign.paused", "409 campaign.ended", "409 campaign.exhausted",
		"409 campaign.customer_limit"},
	"register":    {"201", "200"},
	"revoke":      {"200", "404 coupon.not_found", "409 coupon.used"},
	"block":       {"200"},
	"unblock":     {"204"},
	"quote":       {"201", "422 coupon.not_found", "422 coupon.not_applicable", "201 late"},
	"reserve":     {"201", "201 with a coupon", "404 quote.not_found", "409 order.already_redeemed", "409 coupon.unavailable", "409 quote.stale"},
	"confirm":     {"200", "200 with a coupon", "404 redemption.not_found", "409 redemption.expired", "409 redemption.released", "409 coupon.unavailable"},
	"release":     {"200", "200 with a coupon", "404 redemption.not_found", "409 redemption.confirmed"},
	"issue cards": {"201", "422 gift_card.amount", "422 request.invalid"},
	"revoke card": {"200", "404 gift_card.not_found", "409 gift_card.redeemed"},
	"redeem": {"201", "404 gift_card.invalid", "409 gift_card.redeemed", "409 gift_card.revoked", "409 gift_card.expired",
		"429 gift_card.too_many_attempts"},
	"card":   {"before", "at", "after"},
	"lock":   {"near", "before", "at", "after"},
	"top up": {"201", "201 with a bonus"},
	"pay": {"201", "201 with a coupon", "404 redemption.not_found", "409 redemption.not_reserved", "409 payment.nothing_owed",
		"409 wallet.insufficient_funds", "422 payment.exceeds_owed"},
	"withdraw": {"201", "201 with a bonus", "409 wallet.not_withdrawable"},
	"refund": {"201", "201 with a coupon", "201 to the wallet", "404 redemption.not_found", "409 redemption.not_confirmed", "422 refund.exceeds_paid",
		"422 request.invalid"},
	"retry": {"the same bytes", "422 idempotency.key_reused", "the key was free"},
	"duplicate": {"campaign 409 campaign.exists", "issue 201", "issue 409 campaign.customer_limit", "register 200", "revoke 200", "quote 201",
		"reserve 409 order.already_redeemed", "confirm 200", "release 200", "refund 201", "refund 422 refund.exceeds_paid",
		"issue cards 201", "redeem 404 gift_card.invalid", "redeem 409 gift_card.redeemed", "redeem 429 gift_card.too_many_attempts",
		"revoke card 200", "top up 201", "pay 201", "pay 409 payment.nothing_owed", "withdraw 201", "withdraw 409 wallet.not_withdrawable"},
	"expire":   {"near", "before", "at", "after"},
	"clock":    {"forth", "back"},
	"policies": {"changed"},
	"forget":   {"all quotes"},
	"restart":  {"reopened"},
}
