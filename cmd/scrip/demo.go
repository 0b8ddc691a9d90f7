// scrip demo: a sidecar of its own in a temporary folder, the story of one order, then the customers and coupons that the
// example orders need and a short receipt of each. It needs nothing but this binary and leaves nothing behind.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// setupFile, beside the orders, says what the ledger must hold before they are priced.
const setupFile = "setup.json"

type demoCmd struct {
	Dir string `arg:"" optional:"" default:"deploy/examples" help:"Folder of order files, their setup.json and story/."`
}

// Help tells what happens.
func (demoCmd) Help() string {
	return `Starts a sidecar on free ports with a ledger in a temporary folder, sets up what setup.json describes,
tells what story/story.json asks of it, each request in a line, prices every order file in name order,
prints a short receipt of each, and stops the sidecar.

Examples:

	scrip demo
	scrip demo my-orders/`
}

// demoSetup is what setup.json holds.
type demoSetup struct {
	Stories       map[string]string `json:"stories"` // order file → what it shows
	Campaigns     []jsontext.Value  `json:"campaigns"`
	Registrations []string          `json:"registrations"`
	Coupons       []struct {
		CampaignID  string   `json:"campaign_id"`
		CustomerIDs []string `json:"customer_ids"`
	} `json:"coupons"`
	Blocklist []struct {
		CustomerID string `json:"customer_id"`
		Reason     string `json:"reason"`
	} `json:"blocklist"`
}

// Run is the demo from start to stop.
func (c *demoCmd) Run(g *globals) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return c.runWith(g, program)
}

// runWith is Run with any program that serves as scrip does.
func (c *demoCmd) runWith(g *globals, program string) (err error) {
	setup, orders, err := readExamples(c.Dir)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "scrip-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	running, err := startSidecar(g.Ctx, program, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.stop()) }()
	data, admin, err := running.clients()
	if err != nil {
		return err
	}
	if err := setup.apply(g.Ctx, data, admin); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(c.Dir, setupFile), err)
	}
	if err := c.tell(g, data, admin, folder); err != nil {
		return err
	}
	return c.price(g, data, setup, orders)
}

// tell tells the story, if there is one, and what the ledger's own checks find after it.
func (c *demoCmd) tell(g *globals, data, admin *client, folder string) error {
	story, err := readStory(c.Dir)
	if story == nil || err != nil {
		return err
	}
	text, err := story.tell(g, data, admin, folder)
	_, wrote := io.WriteString(g.Stdout, text+"\n")
	return errors.Join(err, wrote)
}

// readExamples reads the setup and names the orders, sorted.
func readExamples(dir string) (setup demoSetup, orders []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return setup, nil, err
	}
	orders = slices.DeleteFunc(files, func(file string) bool { return filepath.Base(file) == setupFile })
	if len(orders) == 0 {
		return setup, nil, fmt.Errorf("no order files in %s; name the folder that holds them: scrip demo DIR", dir)
	}
	slices.Sort(orders)
	body, err := os.ReadFile(filepath.Join(dir, setupFile))
	if errors.Is(err, os.ErrNotExist) {
		return setup, orders, nil
	}
	if err != nil {
		return setup, nil, err
	}
	if err := json.Unmarshal(body, &setup, json.RejectUnknownMembers(true)); err != nil {
		return setup, nil, fmt.Errorf("%s: %w", filepath.Join(dir, setupFile), err)
	}
	return setup, orders, nil
}

// apply brings the ledger into the state that the orders need.
func (s demoSetup) apply(ctx context.Context, data, admin *client) error {
	var steps []error
	do := func(c *client, method, path string, body any) {
		if errors.Join(steps...) != nil {
			return
		}
		text, err := json.Marshal(body)
		if err == nil {
			_, err = c.send(ctx, method, path, text)
		}
		if err != nil {
			steps = append(steps, fmt.Errorf("%s %s: %w", method, path, err))
		}
	}
	for _, campaign := range s.Campaigns {
		do(admin, http.MethodPost, campaignsPath, campaign)
	}
	for _, customer := range s.Registrations {
		do(data, http.MethodPost, "/v1/customers/"+segment(customer)+"/registrations", struct{}{})
	}
	for _, issue := range s.Coupons {
		do(admin, http.MethodPost, campaignsPath+"/"+segment(issue.CampaignID)+"/coupons",
			map[string][]string{"customer_ids": issue.CustomerIDs})
	}
	for _, entry := range s.Blocklist {
		do(admin, http.MethodPut, blocklistPath+"/"+segment(entry.CustomerID), map[string]string{"reason": entry.Reason})
	}
	return errors.Join(steps...)
}

// price quotes each order and prints its short receipt.
func (c *demoCmd) price(g *globals, data *client, setup demoSetup, orders []string) error {
	p := painterFor(g.Stdout)
	if err := say(g, "%s\n", p.bold("The example orders, in short")); err != nil {
		return err
	}
	for _, file := range orders {
		body, err := readInput(g, file)
		if err != nil {
			return err
		}
		_, quote, err := postQuote(g.Ctx, data, body)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name := filepath.Base(file)
		title := p.bold(clean(name))
		if story := setup.Stories[name]; story != "" {
			title += "  " + p.dim(clean(story))
		}
		r := receipt{quote: quote, order: readOrder(body), p: p}
		if _, err := io.WriteString(g.Stdout, title+"\n"+r.short()+"\n"); err != nil {
			return err
		}
	}
	return say(g, "%s priced. A whole receipt: %s", count(len(orders), "order"),
		p.bold("scrip serve")+" in one terminal, "+p.bold("scrip quote "+filepath.ToSlash(strings.TrimPrefix(orders[0], "./")))+" in another.")
}
