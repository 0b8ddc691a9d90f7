// 64 clients over three sidecars that share one ledger fight over the same coupons and the same orders, on both stores
// with the same code (Contract §2, §6): whatever they do, their answers are those of one ledger bid in some order.
package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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
	fleet := []*sidecar{start(t, opts...)}
	for len(fleet) < 3 {
		fleet = append(fleet, start(t, append(opts, withData(fleet[0].dir))...))
	}
	t.Run("who all reserve", func(t *testing.T) {
		r := contend(t, fleet, everybodyReserves)
		for _, c := range r.contests {
			c.eachIsWonOnce(t)
		}
	})
	t.Run("who reserve, confirm and release", func(t *testing.T) {
		r := contend(t, fleet, everybodyChanges)
		for _, c := range r.contests {
			c.eachIsListed(t, fleet[0])
		}
	})
	settings, err := gather(opts)
	if err != nil {
		t.Fatal(err)
	}
	if said, err := fleet[0].cli("ledger", "verify", "--ledger", settings.flags["ledger"]); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

// contend makes contests and has all clients fight them out.
func contend(t *testing.T, fleet []*sidecar, tactics tactics) *race {
	t.Helper()
	contests := prove.Count(20, 1_000) / len(contest{}.coupons)
	r := &race{fleet: fleet, tactics: tactics, contests: newContests(t, fleet, contests), each: prove.Count(300, 100_000) / contests}
	r.run(t)
	began := time.Now()
	unanswered := 0
	for _, c := range r.contests {
		if err := historyFault(c.history); err != nil {
			t.Errorf("orders %q, coupons %q: %v", c.orders, c.coupons, err)
			break // one is enough to read
		}
		for _, o := range c.history {
			if o.Output.(result) == unavailable {
				unanswered++
			}
		}
	}
	t.Logf("the histories were checked in %.1f s", time.Since(began).Seconds())
	if most := len(r.contests) * r.each / 1_000; unanswered > most {
		t.Errorf("%d requests were answered that the ledger is unavailable: more than %d in a crowd is no bad luck", unanswered, most)
	}
	return r
}

// tactics is what a client asks next, as the n-th request of the contest.
type tactics func(r *race, c *contest, n int, dice *rand.Rand) bid

// everybodyReserves what an order was quoted, with a coupon each time.
func everybodyReserves(_ *race, c *contest, n int, _ *rand.Rand) bid {
	return bid{verb: "reserve", order: n % len(c.orders), coupon: n / len(c.orders) % len(c.coupons)}
}

// everybodyChanges what anybody has booked: reservations come and go at first, then some are confirmed.
func everybodyChanges(r *race, c *contest, n int, dice *rand.Rand) bid {
	booked := c.lately(dice)
	coupon := dice.IntN(len(c.coupons))
	switch roll := dice.IntN(20); {
	case roll < 2:
		return bid{verb: "look", coupon: coupon}
	case roll < 10 && booked != "":
		return bid{verb: "release", redemption: booked}
	case roll < 11 && booked != "" && n > r.each/2:
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

// tally counts answers: operations by verb and status, refusals by code.
func (r *race) tally() string {
	counts := map[string]int{}
	for _, c := range r.contests {
		for _, o := range c.history {
			out := o.Output.(result)
			counts[fmt.Sprintf("%s %d %s", o.Input.(bid).verb, out.status, out.code)]++
		}
	}
	var lines []string
	for what, n := range counts {
		lines = append(lines, fmt.Sprintf("%8d %s", n, what))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
