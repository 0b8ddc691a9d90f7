// The forms in which what was said and what was expected are compared. What
// nobody promises, such as the words of a message, is left out.
package machine

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// read decodes strictly what a sidecar said.
func read[T any](body string) (v T, err error) {
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	err = d.Decode(&v)
	return v, err
}

// write is what two equal things have in common.
func write(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // of the tests' own types
	}
	return b.String()
}

// codes are reasons without their words, in no order.
func codes(reasons []reason) []reason {
	list := make([]reason, 0, len(reasons))
	for _, r := range reasons {
		list = append(list, reason{Code: r.Code})
	}
	slices.SortFunc(list, func(a, b reason) int { return strings.Compare(a.Code, b.Code) })
	return list
}

// plain leaves out of a quote what nobody promises.
func (q quoteBody) plain() quoteBody {
	q.Denials = codes(q.Denials)
	for s := range q.SubOrders {
		for l := range q.SubOrders[s].Lines {
			q.SubOrders[s].Lines[l].Exclusions = codes(q.SubOrders[s].Lines[l].Exclusions)
		}
	}
	for i := range q.Coupons {
		q.Coupons[i].Reasons = codes(q.Coupons[i].Reasons)
	}
	return q
}

// optional is nil for "".
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// stamp writes an instant, nil for none.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return optional(t.UTC().Format(time.RFC3339Nano))
}
