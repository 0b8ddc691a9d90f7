// What must have happened between rivals for one coupon (Contract §6): a plain model of two coupons and the three
// orders that want both, and porcupine's search for an order of all requests in which every answer is the model's.
//
// An order and a coupon are tied by each reservation, so a coupon's history alone would leave out why it was refused.
// Coupons whose orders want no other coupon are checked together: that is as strict as checking the whole ledger.
package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// couponless is the coupon of a quote that has none.
const couponless = -1

// bid is one request of a rival.
type bid struct {
	verb       string // "reserve", "confirm", "release", or "look" at a coupon
	order      int    // which of the three, of reserve
	coupon     int    // which of the two, or couponless; of reserve and look
	redemption string // its id, of confirm and release
}

// result is what matters of an answer.
type result struct {
	status     int
	code       string // of a refusal
	redemption string // its id
	state      string // of the redemption or, to look, of the coupon
}

func (b bid) String() string { return b.verb }

func (r result) said() (status int, code string) { return r.status, r.code }

// shelf is all that the books know of three orders and two coupons: what each order holds. A coupon is reserved or used
// by the order that holds it, else available; a redemption that no order holds was released.
type shelf [3]standing

// standing is an order's live redemption; none has no id.
type standing struct {
	redemption string
	coupon     int
	confirmed  bool
}

// answers is what the books must answer, and what they know then. The id of a new redemption is theirs to make.
func (s shelf) answers(in bid, made string) (result, shelf) {
	held := slices.IndexFunc(s[:], func(b standing) bool { return b.redemption == in.redemption })
	rival := slices.IndexFunc(s[:], func(b standing) bool {
		return b.redemption != "" && b.coupon != couponless && b.coupon == in.coupon
	})
	switch in.verb {
	case "look":
		switch {
		case rival < 0:
			return result{status: http.StatusOK, state: "available"}, s
		case s[rival].confirmed:
			return result{status: http.StatusOK, state: "used"}, s
		}
		return result{status: http.StatusOK, state: "reserved"}, s
	case "reserve":
		switch {
		case s[in.order].redemption != "":
			return conflict("order.already_redeemed"), s
		case rival >= 0:
			return conflict("coupon.unavailable"), s
		}
		s[in.order] = standing{redemption: made, coupon: in.coupon}
		return result{status: http.StatusCreated, redemption: made, state: "reserved"}, s
	case "confirm":
		if held < 0 {
			return conflict("redemption.released"), s
		}
		s[held].confirmed = true
		return result{status: http.StatusOK, redemption: in.redemption, state: "confirmed"}, s
	}
	if held >= 0 && s[held].confirmed {
		return conflict("redemption.confirmed"), s
	}
	if held >= 0 {
		s[held] = standing{}
	}
	return result{status: http.StatusOK, redemption: in.redemption, state: "released"}, s
}

func conflict(code string) result { return result{status: http.StatusConflict, code: code} }

// unavailable is the one answer that may come at any time, and then nothing was booked (Contract §3).
var unavailable = result{status: http.StatusServiceUnavailable, code: "ledger.unavailable"}

var rivals = porcupine.Model{
	Init: func() any { return shelf{} },
	Step: func(state, input, output any) (bool, any) {
		before, in, out := state.(shelf), input.(bid), output.(result)
		if out == unavailable {
			return true, before
		}
		must, after := before.answers(in, out.redemption)
		return out == must, after
	},
}

// searching bounds the search for an order of one contest's requests; it takes milliseconds where there is one.
const searching = 5 * time.Minute

// historyFault is nil if there is an order of the requests that explains every answer.
func historyFault(model porcupine.Model, history []porcupine.Operation) error {
	verdict := porcupine.CheckOperationsTimeout(model, history, searching)
	if verdict == porcupine.Ok {
		return nil
	}
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var lines strings.Builder
	for _, o := range history {
		fmt.Fprintf(&lines, "%12d – %12d  %#v → %+v\n", o.Call, o.Return, o.Input, o.Output)
	}
	return fmt.Errorf("%s: no order of these requests explains the answers (times in ns):\n%s", verdict, lines.String())
}

