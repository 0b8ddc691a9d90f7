//go:build bench

// Stock OPA on the same policies: all decisions of an order in one query.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// batch asks every decision of an order in one evaluation: as a client of
// stock OPA would, who does not want 26 calls an order. Each gets a small input
// made for it: with only `with input.line as line`, opa takes twice the time.
const batch = `package batch

decisions := {
	"order": data.order.deny,
	"lines": [reasons |
		some line in input.lines
		reasons := data.product.deny with input as
			{"customer": input.customer, "order": input.order, "line": line, "now": input.now}
	],
	"coupons": [reasons |
		some coupon in input.coupons
		reasons := data.coupon.deny with input as
			{"customer": input.customer, "order": input.order, "coupon": coupon, "now": input.now}
	],
}
`

const batchPath = "/v1/data/batch/decisions"

// startOPA builds and starts the stock server, without its access log, and
// checks that it decides as the product does.
func startOPA(y *yard, v *variant) (*target, error) {
	binary, err := y.build("github.com/open-policy-agent/opa")
	if err != nil {
		return nil, err
	}
	dir, err := y.folder("opa")
	if err != nil {
		return nil, err
	}
	extra := filepath.Join(dir, "batch.rego")
	if err := os.WriteFile(extra, []byte(batch), 0o600); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	address := "127.0.0.1:" + port
	opa, err := y.spawn(exec.Command(binary, "run", "--server", "--addr", address, "--log-level=error", "--disable-telemetry",
		"--ignore=*_test.rego", "--ignore=schemas", filepath.Join(y.root, "policies"), extra))
	if err != nil {
		return nil, err
	}
	if err := opa.untilListening(address); err != nil {
		return nil, err
	}
	body, err := opaBody(v)
	if err != nil {
		return nil, err
	}
	answer, err := post("http://"+address+batchPath, quoteStamped(body, 0, 0), "", statusOK)
	if err != nil {
		return nil, err
	}
	if err := checkDecisions(v, answer); err != nil {
		return nil, fmt.Errorf("a wrong answer: %w\n%s", err, answer)
	}
	return &target{connections: y.settings.connections, pid: opa.pid(), address: address, load: v.load(y, batchPath, body, statusOK),
		requestBytes: len(body), answerBytes: len(answer)}, nil
}

// opaBody is the input of Contract §8 for the same order, with lists of lines
// and coupons, and with the facts worked out that scrip works out itself.
func opaBody(v *variant) ([]byte, error) {
	none := map[string]any{}
	var lines, coupons []any
	for l := range v.lines {
		lines = append(lines, map[string]any{"id": name("L", l), "quantity": 1 + l%3, "discounted": false,
			"product": map[string]any{"id": name("SKU", l), "type": productType(l), "attributes": none}})
	}
	for i := range v.coupons {
		c := campaigns[i%len(campaigns)]
		coupons = append(coupons, map[string]any{"id": "cpn_" + name("", i), "campaign_id": c.id, "owned": true,
			"status": "available", "window": "open", "kind": "percent", "attributes": none,
			"currency_matches": c.reason != "coupon.currency", "minimum_spend_met": c.reason != "coupon.minimum_spend"})
	}
	var b bytes.Buffer
	err := json.NewEncoder(&b).Encode(map[string]any{"input": map[string]any{
		"customer": map[string]any{"id": customerMark, "blocklisted": false, "attributes": none},
		"order": map[string]any{"id": orderMark, "type": "dropshipping", "currency": "USD", "discounted": false,
			"attributes": none},
		"lines": lines, "coupons": coupons, "now": time.Now().Unix(),
	}})
	return b.Bytes(), err
}

// checkDecisions holds OPA's answer against what checkQuote holds the
// product's against.
func checkDecisions(v *variant, answer []byte) error {
	var out struct {
		Result struct{ Order, Lines, Coupons json.RawMessage }
	}
	var order []reason
	var lines, coupons [][]reason
	if err := json.Unmarshal(answer, &out); err != nil {
		return err
	}
	for from, into := range map[*json.RawMessage]any{
		&out.Result.Order: &order, &out.Result.Lines: &lines, &out.Result.Coupons: &coupons,
	} {
		if err := json.Unmarshal(*from, into); err != nil {
			return err
		}
	}
	if len(order) != 0 || len(lines) != v.lines || len(coupons) != v.coupons {
		return fmt.Errorf("order %v, %d lines, %d coupons", order, len(lines), len(coupons))
	}
	for l, reasons := range lines {
		if codes(reasons) != exclusion(l) {
			return fmt.Errorf("line %d: %v", l, reasons)
		}
	}
	for i, reasons := range coupons {
		if codes(reasons) != campaigns[i%len(campaigns)].reason {
			return fmt.Errorf("coupon %d: %v", i, reasons)
		}
	}
	return nil
}
