// scrip gift-card issue: one gift card, or a hundred thousand in requests that the sidecar takes, each of which can be
// repeated without issuing twice.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxCards        = 100_000 // of one command
	maxBatchCards   = 5_000   // of one request: half of what a sidecar takes, so that others do not wait long for the ledger
	maxCodesOnTable = 20      // more codes than that belong into a file
)

type giftCardIssueCmd struct {
	Amount   string `arg:"" help:"What each is worth, such as 50.00."`
	Currency string `arg:"" help:"Its currency, such as USD."`
	Customer string `placeholder:"CUSTOMER" help:"Whose they are: who lists them and sees their codes. Whoever has number and code redeems."`
	Expires  string `placeholder:"TIME|DATE" help:"When they end, RFC 3339 in UTC; of a date, its end."`
	Count    int    `default:"1" placeholder:"N" help:"How many, up to 100,000."`
	CSV      string `name:"csv" xor:"out" placeholder:"FILE" help:"Write them with their codes to a new file that only you can read; - for standard output."`
	JSON     bool   `name:"json" xor:"out" help:"Print them with their codes as JSON."`
	keyFlag
	adminFlags
}

// Help shows examples.
func (giftCardIssueCmd) Help() string {
	return `Codes are secrets, and this is the only time that those of cards without a customer are told. A few are printed; those
of a customer's cards are not: reveal them when they are asked for.

More than 5,000 go in several requests. A command that broke off tells its key: run it again with that within seven
days and it goes on where it stopped; the same cards come again, none is issued twice. A file appears when all is in it.

Examples:

	scrip gift-card issue 50.00 USD
	scrip gift-card issue 50.00 USD --customer c-1001 --expires 2027-12-31
	scrip gift-card issue 25.00 USD --count 100000 --csv cards.csv
	scrip gift-card issue 25.00 USD --count 500 --csv - | gpg -e -r printer@example.com > cards.csv.gpg`
}

// Run issues the cards.
func (c *giftCardIssueCmd) Run(g *globals) error {
	switch {
	case c.Count < 1 || c.Count > maxCards:
		return usageError(fmt.Sprintf("--count takes 1 to %d", maxCards))
	case c.Count > maxCodesOnTable && c.CSV == "" && !c.JSON:
		return usageError(fmt.Sprintf("where are the codes of %d cards to go? Give --csv FILE, or --json", c.Count))
	}
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	out, err := c.open(g)
	if err != nil {
		return err
	}
	cards, err := c.issue(g, sidecar, out)
	if err == nil {
		if err = c.report(g, cards, out); err != nil {
			err = c.broken(err, len(cards))
		}
	}
	return errors.Join(err, out.close())
}

// open makes the file that the cards go to; nil is none.
func (c *giftCardIssueCmd) open(g *globals) (*cardFile, error) {
	switch c.CSV {
	case "":
		return nil, nil
	case "-":
		return cardsTo(g.Stdout)
	}
	if err := leftOver(c.CSV, c.IdempotencyKey, time.Now()); err != nil {
		return nil, err
	}
	return createCardFile(c.CSV, c.key())
}

// issue sends the requests one after another and gives the cards as they came.
func (c *giftCardIssueCmd) issue(g *globals, sidecar *client, out *cardFile) ([]jsontext.Value, error) {
	progress := meter{w: g.Stderr, verb: "issued", total: c.Count, quiet: c.Count <= maxBatchCards}
	defer progress.end()
	var cards []jsontext.Value
	for i := 0; len(cards) < c.Count; i++ {
		n := min(maxBatchCards, c.Count-len(cards))
		made, err := c.issueBatch(g.Ctx, sidecar, n, c.keyOf(i))
		if nobody := (unsent{}); len(cards) == 0 && err != nil && (errors.As(err, &nobody) || !undecided(err)) {
			return nil, errors.Join(err, out.discard())
		}
		if err == nil {
			err = out.add(made)
		}
		if err != nil {
			return nil, c.broken(err, len(cards))
		}
		cards = append(cards, made...)
		progress.add(n)
	}
	return cards, nil
}

func (c *giftCardIssueCmd) issueBatch(ctx context.Context, sidecar *client, n int, key string) ([]jsontext.Value, error) {
	body, err := json.Marshal(struct {
		Amount     string `json:"amount"`
		Currency   string `json:"currency"`
		CustomerID string `json:"customer_id,omitzero"`
		ExpiresAt  string `json:"expires_at,omitzero"`
		Count      int    `json:"count"`
	}{c.Amount, c.Currency, c.Customer, c.Expires, n})
	if err != nil {
		return nil, err
	}
	var made struct {
		Items []jsontext.Value `json:"items"`
	}
	_, err = sidecar.call(ctx, http.MethodPost, giftCardsPath, body, &made, header{"Idempotency-Key", key})
	if err == nil && len(made.Items) != n {
		err = fmt.Errorf("%s was asked for %d gift cards and answered with %d", sidecar.name, n, len(made.Items))
	}
	return made.Items, err
}

// broken says how far it came and how to go on.
func (c *giftCardIssueCmd) broken(err error, done int) error {
	return unfinished{err, fmt.Sprintf("%d of %d gift cards have come. Run the same command again with --idempotency-key %s:\n"+
		"  it goes on where it stopped; those that were issued come again, none is issued twice", done, c.Count, clean(c.key()))}
}

// report prints the cards, or says where they are.
func (c *giftCardIssueCmd) report(g *globals, cards []jsontext.Value, out *cardFile) error {
	switch {
	case out != nil:
		if err := out.publish(); err != nil || c.CSV == "-" {
			return err
		}
		return say(g, "Issued %s of %s %s into %s, with their codes: keep it to yourself.", count(len(cards), "gift card"), clean(c.Amount), clean(c.Currency), clean(c.CSV))
	case c.JSON:
		body, err := json.Marshal(map[string][]jsontext.Value{"items": cards})
		if err != nil {
			return err
		}
		return printRaw(g, body)
	}
	decoded, err := decodeItems[cardAnswer](cards)
	if err != nil {
		return err
	}
	if c.Customer == "" {
		return show(g, codeTable(decoded))
	}
	if err := show(g, cardTable(decoded)); err != nil {
		return err
	}
	return say(g, "\nTheir codes: scrip gift-card reveal %s GIFT-CARD", clean(c.Customer))
}

// codeTable lists cards that nobody is shown again, with their codes.
func codeTable(cards []cardAnswer) table {
	t := table{titles: []string{"Gift card", "Number", "Code", ">Amount", "Expires"}}
	for _, c := range cards {
		t.add(c.ID, c.Number, c.Code, c.Amount+" "+c.Currency, showTime(c.ExpiresAt, "never")).cells[2].ink = bold
	}
	return t
}
