// Refusals in words: what the sidecar said, field by field, and what to do about it.
package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// problem is a refusal as RFC 9457 has it (Contract §3).
type problem struct {
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail"`
	Code      string   `json:"code"`
	RequestID string   `json:"request_id"`
	Errors    []fault  `json:"errors"`
	Reasons   []reason `json:"reasons"`

	advice string // what to do next; empty when there is nothing to say
}

// fault names one wrong field of the body, or one parameter of the request.
type fault struct {
	Pointer   string `json:"pointer"`
	Parameter string `json:"parameter"`
	Detail    string `json:"detail"`
}

// reason is why something is not allowed.
type reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// refusal makes an error of an answer that is not a success.
func (c *client) refusal(response *http.Response, body []byte) error {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	p := &problem{}
	if strings.TrimSpace(kind) != "application/problem+json" || json.Unmarshal(body, p) != nil || p.Code == "" {
		return fmt.Errorf("%s answered %s, which is not how scrip speaks; is it the right address?%s",
			c.name, response.Status, excerpt(body))
	}
	p.Status = response.StatusCode
	p.advice = advice(p.Code)
	if p.Code == "auth.required" {
		p.advice = c.login
	}
	if wait, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && wait > 0 {
		p.advice = "try again in " + waiting(wait)
	}
	return p
}

// waiting is a number of seconds as people say it.
func waiting(seconds int) string {
	switch minutes := seconds / 60; {
	case minutes < 2:
		return count(seconds, "second")
	case seconds%60 == 0:
		return count(minutes, "minute")
	default:
		return count(minutes, "minute") + " " + count(seconds%60, "second")
	}
}

// excerpt shows the beginning of an answer that is not understood.
func excerpt(body []byte) string {
	const most = 200
	text := strings.TrimSpace(string(body))
	if text == "" {
		return ""
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return "\n  " + clean(text)
}

// Error tells status, code and detail on the first line, then each field and reason, then what to do.
func (p *problem) Error() string {
	var out strings.Builder
	detail := p.Detail
	if detail == "" {
		detail = p.Title
	}
	fmt.Fprintf(&out, "%d %s: %s\n", p.Status, clean(p.Code), clean(detail))
	pairs(&out, p.Errors, func(f fault) (string, string) { return f.Pointer + f.Parameter, f.Detail })
	pairs(&out, p.Reasons, func(r reason) (string, string) { return r.Code, r.Message })
	if p.advice != "" {
		fmt.Fprintf(&out, "→ %s\n", clean(p.advice))
	}
	if p.RequestID != "" && p.Status >= http.StatusInternalServerError {
		fmt.Fprintf(&out, "  The sidecar's log tells more under request %s.\n", clean(p.RequestID))
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// pairs writes two columns, the first as wide as its longest entry.
func pairs[T any](out *strings.Builder, items []T, columns func(T) (string, string)) {
	width := 0
	for _, item := range items {
		left, _ := columns(item)
		width = max(width, utf8.RuneCountInString(clean(left)))
	}
	for _, item := range items {
		left, right := columns(item)
		left = clean(left)
		if width > 0 {
			left += strings.Repeat(" ", width-utf8.RuneCountInString(left)+gap)
		}
		fmt.Fprintln(out, strings.TrimRight("  "+left+clean(right), " "))
	}
}

// nextSteps says, by code, what the person at the terminal can do.
var nextSteps = map[string]string{
	"request.invalid":           "correct what is named above and send it again",
	"request.too_large":         "a request may have 1 MiB; send it in parts",
	"route.not_found":           "is this the right listener? --server is for the data listener, --admin-server for the admin one",
	"ledger.unavailable":        "try again in a moment, and see what /readyz says",
	"overloaded":                "try again in a moment",
	"coupon.not_found":          "see what a customer holds with: scrip coupon list CUSTOMER",
	"coupon.not_applicable":     "quote with --select best, or with --select none",
	"coupon.unavailable":        "quote again: another coupon, or none, may be used",
	"quote.not_found":           "it has expired or was never made here; quote again",
	"quote.stale":               "quote again: what it rested on has changed",
	"order.already_redeemed":    "release what holds the order first, or confirm it",
	"redemption.expired":        "its hold has ended and the coupon is free; quote and reserve again",
	"redemption.released":       "quote and reserve again",
	"redemption.confirmed":      "refund what the order does not keep with: scrip redemption refund REDEMPTION",
	"redemption.not_confirmed":  "confirm it first with: scrip redemption confirm REDEMPTION",
	"refund.exceeds_paid":       "nothing was refunded; see what is left with: scrip redemption show REDEMPTION",
	"campaign.not_found":        "see which there are with: scrip campaign list",
	"campaign.exists":           "see it with: scrip campaign show CAMPAIGN",
	"campaign.paused":           "let it issue again with: scrip campaign resume CAMPAIGN",
	"campaign.ended":            "its time is over; create a new campaign",
	"campaign.exhausted":        "its quantity is issued; create a new campaign",
	"campaign.customer_limit":   "a customer named has as many of its coupons as it allows; nothing was issued",
	"customer.coupon_limit":     "a customer may hold 1,000 available coupons; revoke some first",
	"gift_card.not_found":       "see which a customer has with: scrip gift-card list CUSTOMER; a code is revealed to the owner only",
	"gift_card.invalid":         "look at number and code once more; after ten failures in a row nobody can try for 15 minutes",
	"gift_card.redeemed":        "a card is used once; whether it was by this customer tells: scrip wallet entries CUSTOMER",
	"gift_card.revoked":         "it was taken back; issue another one",
	"gift_card.expired":         "its time is over; issue another one",
	"gift_card.amount":          "the policy's data bound it: giftcard/issue/data.json",
	"wallet.insufficient_funds": "see what there is with: scrip wallet show CUSTOMER; pay a part of it with --amount",
	"wallet.not_withdrawable":   "only cash is; see how much there is with: scrip wallet show CUSTOMER",
	"payment.exceeds_owed":      "leave --amount out to pay all that is owed",
	"payment.nothing_owed":      "the wallet has paid all of it; confirm with: scrip redemption confirm REDEMPTION",
	"redemption.not_reserved":   "only what is reserved can be paid for: quote and reserve again",
	"redemption.not_found":      "see which an order has with: scrip redemption list ORDER",
	"policy.denied":             "a policy of your own says no; scrip policy show tells which is in force",
	"policy.error":              "nothing was written; a policy failed: see the sidecar's log",
	"policy.refused":            "the policy in force stays; correct the fault and reload again",
	"idempotency.in_flight":     "the same request is still under way; try again in a moment",
	"idempotency.key_reused":    "use another --idempotency-key for another request",
}

func advice(code string) string { return nextSteps[code] }