// The model itself: what a broken product would answer is told from what a sound one does.
func TestTheModelOfRivalsKnowsAFaultFromARace(t *testing.T) {
	t.Parallel()
	reserve := func(order, coupon int) bid { return bid{verb: "reserve", order: order, coupon: coupon} }
	won := func(id string) result { return result{status: http.StatusCreated, redemption: id, state: "reserved"} }
	step := func(verb, id string) bid { return bid{verb: verb, redemption: id} }
	is := func(id, state string) result { return result{status: http.StatusOK, redemption: id, state: state} }
	seen := func(state string) result { return result{status: http.StatusOK, state: state} }
	look := bid{verb: "look"}
	type requests []struct {
		at  int // those of the same instant were under way at once
		in  bid
		out result
	}
	for name, c := range map[string]struct {
		sound bool
		requests
	}{
		"lost before it was won, at once": {true, requests{{0, reserve(1, 0), conflict("coupon.unavailable")}, {0, reserve(0, 0), won("a")}}},
		"lost before it was won, in turn": {false, requests{{0, reserve(1, 0), conflict("coupon.unavailable")}, {1, reserve(0, 0), won("a")}}},
		"a coupon won twice":              {false, requests{{0, reserve(0, 0), won("a")}, {0, reserve(1, 0), won("b")}}},
		"an order won twice":              {false, requests{{0, reserve(0, 0), won("a")}, {0, reserve(0, 1), won("b")}}},
		"an order won without coupons":    {false, requests{{0, reserve(0, couponless), won("a")}, {0, reserve(0, couponless), won("b")}}},
		"two orders without coupons":      {true, requests{{0, reserve(0, couponless), won("a")}, {0, reserve(1, couponless), won("b")}}},
		"the coupon blamed for its order": {false, requests{{0, reserve(0, 0), won("a")}, {1, reserve(0, 0), conflict("coupon.unavailable")}}},
		"won again after a release":       {true, requests{{0, reserve(0, 0), won("a")}, {1, step("release", "a"), is("a", "released")}, {2, reserve(1, 0), won("b")}}},
		"won again after a confirmation":  {false, requests{{0, reserve(0, 0), won("a")}, {1, step("confirm", "a"), is("a", "confirmed")}, {2, reserve(1, 0), won("b")}}},
		"confirmed and released":          {false, requests{{0, reserve(0, 0), won("a")}, {1, step("confirm", "a"), is("a", "confirmed")}, {1, step("release", "a"), is("a", "released")}}},
		"released and not confirmed":      {true, requests{{0, reserve(0, 0), won("a")}, {1, step("confirm", "a"), conflict("redemption.released")}, {1, step("release", "a"), is("a", "released")}}},
		"free while it is held":           {false, requests{{0, reserve(0, 0), won("a")}, {1, look, seen("available")}}},
		"used while it is held":           {false, requests{{0, reserve(0, 0), won("a")}, {1, look, seen("used")}}},
		"nothing booked, unavailable":     {true, requests{{0, reserve(0, 0), unavailable}, {1, look, seen("available")}, {2, reserve(1, 0), won("a")}}},
		"an answer of another kind":       {false, requests{{0, reserve(0, 0), result{status: http.StatusInternalServerError, code: "internal"}}}},
	} {
		var history []porcupine.Operation
		for _, r := range c.requests {
			history = append(history, porcupine.Operation{Input: r.in, Output: r.out, Call: int64(2 * r.at), Return: int64(2*r.at + 1)})
		}
		if err := historyFault(rivals, history); (err == nil) != c.sound {
			t.Errorf("%s: %v", name, err)
		}
	}
}
