// Twins in flight, at one sidecar and at two that share a ledger: one of them books, the others hear the same or that it
// is under way (Contract §3).
package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"scrip/cache/redistest"
	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/prove"
)

// twins sends the call eight times at once, to both sidecars, and gives the one answer.
func (p pair) twins(t *testing.T, c call, status int) (first answer) {
	t.Helper()
	c.key = unique("key")
	fresh := 0
	for _, a := range p.rush(t, slices.Repeat([]call{c}, 8)) {
		if a.status == http.StatusConflict {
			a.refusal(t, http.StatusConflict, "idempotency.in_flight")
			continue
		}
		if a.want(t, status); first.body == nil {
			first = a
		}
		if !bytes.Equal(a.body, first.body) {
			t.Errorf("%s: two answers:\n%s\n%s", c.path, first.body, a.body)
		}
		if a.header.Get(replayed) == "" {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%s: %d first answers", c.path, fresh)
	}
	for _, s := range p {
		s.replays(t, c, first)
	}
	return first
}

// onEachLedger runs the test with two sidecars that share a ledger and their quotes.
func onEachLedger(t *testing.T, test func(*testing.T, pair)) {
	t.Parallel()
	for name, open := range ledgers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _, _ := open(t, withFlag("cache", "redis://"+redistest.Start(t).Addr))
			test(t, p)
		})
	}
}

func TestTwinsInFlightAreBookedOnce(t *testing.T) {
	onEachLedger(t, func(t *testing.T, p pair) {
		for range prove.Count(1, 100) {
			p.twinStory(t)
		}
	})
}

func (p pair) twinStory(t *testing.T) {
	t.Helper()
	campaign, customer, order := unique("camp"), unique("c"), unique("O")
	p.twins(t, call{path: campaignsPath, body: campaignBody(campaign, plenty), admin: true}, http.StatusCreated)
	p.twins(t, call{path: "/v1/customers/" + customer + "/registrations", body: "{}"}, http.StatusCreated)
	p.twins(t, issueCall(campaign, customer, ""), http.StatusCreated)
	p.twins(t, call{path: issuePath(campaign), body: fmt.Sprintf(`{"customer_ids":[%q,%q]}`, unique("c"), unique("c")), admin: true}, http.StatusCreated)
	p.twins(t, call{path: campaignsPath + "/" + campaign + "/pause", admin: true}, http.StatusOK)
	p.twins(t, call{path: campaignsPath + "/" + campaign + "/resume", admin: true}, http.StatusOK)
	released := p.twins(t, p.reservation(t, customer, order), http.StatusCreated).redemption(t)
	p.twins(t, stepCall(released.ID, "release", ""), http.StatusOK)
	kept := p.twins(t, p.reservation(t, customer, order), http.StatusCreated).redemption(t)
	p.twins(t, stepCall(kept.ID, "confirm", ""), http.StatusOK)
	p.twins(t, refundCall(kept.ID, ""), http.StatusCreated)
	p.twins(t, refundCall(kept.ID, ""), http.StatusCreated)
	p.twinMoney(t)
	p.twins(t, call{path: "/admin/v1/coupons/" + p[0].held(t, customer, "status=available")[0].ID + "/revoke", admin: true}, http.StatusOK)
	for _, s := range p {
		if held := s.held(t, customer, ""); len(held) != 2 || len(s.held(t, customer, "status=used")) != 1 || len(s.held(t, customer, "status=revoked")) != 1 {
			t.Errorf("%+v", held)
		}
		if r := s.redeemed(t, kept.ID); r.Status != "confirmed" || r.Lines[0].Refunded != "10.00" {
			t.Errorf("%+v", r)
		}
		if kinds := (&insister{TB: t, beside: s}).kinds(*kept.CouponID); len(kinds) != 7 {
			t.Errorf("the coupon's life: %v", kinds)
		}
	}
}

