// scrip quote: an order file goes to the sidecar, a receipt comes back.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxRequestBytes is what the sidecar takes in one body (Contract §3).
const maxRequestBytes = 1 << 20

type quoteCmd struct {
	File   string `arg:"" placeholder:"FILE" help:"Order file in JSON, as POST /v1/quotes takes it; - for standard input."`
	Select string `placeholder:"best|none|COUPON" help:"Which coupon to use, whatever the file says."`
	Short  bool   `help:"Print the receipt in a few lines."`
	JSON   bool   `name:"json" xor:"form" help:"Print the answer as it came."`
	dataFlags
}

// Help shows examples.
func (quoteCmd) Help() string {
	return `Examples:

	scrip quote order.json                     # the best coupon is chosen
	scrip quote order.json --select none       # the price without one
	scrip quote order.json --select cpn_01…    # the customer's own choice
	jq .order_request cart.json | scrip quote -
	scrip quote order.json --json | jq .totals`
}

// Run quotes the file and prints the receipt.
func (c *quoteCmd) Run(g *globals) error {
	body, err := readInput(g, c.File)
	if err != nil {
		return err
	}
	if c.Select != "" {
		if body, err = withSelect(body, c.Select); err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
	}
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	got, quote, err := postQuote(g.Ctx, sidecar, body)
	if err != nil {
		return err
	}
	if c.JSON {
		return printRaw(g, got.body)
	}
	r := receipt{quote: quote, order: readOrder(body), p: painterFor(g.Stdout)}
	text := r.full()
	if c.Short {
		text = r.short()
	}
	_, err = io.WriteString(g.Stdout, text)
	return err
}

// postQuote asks for a quote of the order file's bytes.
func postQuote(ctx context.Context, sidecar *client, body []byte) (answer, *quoteAnswer, error) {
	quote := &quoteAnswer{}
	got, err := sidecar.call(ctx, http.MethodPost, "/v1/quotes", body, quote)
	return got, quote, err
}

// readInput reads a file, or standard input for "-"; one that no sidecar would take is refused here.
func readInput(g *globals, name string) ([]byte, error) {
	from := g.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	body, err := io.ReadAll(io.LimitReader(from, maxRequestBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxRequestBytes:
		return nil, fmt.Errorf("%s: larger than the 1 MiB that a request may have", name)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, fmt.Errorf("%s: nothing in it", name)
	}
	return body, nil
}

// withSelect sets the top-level member "select" and leaves every other byte of the values as it is: numbers keep their
// text, and what is wrong stays wrong for the sidecar to name.
func withSelect(body []byte, choice string) ([]byte, error) {
	var out bytes.Buffer
	in := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	to := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	if start, err := in.ReadToken(); err != nil || start.Kind() != '{' {
		return nil, errors.Join(errors.New("not a JSON object, so --select has no place to go"), err)
	}
	write := []error{to.WriteToken(jsontext.BeginObject)}
	for in.PeekKind() != '}' {
		name, err := in.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		value, err := in.ReadValue()
		if err != nil {
			return nil, err
		}
		if key != "select" {
			write = append(write, to.WriteToken(jsontext.String(key)), to.WriteValue(value))
		}
	}
	write = append(write, to.WriteToken(jsontext.String("select")), to.WriteToken(jsontext.String(choice)),
		to.WriteToken(jsontext.EndObject))
	if _, err := in.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return out.Bytes(), errors.Join(write...)
}

// printRaw prints JSON as it came, ended with one newline.
func printRaw(g *globals, body []byte) error {
	_, err := fmt.Fprintf(g.Stdout, "%s\n", bytes.TrimRight(body, "\n"))
	return err
}

// printItems prints the items of all pages as one list of the shape that pages have.
func printItems(g *globals, items []jsontext.Value) error {
	if items == nil {
		items = []jsontext.Value{}
	}
	body, err := json.Marshal(struct {
		Items      []jsontext.Value `json:"items"`
		NextCursor *string          `json:"next_cursor"`
	}{Items: items})
	if err != nil {
		return err
	}
	return printRaw(g, body)
}

// decodeItems reads the items of a list as T.
func decodeItems[T any](items []jsontext.Value) ([]T, error) {
	decoded := make([]T, len(items))
	for i, item := range items {
		if err := json.Unmarshal(item, &decoded[i]); err != nil {
			return nil, fmt.Errorf("cannot understand item %d of the list: %w", i+1, err)
		}
	}
	return decoded, nil
}
