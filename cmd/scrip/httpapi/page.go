package httpapi

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// Bounds of ?limit= (Contract §3).
const (
	defaultLimit = 50
	maxLimit     = 500
)

// page is the part of a list that a client asks for.
type page ledger.Page

// withOneMore asks for one row more than the client wants, which tells whether
// there is a next page.
func (p page) withOneMore() ledger.Page {
	p.Limit++
	return ledger.Page(p)
}

// page reads limit and cursor; filters are the other parameters this list
// takes. A parameter that is unknown, repeated or wrong is refused.
func (c *call) page(filters ...string) (page, error) {
	query, err := url.ParseQuery(c.gin.Request.URL.RawQuery)
	var f []refusal.Fault
	if err != nil {
		f = append(f, refusal.Fault{Parameter: "query", Detail: "is not a well-formed query"})
	}
	for name, values := range query {
		switch {
		case name != "limit" && name != "cursor" && !slices.Contains(filters, name):
			f = append(f, refusal.Fault{Parameter: name, Detail: "is not a parameter of this list"})
		case len(values) > 1:
			f = append(f, refusal.Fault{Parameter: name, Detail: "is given more than once"})
		}
	}
	p := page{Limit: defaultLimit}
	if query.Has("limit") {
		given := query.Get("limit")
		if p.Limit, err = strconv.Atoi(given); err != nil || p.Limit < 1 || p.Limit > maxLimit || strconv.Itoa(p.Limit) != given {
			f = append(f, refusal.Fault{Parameter: "limit", Detail: "must be a whole number from 1 to 500"})
		}
	}
	if query.Has("cursor") {
		var ok bool
		if p.After, ok = parseCursor(query.Get("cursor")); !ok {
			f = append(f, refusal.Fault{Parameter: "cursor", Detail: "is not a cursor that a list gave"})
		}
	}
	if len(f) > 0 {
		return page{}, refusal.InvalidRequest(f...)
	}
	return p, nil
}

// listOut is a page of a list.
type listOut[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// reply answers a page of rows, which may be one more than were asked for.
func reply[Row, Out any](c *call, p page, rows []Row, show func(Row) Out, position func(Row) ledger.Position) error {
	out := listOut[Out]{Items: make([]Out, 0, len(rows))}
	if len(rows) > p.Limit {
		rows = rows[:p.Limit]
		cursor := formatCursor(position(rows[p.Limit-1]))
		out.NextCursor = &cursor
	}
	for _, row := range rows {
		out.Items = append(out.Items, show(row))
	}
	return c.reply(http.StatusOK, out)
}

func formatCursor(at ledger.Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.CreatedAt.UnixMicro(), 10) + " " + at.ID))
}

func parseCursor(cursor string) (ledger.Position, bool) {
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	micros, id, ok := strings.Cut(string(plain), " ")
	at, atErr := strconv.ParseInt(micros, 10, 64)
	if err != nil || atErr != nil || !ok || checkID(id) != nil {
		return ledger.Position{}, false
	}
	return ledger.Position{CreatedAt: time.UnixMicro(at).UTC(), ID: id}, true
}
