// scrip coupon issue: coupons for a few customers named, or for a file of many, in batches that the sidecar takes.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxBatchCustomers = 10_000                 // customers in one request (Contract §5)
	maxBatchBytes     = maxRequestBytes - 1024 // their ids as JSON, with room for the object around them
	maxIssuedShown    = 20                     // more coupons than that are counted, not listed
)

type couponIssueCmd struct {
	Campaign  string   `arg:"" help:"The campaign's id."`
	Customers []string `arg:"" optional:"" name:"customer" help:"Customers' ids."`
	File      string   `placeholder:"FILE" help:"A file of customers' ids, one a line; - for standard input."`
	JSON      bool     `name:"json" help:"Print the coupons as JSON."`
	keyFlag
	adminFlags
}

// Help shows examples.
func (couponIssueCmd) Help() string {
	return `Each request of up to 10,000 customers is all or nothing. A longer file goes in several: should one be refused,
those before it stay issued, and the message says how to go on.

Examples:

	scrip coupon issue spring c-1001 c-1002
	scrip coupon issue spring --file customers.txt
	psql -Atc 'select id from customers' | scrip coupon issue spring --file - --json > issued.json`
}

// Run issues the coupons.
func (c *couponIssueCmd) Run(g *globals) error {
	customers, err := c.recipients(g)
	if err != nil {
		return err
	}
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	coupons, err := c.issue(g, sidecar, batches(customers, maxBatchCustomers, maxBatchBytes), len(customers))
	if err != nil {
		return err
	}
	return c.report(g, coupons)
}

// recipients are the customers named, or those of the file.
func (c *couponIssueCmd) recipients(g *globals) ([]string, error) {
	switch {
	case c.File != "" && len(c.Customers) > 0:
		return nil, usageError("name the customers or give a --file of them, not both")
	case c.File == "" && len(c.Customers) == 0:
		return nil, usageError("name customers, or give a --file of them")
	case c.File == "":
		return c.Customers, nil
	case c.File == "-":
		return readCustomers(g.Stdin, "standard input")
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readCustomers(file, c.File)
}

// readCustomers reads one id a line. Empty lines, a byte order mark and the \r of Windows are skipped; anything else
// is part of the id, since ids are compared byte for byte.
func readCustomers(from io.Reader, name string) ([]string, error) {
	var customers []string
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		id := lines.Text()
		if len(customers) == 0 {
			id = strings.TrimPrefix(id, "\ufeff")
		}
		if strings.TrimSpace(id) != "" {
			customers = append(customers, id)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(customers) == 0 {
		return nil, fmt.Errorf("%s: no customers in it", name)
	}
	return customers, nil
}

// batches cuts customers into runs of at most most ids and, as JSON, at most size bytes; order stays.
func batches(customers []string, most, size int) [][]string {
	var cut [][]string
	start, bytes := 0, 0
	for i, id := range customers {
		quoted, _ := jsontext.AppendQuote(nil, id)
		if i > start && (i-start == most || bytes+len(quoted)+1 > size) {
			cut = append(cut, customers[start:i])
			start, bytes = i, 0
		}
		bytes += len(quoted) + 1
	}
	return append(cut, customers[start:])
}

// issue sends the batches one after another and gives the coupons as they came.
func (c *couponIssueCmd) issue(g *globals, sidecar *client, parts [][]string, total int) ([]jsontext.Value, error) {
	progress := meter{w: g.Stderr, verb: "issued", total: total, quiet: len(parts) == 1}
	var coupons []jsontext.Value
	for i, part := range parts {
		made, err := c.issueBatch(g.Ctx, sidecar, part, c.keyOf(i))
		if err != nil {
			progress.end()
			return nil, c.broken(err, progress.done, total)
		}
		coupons = append(coupons, made...)
		progress.add(len(part))
	}
	progress.end()
	return coupons, nil
}

func (c *couponIssueCmd) issueBatch(ctx context.Context, sidecar *client, part []string, key string) ([]jsontext.Value, error) {
	body, err := json.Marshal(map[string][]string{"customer_ids": part})
	if err != nil {
		return nil, fmt.Errorf("a customer's id is not UTF-8: %w", err)
	}
	var made struct {
		Coupons []jsontext.Value `json:"coupons"`
	}
	path := campaignsPath + "/" + segment(c.Campaign) + "/coupons"
	_, err = sidecar.call(ctx, http.MethodPost, path, body, &made, header{"Idempotency-Key", key})
	return made.Coupons, err
}

// broken says how far it came and how to go on. Where no answer came the batch may have been issued all the same, so
// the key is what makes the next try safe.
func (c *couponIssueCmd) broken(err error, done, total int) error {
	if done == 0 && !undecided(err) {
		return err
	}
	return unfinished{err, fmt.Sprintf("%d of %d customers were served. Run the same command again with --idempotency-key %s:\n  it goes on where it stopped",
		done, total, clean(c.key()))}
}

// report prints the coupons: few as a table, many as a count.
func (c *couponIssueCmd) report(g *globals, coupons []jsontext.Value) error {
	if c.JSON {
		body, err := json.Marshal(map[string][]jsontext.Value{"coupons": coupons})
		if err != nil {
			return err
		}
		return printRaw(g, body)
	}
	if len(coupons) > maxIssuedShown {
		return say(g, "Issued %s of campaign %s; --json would have listed them.", count(len(coupons), "coupon"), clean(c.Campaign))
	}
	decoded, err := decodeItems[couponAnswer](coupons)
	if err != nil {
		return err
	}
	return show(g, couponTable(decoded))
}
