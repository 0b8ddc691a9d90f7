// The fixed run into which faults are put: every kind of booking once, each under a key. What was answered is kept; after
// a fault and a restart all of it must hold, what was not answered is asked again, and each is booked once.
package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// journey is one such run on one ledger.
type journey struct {
	s       *sidecar
	answers map[string]answer // of steps that were answered as they should be, by name
	doubts  int               // wrong codes that were not answered, and may have been counted
	calls   map[string]call   // of steps that were asked
	trace   string            // the log of the strace that was last at work on it
}

// booking is one step.
type booking struct {
	name    string
	status  int
	prepare func(*testing.T, *sidecar)      // what comes before it without a fault, if anything
	call    func(*testing.T, *journey) call // without its key
}

const (
	travel         = "travel" // the campaign of the journey
	withCheckpoint = "issue with a checkpoint"
)

func posts(path, body string, admin bool) func(*testing.T, *journey) call {
	return func(*testing.T, *journey) call { return call{path: path, body: body, admin: admin} }
}

// reserves quotes the order of the customer and reserves that.
func reserves(order string) func(*testing.T, *journey) call {
	return func(t *testing.T, j *journey) call {
		return reserveCall(j.s.quote(t, orderOf(t, "ann", `"O-1"`, quoted(order))).ID, "")
	}
}

// then asks for a step of the redemption that another booking made.
func then(made, verb, body string) func(*testing.T, *journey) call {
	return func(t *testing.T, j *journey) call {
		return call{path: redemptionPath(j.answers[made].redemption(t).ID) + "/" + verb, body: body}
	}
}

var bookings = []booking{
	{name: "create a campaign", status: http.StatusCreated, call: posts(campaignsPath, campaignBody(travel, plenty), true)},
	{name: "issue", status: http.StatusCreated, call: posts(issuePath(travel), `{"customer_id":"ann"}`, true)},
	{name: "register", status: http.StatusCreated, call: posts("/v1/customers/ann/registrations", `{}`, false)},
	{name: "issue a card", status: http.StatusCreated, call: posts(cardsPath, `{"amount":"4","currency":"USD","customer_id":"ann"}`, true)},
	{name: mistyped, status: http.StatusNotFound, call: mistypes},
	{name: "redeem a card", status: http.StatusCreated, call: claims},
	{name: "top up", status: http.StatusCreated, call: posts(walletPath("ann")+"/top-ups", sumBody("100", "USD"), false)},
	{name: "reserve", status: http.StatusCreated, call: reserves("first")},
	{name: "pay", status: http.StatusCreated, call: pays("reserve")},
	{name: "confirm", status: http.StatusOK, call: then("reserve", "confirm", "")},
	{name: "refund", status: http.StatusCreated, call: then("reserve", "refunds", units("A", 1))},
	{name: "withdraw", status: http.StatusCreated, call: posts(walletPath("ann")+"/withdrawals", sumBody("30", "USD"), false)},
	{name: "reserve again", status: http.StatusCreated, call: reserves("second")},
	{name: "pay again", status: http.StatusCreated, call: pays("reserve again")},
	{name: "release", status: http.StatusOK, call: then("reserve again", "release", "")},
	{name: "revoke", status: http.StatusOK, call: func(t *testing.T, j *journey) call {
		return call{path: "/admin/v1/coupons/" + j.granted(t) + "/revoke", admin: true}
	}},
	{name: withCheckpoint, status: http.StatusCreated, prepare: fillLog, call: posts(issuePath(travel), `{"customer_id":"bob"}`, true)},
}

func depart(t *testing.T) *journey {
	return &journey{s: start(t), answers: map[string]answer{}, calls: map[string]call{}}
}

// granted is the coupon that the registration gave.
func (j *journey) granted(t *testing.T) string {
	var out struct{ Coupons []coupon }
	j.answers["register"].into(t, &out)
	return out.Coupons[0].ID
}

