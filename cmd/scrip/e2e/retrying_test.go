// Clients that retry over lines that break: whatever breaks where, each request is booked once, and everybody who asks
// again hears the same (Contract §3). On Postgres the line from the sidecar to its ledger breaks too.
package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/prove"
)

// ledgers are where two sidecars that share a ledger may have it. The first one's line to it can be made shaky, where
// there is one; verify are the flags that name the ledger on the command line.
var ledgers = map[string]func(*testing.T, ...option) (p pair, shake func(), verify []string){
	"SQLite": func(t *testing.T, opts ...option) (p pair, shake func(), verify []string) {
		p = startPair(t, opts...)
		return p, func() {}, []string{"--data", p[0].dir}
	},
	"Postgres": func(t *testing.T, opts ...option) (p pair, shake func(), verify []string) {
		database := pgtest.Database(t)
		through, shake := shakyLine(t, database)
		p[0] = start(t, append(opts, withFlag("ledger", through))...)
		p[1] = start(t, append(opts, withFlag("ledger", database), withEnv("SCRIP_KEY_FILE="+filepath.Join(p[0].dir, "key")))...)
		return p, shake, []string{"--ledger", database}
	},
}

func TestRetriedRequestsAreBookedOnce(t *testing.T) {
	t.Parallel()
	for name, open := range ledgers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, shake, verify := open(t)
			shake()
			seen, goal := new(tally), int64(prove.Count(100, 10_000))
			var clients sync.WaitGroup
			for range 4 {
				clients.Go(func() {
					for c := newInsister(t, p[0], p[1], seen); seen.retried.Load() < goal && !t.Failed(); {
						c.story()
					}
				})
			}
			clients.Wait()
			if out, err := p[1].cli(append([]string{"ledger", "verify"}, verify...)...); err != nil {
				t.Errorf("scrip ledger verify: %v: %s", err, out)
			}
			t.Log(seen)
			if name == "Postgres" {
				t.Log(brokeToPostgres())
			}
		})
	}
}

// story asks for everything that can be booked, and holds the books of the other sidecar against what was answered.
func (c *insister) story() {
	c.done = nil
	campaign, customer, order := unique("camp"), unique("c"), unique("O")
	many := []string{unique("c"), unique("c"), unique("c")}
	c.book("campaign", call{path: campaignsPath, body: campaignBody(campaign, plenty), admin: true}, http.StatusCreated)
	welcome := couponsOf(c, c.book("registration", call{path: "/v1/customers/" + customer + "/registrations", body: "{}"}, http.StatusCreated))
	issued := couponsOf(c, c.book("issue", issueCall(campaign, customer, ""), http.StatusCreated))
	batch := couponsOf(c, c.book("issue to many", call{path: issuePath(campaign), admin: true,
		body: fmt.Sprintf(`{"customer_ids":[%q,%q,%q]}`, many[0], many[1], many[2])}, http.StatusCreated))
	c.book("pause", call{path: campaignsPath + "/" + campaign + "/pause", admin: true}, http.StatusOK)
	c.book("resume", call{path: campaignsPath + "/" + campaign + "/resume", admin: true}, http.StatusOK)
	first := c.reserve(customer, order, issued[0])
	c.book("release", stepCall(first, "release", ""), http.StatusOK)
	second := c.reserve(customer, order, issued[0])
	c.book("confirm", stepCall(second, "confirm", ""), http.StatusOK)
	var refunds []string
	for what, body := range map[string]string{"refund of a unit": units("A", 1), "refund of an amount": amountOf("A", "1.50"), "refund of a charge": chargeOf("shipping", "0.99")} {
		var f refund
		c.book(what, call{path: redemptionPath(second) + "/refunds", body: body}, http.StatusCreated).into(c, &f)
		refunds = append(refunds, f.ID)
	}
	c.book("revocation", call{path: "/admin/v1/coupons/" + batch[0] + "/revoke", admin: true}, http.StatusOK)
	c.block(customer)
	money := c.moneyStory()
	c.repeat()
	money()
	c.finds("coupons", ids(c.beside.held(c, customer, "")), append(welcome, issued...))
	for i, one := range many {
		c.finds("coupons of many", ids(c.beside.held(c, one, "")), batch[i:i+1])
	}
	c.finds("redemptions", c.listed(redemptionsPath+"?order_id="+order), []string{first, second})
	c.finds("refunds", c.listed(redemptionPath(second)+"/refunds?"), refunds)
	c.findsSettled(campaign, second)
	c.finds("events of the used coupon", c.kinds(issued[0]), []string{"coupon.issued", "redemption.reserved", "redemption.released",
		"redemption.reserved", "redemption.confirmed", "redemption.refunded", "redemption.refunded", "redemption.refunded"})
	c.finds("events of the revoked coupon", c.kinds(batch[0]), []string{"coupon.issued", "coupon.revoked"})
	c.booked.Add(int64(len(c.done)))
}

// reserve quotes the order until the coupon is offered, and books the quote. The sidecar may have lost the answer to
// its own COMMIT, and hear of the coupon as late as of another sidecar's.
func (c *insister) reserve(customer, order, coupon string) string {
	body := orderOf(c, customer, `"O-1"`, quoted(order))
	var q quote
	eventually(c, "coupon "+coupon+" is offered", func() bool {
		q = quote{}
		c.insist("quote", call{path: "/v1/quotes", body: body}, http.StatusCreated).into(c, &q)
		return q.chosen() == coupon
	})
	return c.book("reservation", reserveCall(q.ID, ""), http.StatusCreated).redemption(c).ID
}

// block has no key and needs none: it answers the same however often it is asked.
func (c *insister) block(customer string) {
	blocking := call{method: http.MethodPut, path: blockPath(customer), body: `{"reason":"fraud"}`, admin: true}
	first := c.insist("block", blocking, http.StatusOK)
	if again := c.beside.do(c, blocking); string(again.body) != string(first.body) {
		c.Errorf("blocked twice:\n%s\n%s", first.body, again.body)
	}
}

// finds expects the same things, each once, in any order.
func (c *insister) finds(what string, got, want []string) {
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		c.Fatalf("%s: the books have %v, answered were %v", what, got, want)
	}
}

// findsSettled expects the campaign and the redemption to be where the story left them.
func (c *insister) findsSettled(campaign, redemption string) {
	var got struct {
		Status string
		Issued int
	}
	c.beside.admin(c, http.MethodGet, campaignsPath+"/"+campaign, "").want(c, http.StatusOK).into(c, &got)
	r := c.beside.redeemed(c, redemption)
	c.finds("the campaign and the redemption", []string{got.Status, strconv.Itoa(got.Issued), r.Status, r.Lines[0].Refunded, r.Charges[0].Refunded},
		[]string{"active", "4", "confirmed", "6.50", "0.99"})
}

// listed are the ids of a list.
func (c *insister) listed(path string) (ids []string) {
	type item struct{ ID string }
	for _, i := range collect[item](c, path, func(path string) answer { return c.beside.get(c, path) }) {
		ids = append(ids, i.ID)
	}
	return ids
}

func (c *insister) kinds(coupon string) (kinds []string) {
	for _, e := range c.beside.life(c, coupon, "") {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// couponsOf are the ids of the coupons that an answer gives.
func couponsOf(c *insister, a answer) []string {
	var out struct{ Coupons []coupon }
	a.into(c, &out)
	return ids(out.Coupons)
}
