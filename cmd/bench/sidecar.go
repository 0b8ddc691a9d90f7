//go:build bench

// The product under load: a sidecar of its own, campaigns, coupons for every
// customer that will come, and a first answer that must be right.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

const (
	quotesPath    = "/v1/quotes"
	statusOK      = http.StatusOK
	statusCreated = http.StatusCreated
	adminToken    = "bench"
	issueBatch    = 2_000 // coupons a call
	checks        = 2     // quotes looked at before the rounds
)

// campaign is a kind of coupon: its terms, and the reason for which the orders
// here cannot use it, "" if they can.
type campaign struct{ id, terms, reason string }

var campaigns = []campaign{
	{"five-off", `"discount":{"percent":"5"}`, ""},
	{"ten-usd", `"discount":{"amount":"10.00","currency":"USD"},"minimum_spend":"50.00"`, ""},
	{"vip-8", `"discount":{"percent":"8"},"currency":"USD","maximum_discount":"60.00"`, ""},
	{"million", `"discount":{"percent":"15"},"currency":"USD","minimum_spend":"1000000.00"`, "coupon.minimum_spend"},
	{"europe", `"discount":{"amount":"5.00","currency":"EUR"}`, "coupon.currency"},
}

// startSidecar starts scrip, fills its ledger and checks an answer. A sidecar
// that refuses the variant's flags does not have them yet.
func startSidecar(y *yard, v *variant) (*target, error) {
	dir, err := y.folder("data")
	if err != nil {
		return nil, err
	}
	side, err := y.serve(dir, v)
	if err != nil {
		return nil, err
	}
	customers := v.customers
	if customers == 0 {
		customers = v.total(y.settings) + checks
	}
	if err := issue(side, customers, v.coupons/len(campaigns)); err != nil {
		return nil, err
	}
	if y.settings.cold {
		side.end()
		if side, err = y.serve(dir, v); err != nil {
			return nil, err
		}
	}
	body := orderBody(v.lines)
	answer, err := checkQuote(side, v, body, v.total(y.settings))
	if err != nil {
		return nil, fmt.Errorf("a wrong answer: %w", err)
	}
	return &target{connections: y.settings.connections, pid: side.pid(), address: side.data, load: v.load(y, quotesPath, body, statusCreated),
		requestBytes: len(body), answerBytes: len(answer)}, nil
}

// serve starts a sidecar with the variant's flags.
func (y *yard) serve(dir string, v *variant) (*child, error) {
	side, err := y.scrip(dir, v.flags...)
	if errors.Is(err, errEnded) && len(v.flags) > 0 {
		return nil, &missingError{fmt.Sprintf("scrip serve %s: %s", strings.Join(v.flags, " "), side.complaint())}
	}
	return side, err
}

// scrip starts a sidecar on a data folder and waits until it serves.
func (y *yard) scrip(dir string, flags ...string) (*child, error) {
	binary, err := y.build("scrip/cmd/scrip")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, append([]string{"serve", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0",
		"--data=" + dir, "--log-format=json"}, flags...)...)
	cmd.Env = []string{"SCRIP_ADMIN_TOKEN=" + adminToken}
	side, err := y.spawn(cmd)
	if err != nil {
		return nil, err
	}
	if err = side.untilServing(); errors.Is(err, errEnded) {
		err = fmt.Errorf("scrip: %w:\n%s", err, side.transcript())
	}
	return side, err
}

// issue gives each customer some coupons of every campaign.
func issue(side *child, customers, each int) error {
	admin := "http://" + side.admin + "/admin/v1/campaigns"
	for _, c := range campaigns {
		body := fmt.Sprintf(`{"id":%q,"name":%q,%s,"per_customer":%d}`, c.id, c.id, c.terms, each)
		if _, err := post(admin, []byte(body), adminToken, statusCreated); err != nil {
			return err
		}
	}
	progress("issuing %d coupons to each of %d customers", each*len(campaigns), customers)
	step := issueBatch / each
	for from := 0; from < customers; from += step {
		var ids []string
		for n := from; n < min(from+step, customers); n++ {
			for range each {
				ids = append(ids, customerID(n))
			}
		}
		body, err := json.Marshal(map[string][]string{"customer_ids": ids})
		if err != nil {
			return err
		}
		for _, c := range campaigns {
			if _, err := post(admin+"/"+c.id+"/coupons", body, adminToken, statusCreated); err != nil {
				return err
			}
		}
	}
	return nil
}

// quote is what is looked at of an answer.
type quote struct {
	ID        string
	Selection struct{ By string }
	Totals    struct{ CouponDiscount string }
	SubOrders []struct {
		Lines []struct {
			Eligible   bool
			Exclusions []reason
		}
	} `json:"sub_orders"`
	Coupons []struct {
		CampaignID string `json:"campaign_id"`
		Applicable bool
		Reasons    []reason
	}
	Denials []reason
}

type reason struct{ Code, Message string }

// checkQuote quotes with numbers from first on, which the rounds leave alone,
// and looks at lines, coupons and selection.
func checkQuote(side *child, v *variant, body []byte, first int) ([]byte, error) {
	var ids []string
	var answer []byte
	for n := range checks {
		order, customer := v.ids(first + n)
		var err error
		if answer, err = post(side.dataURL()+quotesPath, quoteStamped(body, order, customer), "", statusCreated); err != nil {
			return nil, err
		}
		var q quote
		if err := json.Unmarshal(answer, &q); err != nil {
			return nil, err
		}
		if err := q.check(v); err != nil {
			return nil, fmt.Errorf("%w\n%.2000s", err, answer)
		}
		ids = append(ids, q.ID)
	}
	if isSame := ids[0] == ids[1]; isSame != (v.name == "repeated") {
		return nil, fmt.Errorf("quote ids %v", ids)
	}
	return answer, nil
}

func (q *quote) check(v *variant) error {
	if len(q.Denials) > 0 || q.Selection.By != "default" || len(q.Coupons) != v.coupons {
		return fmt.Errorf("%d coupons, denials %v, selected by %s", len(q.Coupons), q.Denials, q.Selection.By)
	}
	line := 0
	for _, sub := range q.SubOrders {
		for _, l := range sub.Lines {
			if codes(l.Exclusions) != exclusion(line) || l.Eligible != (exclusion(line) == "") {
				return fmt.Errorf("line %d is %v, %v", line, l.Eligible, l.Exclusions)
			}
			line++
		}
	}
	if line != v.lines {
		return fmt.Errorf("%d lines", line)
	}
	for _, c := range q.Coupons {
		for _, known := range campaigns {
			if known.id == c.CampaignID && (codes(c.Reasons) != known.reason || c.Applicable != (known.reason == "")) {
				return fmt.Errorf("a coupon of %s is %v, %v", c.CampaignID, c.Applicable, c.Reasons)
			}
		}
	}
	return nil
}

// exclusion is why the policies exclude a line of these orders.
func exclusion(line int) string {
	if kind := productType(line); kind != "ordinary" {
		return "product." + kind
	}
	return ""
}

func codes(reasons []reason) string {
	var list []string
	for _, r := range reasons {
		list = append(list, r.Code)
	}
	return strings.Join(list, " ")
}

var plainClient = &http.Client{Timeout: time.Minute}

// post is for everything but the load.
func post(url string, body []byte, token string, want int) ([]byte, error) {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := plainClient.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != want {
		return nil, fmt.Errorf("POST %s: %s\n%.2000s", url, response.Status, answer)
	}
	return answer, nil
}