// reservation is of a quote with a coupon, which both sidecars know.
func (p pair) reservation(t *testing.T, customer, order string) call {
	t.Helper()
	var q quote
	eventually(t, "both know one quote with a coupon", func() bool {
		q = p[0].quote(t, orderOf(t, customer, `"O-1"`, quoted(order)))
		return q.Totals.CouponDiscount == "10.00" && p[1].get(t, "/v1/quotes/"+q.ID).status == http.StatusOK
	})
	return reserveCall(q.ID, "")
}

// Under one key with different bodies one of those who come at once books; no other ever does.
func TestRivalsInFlightAreBookedOnce(t *testing.T) {
	onEachLedger(t, func(t *testing.T, p pair) {
		campaign := p[0].campaign(t, plenty)
		for range prove.Count(3, 300) {
			customers, calls, key, won := make([]string, 8), make([]call, 8), unique("key"), 0
			for i := range customers {
				customers[i] = unique("c")
				calls[i] = issueCall(campaign, customers[i], key)
			}
			answers := p.rush(t, calls)
			for i, a := range answers {
				booked := len(p[i%2].held(t, customers[i], ""))
				switch {
				case a.status == http.StatusCreated && booked == 1:
					won++
					p[(i+1)%2].replays(t, calls[i], a)
				case booked > 0:
					t.Errorf("%d coupons, and the answer is %d", booked, a.status)
				case a.status == http.StatusConflict:
					a.refusal(t, http.StatusConflict, "idempotency.in_flight")
				default:
					a.refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
				}
			}
			if won != 1 {
				t.Errorf("%d rivals have booked", won)
			}
		}
	})
}

// Twins that are refused, and a success that writes nothing, leave the key free, even for another request.
func TestRefusedTwinsLeaveTheKeyFree(t *testing.T) {
	onEachLedger(t, func(t *testing.T, p pair) {
		campaign, customer := p[0].campaign(t, plenty), unique("c")
		pause := func(verb string) {
			p[0].admin(t, http.MethodPost, campaignsPath+"/"+campaign+"/"+verb, "").want(t, http.StatusOK)
		}
		for range prove.Count(2, 200) {
			c := issueCall(campaign, customer, unique("key"))
			pause("pause")
			for _, a := range p.rush(t, slices.Repeat([]call{c}, 8)) {
				if a.code() != "idempotency.in_flight" {
					a.refusal(t, http.StatusConflict, "campaign.paused")
				}
			}
			pause("resume")
			resumed := call{path: campaignsPath + "/" + campaign + "/resume", admin: true, key: c.key}
			p[0].first(t, resumed, http.StatusOK)
			p[1].first(t, resumed, http.StatusOK)
			c.body = strings.Replace(c.body, ":", ": ", 1)
			p[1].replays(t, c, p[0].first(t, c, http.StatusCreated))
		}
		if held := p[1].held(t, customer, ""); len(held) != prove.Count(2, 200) {
			t.Errorf("%d coupons", len(held))
		}
	})
}

// Whoever comes with the key of a request that does not end is told so, and booked when the key is free.
func TestAKeyThatIsLongInFlight(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	s := start(t, withFlag("ledger", database+"&lock_timeout=100"))
	customer, key := unique("c"), unique("key")
	c := issueCall(s.campaign(t, plenty), customer, key)
	first, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(t.Context())
	s.do(t, issueCall(s.campaign(t, plenty), unique("c"), key)).want(t, http.StatusCreated) // tells how the ledger keeps the key
	var kept []byte
	if err := first.QueryRow(t.Context(), `DELETE FROM replies RETURNING idempotency_key`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	tx, err := first.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `INSERT INTO replies (idempotency_key, fingerprint, response, created_at) VALUES ($1, '', '', 0)`, kept); err != nil {
		t.Fatal(err)
	}
	other := c
	other.body = `{"customer_id":` + quoted(unique("c")) + `}`
	for _, twin := range []call{c, other} {
		s.do(t, twin).refusal(t, http.StatusConflict, "idempotency.in_flight")
	}
	s.get(t, "/readyz").want(t, http.StatusOK)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.replays(t, c, s.first(t, c, http.StatusCreated))
	s.do(t, other).refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
	if held := s.held(t, customer, ""); len(held) != 1 {
		t.Errorf("%d coupons", len(held))
	}
}
