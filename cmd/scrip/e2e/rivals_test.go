// 64 clients over three sidecars that share one ledger fight over the same coupons and the same orders, on both stores
// with the same code (Contract §2, §6): whatever they do, their answers are those of one ledger bid in some order.
package e2e

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"scrip/cache/redistest"
	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/prove"
)

const clients = 64

func TestRivalsOnOneSQLiteFile(t *testing.T) { rivalry(t) }

func TestRivalsOnOnePostgres(t *testing.T) { rivalry(t, withFlag("ledger", pgtest.Database(t))) }

// rivalry starts three sidecars on one ledger, one key and one Redis, and lets the clients loose on them twice.
func rivalry(t *testing.T, ledger ...option) {
	t.Parallel()
	opts := append(ledger, withFlag("cache", "redis://"+redistest.Start(t).Addr), withFlag("quote-ttl", "3h"), withFlag("hold-ttl", "3h"))
	fleet := startFleet(t, opts...)
	t.Run("who all reserve", func(t *testing.T) {
		for _, c := range contend(t, fleet, everybodyReserves) {
			c.eachIsWonOnce(t)
		}
	})
	t.Run("who reserve, confirm and release", func(t *testing.T) {
		for _, c := range contend(t, fleet, everybodyChanges) {
			c.eachIsListed(t, fleet[0])
		}
	})
	fleet.sound(t, opts)
}

// contend makes contests over coupons and has all clients fight them out.
func contend(t *testing.T, fleet []*sidecar, tactics tactics[*contest]) []*contest {
	t.Helper()
	n := prove.Count(20, 1_000) / len(contest{}.coupons)
	contests := newContests(t, fleet, n)
	fight(t, &race[*contest]{fleet: fleet, tactics: tactics, quarrels: contests, each: prove.Count(300, 100_000) / n}, rivals)
	return contests
}

// fight has the clients fight, and looks in each quarrel for an order of the requests that explains all answers.
func fight[Q quarrel](t *testing.T, r *race[Q], model porcupine.Model) {
	t.Helper()
	r.run(t)
	began := time.Now()
	unanswered := 0
	for _, q := range r.quarrels {
		history := q.record().history
		if err := historyFault(model, history); err != nil {
			t.Errorf("%+v: %v", q, err)
			break // one is enough to read
		}
		for _, o := range history {
			if status, _ := o.Output.(outcome).said(); status == http.StatusServiceUnavailable {
				unanswered++
			}
		}
	}
	t.Logf("the histories were checked in %.1f s", time.Since(began).Seconds())
	if most := len(r.quarrels) * r.each / 1_000; unanswered > most {
		t.Errorf("%d requests were answered 503: more than %d in a crowd is no bad luck", unanswered, most)
	}
}

// everybodyReserves what an order was quoted, with a coupon each time.
func everybodyReserves(c *contest, n, _ int, _ *rand.Rand) any {
	return bid{verb: "reserve", order: n % len(c.orders), coupon: n / len(c.orders) % len(c.coupons)}
}

// everybodyChanges what anybody has booked: reservations come and go at first, then some are confirmed.
func everybodyChanges(c *contest, n, of int, dice *rand.Rand) any {
	booked := c.lately(dice)
	coupon := dice.IntN(len(c.coupons))
	switch roll := dice.IntN(20); {
	case roll < 2:
		return bid{verb: "look", coupon: coupon}
	case roll < 10 && booked != "":
		return bid{verb: "release", redemption: booked}
	case roll < 11 && booked != "" && n > of/2:
		return bid{verb: "confirm", redemption: booked}
	case roll < 12:
		coupon = couponless
	}
	return bid{verb: "reserve", order: dice.IntN(len(c.orders)), coupon: coupon}
}

// eachIsWonOnce expects one winner of each coupon: three orders want two coupons, and nobody gives one back.
func (c *contest) eachIsWonOnce(t *testing.T) {
	t.Helper()
	var orders, coupons []int
	for _, o := range c.history {
		if in := o.Input.(bid); o.Output.(result).status == http.StatusCreated {
			orders, coupons = append(orders, in.order), append(coupons, in.coupon)
		}
	}
	slices.Sort(orders)
	slices.Sort(coupons)
	if !slices.Equal(coupons, []int{0, 1}) || len(slices.Compact(orders)) != 2 {
		t.Errorf("coupons %q of orders %q: the winners are the orders %v with the coupons %v", c.coupons, c.orders, orders, coupons)
	}
}

// eachIsListed expects that the ledger holds the redemptions that were answered, no other, and one live one at most.
func (c *contest) eachIsListed(t *testing.T, s *sidecar) {
	t.Helper()
	var listed []string
	for _, order := range c.orders {
		live := 0
		for _, r := range collect[redemption](t, redemptionsPath+"?limit=500&order_id="+order, func(path string) answer { return s.get(t, path) }) {
			listed = append(listed, r.ID)
			if r.Status == "reserved" || r.Status == "confirmed" {
				live++
			}
		}
		if live > 1 {
			t.Errorf("order %s has %d live redemptions", order, live)
		}
	}
	if !sameSet(listed, c.booked) {
		t.Errorf("orders %q: answered were %q, listed are %q", c.orders, c.booked, listed)
	}
}
