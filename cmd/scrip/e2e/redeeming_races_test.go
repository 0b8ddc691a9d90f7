// Two sidecars on one SQLite file race for the same coupons and the same orders: each has exactly one winner, and the
// losers are told why by the contract's code (Contract §2, §6).
package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"scrip/engine/prove"
)

// pair is two sidecars on one ledger file with one key.
type pair [2]*sidecar

func startPair(t *testing.T, opts ...option) pair {
	t.Helper()
	a := start(t, opts...)
	return pair{a, start(t, append(opts, withData(a.dir))...)}
}

// rush sends all calls at once, the i-th to the i-th sidecar in turn.
func (p pair) rush(t *testing.T, calls []call) []answer {
	t.Helper()
	return fleet(p[:]).rush(t, calls)
}

// oneWinner expects one 201 among the answers, and of all others 409 with the code.
func oneWinner(t *testing.T, answers []answer, code string) (winner redemption) {
	t.Helper()
	won := 0
	for _, a := range answers {
		if a.status != http.StatusCreated {
			a.refusal(t, http.StatusConflict, code)
			continue
		}
		won++
		if err := json.Unmarshal(a.body, &winner); err != nil {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d have won", won, len(answers))
	}
	return winner
}

func TestTwoSidecarsReserveACouponOnce(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	campaign := p[0].campaign(t, half)
	for i := range prove.Count(6, 1_000) {
		customer := unique("c")
		c := p[0].issue(t, campaign, customer)
		var calls []call
		for k := range 8 { // as many orders want the one coupon
			q := p[k%2].quote(t, ordered(t, customer))
			if q.chosen() != c.ID {
				t.Fatalf("sidecar %d does not know the coupon: %+v", k%2, q.Selection)
			}
			calls = append(calls, reserveCall(q.ID, ""))
		}
		winner := oneWinner(t, p.rush(t, calls), "coupon.unavailable")
		last := p[(i+1)%2]
		if got := last.redeemed(t, winner.ID); got.Status != "reserved" || last.couponStatus(t, c.ID) != "reserved" {
			t.Errorf("the other sidecar tells %+v", got)
		}
		p.settle(t, c, winner)
	}
}

// settle confirms with one and releases with the other at once: one of the two happens, and both tell the same.
func (p pair) settle(t *testing.T, c coupon, r redemption) {
	t.Helper()
	a := p.rush(t, []call{stepCall(r.ID, "confirm", ""), stepCall(r.ID, "release", ""), stepCall(r.ID, "confirm", ""), stepCall(r.ID, "release", "")})
	status := p[0].redeemed(t, r.ID).Status
	ends := map[string]string{"confirmed": "used", "released": "available"}
	for i, verb := range []string{"confirm", "release", "confirm", "release"} {
		if wanted := verb == "confirm" == (status == "confirmed"); wanted {
			a[i].want(t, http.StatusOK)
		} else {
			a[i].refusal(t, http.StatusConflict, "redemption."+status)
		}
	}
	for _, s := range p {
		if got := s.redeemed(t, r.ID).Status; got != status || s.couponStatus(t, c.ID) != ends[status] {
			t.Errorf("%s, the coupon %s; want %s", got, s.couponStatus(t, c.ID), status)
		}
	}
}

func TestTwoSidecarsRedeemAnOrderOnce(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	for range prove.Count(6, 1_000) {
		order := unique("O")
		var calls []call
		for k := range 8 { // customers without a coupon, all with the order's id
			q := p[k%2].quote(t, orderOf(t, unique("c"), `"O-1"`, quoted(order)))
			calls = append(calls, reserveCall(q.ID, ""))
		}
		winner := oneWinner(t, p.rush(t, calls), "order.already_redeemed")
		for _, s := range p {
			listed := collect[redemption](t, redemptionsPath+"?order_id="+order, func(path string) answer { return s.get(t, path) })
			if len(listed) != 1 || listed[0].ID != winner.ID {
				t.Errorf("%+v", listed)
			}
		}
	}
}

// A key is global: under it only one of two sidecars books, and both tell the same answer.
func TestTwoSidecarsReplayOneAnswer(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	for range prove.Count(5, 500) {
		r := p[0].paid(t, ordered(t, unique("c")))
		refunding := refundCall(r.ID, unique("key"))
		var body string
		for _, a := range p.rush(t, []call{refunding, refunding, refunding, refunding}) {
			if a.status == http.StatusConflict {
				a.refusal(t, http.StatusConflict, "idempotency.in_flight")
				continue
			}
			if a.want(t, http.StatusCreated); body != "" && body != string(a.body) {
				t.Errorf("two answers:\n%s\n%s", body, a.body)
			}
			body = string(a.body)
		}
		if got := p[1].redeemed(t, r.ID); got.Lines[0].Refunded != "10.00" {
			t.Errorf("refunded %s", got.Lines[0].Refunded)
		}
	}
}

// What one sidecar reserves, the other's quotes do not offer for long.
func TestTheOtherSidecarsQuotesLearnOfAReservation(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	customer := unique("c")
	c := p[0].give(t, customer, half)
	body := ordered(t, customer)
	offers := func(s *sidecar) string { return fmt.Sprint(s.quote(t, body).chosen()) }
	if offers(p[1]) != c.ID {
		t.Fatal("the coupon is not offered")
	}
	r := p[0].reserve(t, p[0].quote(t, ordered(t, customer)))
	eventually(t, "the other stops offering it", func() bool { return offers(p[1]) == "" })
	p[0].becomes(t, r.ID, "release", "released")
	eventually(t, "the other offers it again", func() bool { return offers(p[1]) == c.ID })
}
