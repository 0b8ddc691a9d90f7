// scrip redemption refund: give back units of lines, amounts of lines, or charges (Contract §6). What may be given back
// is the sidecar's affair; here ids and numbers are told apart, nothing more.
package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

type redemptionRefundCmd struct {
	ID     string   `arg:"" name:"redemption" help:"The redemption's id."`
	Units  []string `sep:"none" placeholder:"LINE=N" help:"So many units of a line; may be repeated."`
	Amount []string `sep:"none" placeholder:"LINE=AMOUNT" help:"Or an amount of a line, in the redemption's currency."`
	Charge []string `sep:"none" placeholder:"ID=AMOUNT" help:"An amount of a charge, such as shipping."`
	Reason string   `placeholder:"TEXT" help:"Why, for those who look at it later."`
	JSON   bool     `name:"json" help:"Print the answer as it came."`
	keyFlag
	dataFlags
}

// Help shows examples.
func (redemptionRefundCmd) Help() string {
	return `Only what was paid can be refunded, never a coupon's value. A line's last unit settles what rounding left of it.

Examples:

	scrip redemption refund rdm_01… --units A=1 --units B=2
	scrip redemption refund rdm_01… --amount A=2.50 --reason "scratched"
	scrip redemption refund rdm_01… --units A=1 --charge shipping=4.99 --reason dispute`
}

// Run makes the refund.
func (c *redemptionRefundCmd) Run(g *globals) error {
	body, err := c.request()
	if err != nil {
		return err
	}
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	var made refundAnswer
	got, err := c.post(g, sidecar, redemptionsPath+"/"+segment(c.ID)+"/refunds", body, &made)
	return printAnswer(g, c.JSON, got, made.card, err)
}

// askedPart is a line or charge of a refund's request.
type askedPart struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity,omitzero"`
	Amount   string `json:"amount,omitzero"`
}

// request writes the flags as a body: units first, then amounts, each in the order given.
func (c *redemptionRefundCmd) request() ([]byte, error) {
	if len(c.Units)+len(c.Amount)+len(c.Charge) == 0 {
		return nil, usageError("say what to refund: --units LINE=N, --amount LINE=AMOUNT or --charge ID=AMOUNT")
	}
	body := struct {
		Lines   []askedPart `json:"lines,omitzero"`
		Charges []askedPart `json:"charges,omitzero"`
		Reason  string      `json:"reason,omitzero"`
	}{Reason: c.Reason}
	for _, flag := range c.Units {
		id, text, err := idAndValue("--units", "LINE=N", flag)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return nil, usageError(fmt.Sprintf("--units %s: %q is no number of units", flag, text))
		}
		body.Lines = append(body.Lines, askedPart{ID: id, Quantity: n})
	}
	for _, flag := range c.Amount {
		id, text, err := idAndValue("--amount", "LINE=AMOUNT", flag)
		if err != nil {
			return nil, err
		}
		body.Lines = append(body.Lines, askedPart{ID: id, Amount: text})
	}
	for _, flag := range c.Charge {
		id, text, err := idAndValue("--charge", "ID=AMOUNT", flag)
		if err != nil {
			return nil, err
		}
		body.Charges = append(body.Charges, askedPart{ID: id, Amount: text})
	}
	return json.Marshal(body, json.Deterministic(true))
}

// idAndValue cuts at the last "=": an id may have some of its own.
func idAndValue(name, form, flag string) (id, value string, err error) {
	at := strings.LastIndex(flag, "=")
	if at < 1 || at == len(flag)-1 {
		return "", "", usageError(fmt.Sprintf("%s takes %s, not %q", name, form, flag))
	}
	return flag[:at], flag[at+1:], nil
}
