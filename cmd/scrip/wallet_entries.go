// scrip wallet entries: the wallet's journal as a table, a booking a line.
package main

import (
	"math"
	"strings"
)

type walletEntriesCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	Limit    int    `default:"50" placeholder:"N" help:"How many at most, the newest; 0 is all."`
	JSON     bool   `name:"json" help:"Print all pages as one list, every account of the double entry in it."`
	dataFlags
}

// Help tells what the columns are.
func (walletEntriesCmd) Help() string {
	return `What each booking added to gift credit, bonus and cash, or took away.

Examples:

	scrip wallet entries c-1001
	scrip wallet entries c-1001 --limit 0 --json > journal.json`
}

// entryAnswer is one entry of the journal.
type entryAnswer struct {
	ID        string          `json:"id"`
	CreatedAt *string         `json:"created_at"`
	Kind      string          `json:"kind"`
	Currency  string          `json:"currency"`
	Postings  []postingAnswer `json:"postings"`
	Reference string          `json:"reference"`
}

type postingAnswer struct {
	Bucket string `json:"bucket"`
	Amount string `json:"amount"`
}

// Run lists the entries.
func (c *walletEntriesCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	most := c.Limit
	switch {
	case most < 0:
		return usageError("--limit takes 0 or more")
	case most == 0:
		most = math.MaxInt
	}
	items, err := sidecar.first(g.Ctx, walletPath(c.Customer)+"/entries", nil, most)
	if err != nil || c.JSON {
		return finishList(g, items, err)
	}
	entries, err := decodeItems[entryAnswer](items)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return say(g, "Nothing was ever booked in the wallet of %s.", clean(c.Customer))
	}
	t := table{titles: []string{"When", "What", ">Gift", ">Bonus", ">Cash", "", "Reference"}}
	for _, e := range entries {
		t.add(showTime(e.CreatedAt, "·"), e.Kind, e.in("gift"), e.in("bonus"), e.in("cash"), e.Currency, e.Reference)
	}
	return show(g, t)
}

// in is what an entry added to a bucket, signed; a dot where it left it alone.
func (e *entryAnswer) in(bucket string) string {
	for _, p := range e.Postings {
		switch {
		case p.Bucket != bucket || isZero(p.Amount):
		case strings.HasPrefix(p.Amount, "-"):
			return p.Amount
		default:
			return "+" + p.Amount
		}
	}
	return "·"
}