// fillLog writes until the next booking makes the log longer than the thousand pages after which it is moved into the file.
func fillLog(t *testing.T, s *sidecar) {
	t.Helper()
	const page, frames = 4096 + 24, 1_000
	for n := 0; ; n++ {
		info, err := os.Stat(filepath.Join(s.dir, "scrip.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > (frames-5)*page {
			return
		}
		if n > 10*frames {
			t.Fatalf("the log has %d bytes", info.Size())
		}
		verb := []string{"pause", "resume"}[n%2]
		if a, err := s.send(call{path: campaignsPath + "/welcome/" + verb, admin: true}); err != nil || a.status != http.StatusOK {
			t.Fatalf("%d %s (%v)", a.status, a.body, err)
		}
	}
}

// ask makes the call of a step, with its key.
func (j *journey) ask(t *testing.T, b booking) call {
	t.Helper()
	c := b.call(t, j)
	c.key = "key of " + b.name
	j.calls[b.name] = c
	return c
}

// book makes a step without a fault.
func (j *journey) book(t *testing.T, b booking) {
	t.Helper()
	if b.prepare != nil {
		b.prepare(t, j.s)
	}
	c := j.ask(t, b)
	j.answers[b.name] = j.s.do(t, c).want(t, b.status)
}

// restart goes on with a new process on the same ledger, which must be sound and hold all that was answered.
func (j *journey) restart(t *testing.T) {
	t.Helper()
	j.s.once.Do(func() { _ = j.s.end(syscall.SIGKILL) })
	j.s = start(t, withData(j.s.dir))
	if out, err := j.s.cli("ledger", "verify"); err != nil || !strings.Contains(out, "sound") {
		t.Errorf("scrip ledger verify: %v: %s", err, out)
	}
	j.holds(t)
}

// holds expects that all that was answered is answered again; of a refusal only its count is kept.
func (j *journey) holds(t *testing.T) {
	t.Helper()
	for name, a := range j.answers {
		if name != mistyped {
			j.s.replays(t, j.calls[name], a)
		}
	}
}

// retry asks again for what was not answered. A reservation that was not booked needs a new quote: the quotes were lost.
func (j *journey) retry(t *testing.T, b booking) {
	t.Helper()
	a := j.s.do(t, j.calls[b.name])
	if a.status == http.StatusNotFound && b.name != mistyped {
		a.refusal(t, http.StatusNotFound, "quote.not_found")
		a = j.s.do(t, j.ask(t, b))
	}
	j.answers[b.name] = a.want(t, b.status)
}

// finish makes the steps from the given one on, all that are not answered yet, and counts what is booked.
func (j *journey) finish(t *testing.T) {
	t.Helper()
	for _, b := range bookings {
		if _, done := j.answers[b.name]; done {
			continue
		}
		if _, asked := j.calls[b.name]; asked {
			j.retry(t, b)
		} else if b.prepare == nil { // else it is for its own fault's sake
			j.book(t, b)
		}
	}
	j.holds(t)
	j.count(t)
	j.countMoney(t)
}

// count holds the books against the journey: every booking once.
func (j *journey) count(t *testing.T) {
	t.Helper()
	held := j.s.held(t, "ann", "")
	if len(held) != 2 {
		t.Fatalf("ann has %d coupons, want one issued and one granted", len(held))
	}
	if bob := len(j.s.held(t, "bob", "")); bob > 1 {
		t.Errorf("bob has %d coupons", bob)
	}
	for _, c := range held {
		want := "issued reserved paid confirmed refunded"
		if c.ID == j.granted(t) {
			want = "issued reserved paid released revoked"
		}
		var kinds []string
		for _, e := range j.s.life(t, c.ID, "") {
			_, kind, _ := strings.Cut(e.Kind, ".")
			kinds = append(kinds, kind)
		}
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("the life of a coupon is %s, want %s", got, want)
		}
	}
	for order, status := range map[string]string{"first": "confirmed", "second": "released"} {
		var list struct{ Items []redemption }
		j.s.get(t, redemptionsPath+"?order_id="+order).want(t, http.StatusOK).into(t, &list)
		if len(list.Items) != 1 || list.Items[0].Status != status {
			t.Errorf("redemptions of the %s order: %+v", order, list.Items)
		}
		if order == "first" && list.Items[0].Lines[0].Refunded != "5.00" {
			t.Errorf("refunded: %+v", list.Items[0].Lines)
		}
	}
}
