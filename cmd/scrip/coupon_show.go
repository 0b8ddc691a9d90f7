// scrip coupon show and events: one coupon, and its life as the ledger keeps it: what happened, when, who asked, and
// under which request the sidecar's log tells more.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

type couponShowCmd struct {
	ID   string `arg:"" name:"coupon" help:"The coupon's id."`
	JSON bool   `name:"json" help:"Print the coupon as it came, without its life."`
	dataFlags
	adminFlags
}

// Help shows examples.
func (couponShowCmd) Help() string {
	return `The coupon is the data listener's answer, its life the admin listener's. Where the latter cannot be asked, the
coupon is shown alone, and why is said on standard error.

Examples:

	scrip coupon show cpn_01…
	scrip coupon show cpn_01… --json
	scrip coupon events cpn_01… --json`
}

// Run shows one coupon and its life.
func (c *couponShowCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	if err := oneCoupon(g, sidecar, c.JSON, http.MethodGet, "/v1/coupons/"+segment(c.ID)); err != nil || c.JSON {
		return err
	}
	events, err := couponEvents(g, c.adminFlags, c.ID)
	if errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		_, err = fmt.Fprintf(g.Stderr, "scrip: its life is not shown: %s\n", first)
		return err
	}
	life, err := lifeTable(events)
	if err != nil {
		return err
	}
	_, err = io.WriteString(g.Stdout, "\n"+life.render(painterFor(g.Stdout)))
	return err
}

type couponEventsCmd struct {
	ID   string `arg:"" name:"coupon" help:"The coupon's id."`
	JSON bool   `name:"json" help:"Print all pages as one list."`
	adminFlags
}

// Run lists the coupon's events.
func (c *couponEventsCmd) Run(g *globals) error {
	events, err := couponEvents(g, c.adminFlags, c.ID)
	if err != nil || c.JSON {
		return finishList(g, events, err)
	}
	life, err := lifeTable(events)
	if err != nil {
		return err
	}
	return show(g, life)
}

// couponEvents reads a coupon's life, oldest first.
func couponEvents(g *globals, flags adminFlags, id string) ([]jsontext.Value, error) {
	sidecar, err := flags.admin()
	if err != nil {
		return nil, err
	}
	return sidecar.list(g.Ctx, "/admin/v1/coupons/"+segment(id)+"/events", nil)
}

// eventAnswer is one change in a coupon's life.
type eventAnswer struct {
	CreatedAt    *string `json:"created_at"`
	Kind         string  `json:"kind"`
	RedemptionID *string `json:"redemption_id"`
	By           string  `json:"by"`
	RequestID    string  `json:"request_id"`
	Detail       string  `json:"detail"`
}

// lifeTable is one event a line.
func lifeTable(items []jsontext.Value) (table, error) {
	t := table{titles: []string{"When", "What", "By", "Redemption", "Request", "Detail"}}
	events, err := decodeItems[eventAnswer](items)
	for _, e := range events {
		request := e.RequestID
		if request == "" {
			request = "·"
		}
		t.add(showTime(e.CreatedAt, "·"), e.Kind, e.By, orDot(e.RedemptionID), request, e.Detail)
	}
	return t, err
}
