// Redemptions, refunds and coupons' lives as the command line shows them.
package main

import (
	"strings"
	"testing"
)

const oneRedemptionBody = `{"id":"rdm_1","quote_id":"q_1","order_id":"CJ-1","customer_id":"c-1","coupon_id":"cpn_1","status":"confirmed","currency":"USD",
"totals":{"original":"20.00","eligible":"20.00","other_discounts":"0.00","coupon_discount":"10.00","charges":"4.99","payable":"14.99"},
"lines":[{"id":"A","quantity":2,"paid":"10.00","refunded":"5.00","refundable":"5.00"},{"id":"long line id","quantity":1000,"paid":"0.00","refunded":"0.00","refundable":"0.00"}],
"charges":[{"id":"shipping","amount":"4.99","refunded":"0.00","refundable":"4.99"}],
"paid_by":{"gift":"2.00","bonus":"0.00","cash":"1.00","external":"11.99"},"expires_at":"2026-03-01T00:30:00Z","created_at":"2026-03-01T00:00:00Z"}`

const oneRefundBody = `{"id":"rfd_1","redemption_id":"rdm_1","currency":"USD","amount":"9.99","lines":[{"id":"A","amount":"5.00"}],
"charges":[{"id":"shipping","amount":"4.99"}],"returned":{"gift":"2.00","bonus":"0.00","cash":"0.00","external":"7.99"},"reason":"dispute","created_at":"2026-03-02T00:00:00Z"}`

func TestRedemptionsAreReservedConfirmedReleasedAndShown(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/redemptions/rdm_1", 200, oneRedemptionBody)
	golden(t, "testdata/redemption-show.txt", scrip(t, "redemption", "show", "rdm_1").stdout)
	scrip(t, "redemption", "show", "rdm_1", "--json").expect(t, exitDone, oneRedemptionBody+"\n")
	reserved := strings.NewReplacer(`"confirmed"`, `"reserved"`, `"cpn_1"`, `null`, `"5.00"`, `"0.00"`, `"2.00"`, `"0.00"`, `"1.00"`, `"0.00"`, `"11.99"`, `"0.00"`).Replace(oneRedemptionBody)
	f.on("POST /v1/redemptions", 201, reserved)
	golden(t, "testdata/redemption-reserve.txt", scrip(t, "redemption", "reserve", "q_1").stdout)
	if f.last().body != `{"quote_id":"q_1"}` || len(f.last().header.Get("Idempotency-Key")) != 36 {
		t.Errorf("sent %+v", f.last())
	}
	for verb, status := range map[string]string{"confirm": "confirmed", "release": "released"} {
		f.on("POST /v1/redemptions/rdm%2F1/"+verb, 200, strings.Replace(oneRedemptionBody, "confirmed", status, 1))
		scrip(t, "redemption", verb, "rdm/1").expect(t, exitDone, "Status      "+status)
		scrip(t, "redemption", verb, "rdm/1", "--json").expect(t, exitDone, `"status":"`+status)
	}
	f.on("POST /v1/redemptions", 409, `{"status":409,"code":"quote.stale","detail":"changed"}`)
	scrip(t, "redemption", "reserve", "q_1").expect(t, exitDone) // the first plan once more
	scrip(t, "redemption", "reserve", "q_1").expect(t, exitFailed, "409 quote.stale: changed", "→ quote again")
}

func TestRedemptionsOfAnOrderAreListed(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/redemptions?limit=500&order_id=CJ%2F1", 200, `{"items":[`+strings.Replace(oneRedemptionBody, "confirmed", "expired", 1)+`,`+oneRedemptionBody+`],"next_cursor":null}`)
	f.on("GET /v1/redemptions?limit=500&order_id=none", 200, `{"items":[],"next_cursor":null}`)
	golden(t, "testdata/redemption-list.txt", scrip(t, "redemption", "list", "CJ/1").stdout)
	scrip(t, "redemption", "list", "none").expect(t, exitDone, "Order none was never reserved.")
	scrip(t, "redemption", "list", "none", "--json").expect(t, exitDone, "[]")
}

func TestRefundsAreMadeFromFlags(t *testing.T) {
	for flags, sent := range map[string]string{
		"--units A=1":               `{"lines":[{"id":"A","quantity":1}]}`,
		"--units A=1 --units B,C=2": `{"lines":[{"id":"A","quantity":1},{"id":"B,C","quantity":2}]}`,
		"--amount A=2.50":           `{"lines":[{"id":"A","amount":"2.50"}]}`,
		"--amount a=b=2.50":         `{"lines":[{"id":"a=b","amount":"2.50"}]}`,
		"--charge shipping=4.99":    `{"charges":[{"id":"shipping","amount":"4.99"}]}`,
		"--charge s=1 --amount B=2 --units A=3 --reason late": `{"lines":[{"id":"A","quantity":3},{"id":"B","amount":"2"}],"charges":[{"id":"s","amount":"1"}],"reason":"late"}`,
	} {
		f := startFake(t)
		f.on("POST /v1/redemptions/rdm_1/refunds", 201, oneRefundBody)
		o := scrip(t, append([]string{"redemption", "refund", "rdm_1"}, strings.Fields(flags)...)...)
		o.expect(t, exitDone)
		if f.last().body != sent {
			t.Errorf("%s: sent %s", flags, f.last().body)
		}
		golden(t, "testdata/redemption-refund.txt", o.stdout)
	}
}

func TestRefundFlagsThatMakeNoSense(t *testing.T) {
	startFake(t)
	for flags, want := range map[string]string{
		"":              "say what to refund",
		"--reason x":    "say what to refund",
		"--units A":     "--units takes LINE=N",
		"--units =1":    "--units takes LINE=N",
		"--units A=0":   "no number of units",
		"--units A=1.5": "no number of units",
		"--amount A=":   "--amount takes LINE=AMOUNT",
		"--charge x":    "--charge takes ID=AMOUNT",
	} {
		scrip(t, append([]string{"redemption", "refund", "rdm_1"}, strings.Fields(flags)...)...).expect(t, exitUsage, want)
	}
}

func TestARefundThatAsksTooMuchSaysWhatIsLeft(t *testing.T) {
	f := startFake(t)
	f.on("POST /v1/redemptions/rdm_1/refunds", 422, `{"status":422,"code":"refund.exceeds_paid","detail":"the refund asks for more than is left of what was paid",
		"errors":[{"pointer":"/lines/0","refundable":"5.00","detail":"only 5.00 is left to refund"}]}`)
	scrip(t, "redemption", "refund", "rdm_1", "--units", "A=2").expect(t, exitFailed, "  /lines/0  only 5.00 is left to refund\n", "→ nothing was refunded")
}

// Without an answer nobody knows whether it was booked; the key makes the next try safe.
func TestABookingWithoutAnAnswerTellsItsKey(t *testing.T) {
	f := startFake(t)
	f.Close()
	o := scrip(t, "redemption", "refund", "rdm_1", "--units", "A=1", "--idempotency-key", "mine")
	o.expect(t, exitFailed, "no sidecar answers", "--idempotency-key mine")
	scrip(t, "redemption", "reserve", "q_1").expect(t, exitFailed, "--idempotency-key ")
}

const twoEvents = `{"id":"evt_1","created_at":"2026-03-01T00:00:00Z","kind":"coupon.issued","coupon_id":"cpn_1","redemption_id":null,"customer_id":"c-1","by":"admin","request_id":"req-1","detail":""},
	{"id":"evt_2","created_at":"2026-03-01T00:30:00.5Z","kind":"redemption.expired","coupon_id":"cpn_1","redemption_id":"rdm_1","customer_id":"c-1","by":"clock","request_id":"","detail":"the hold\u001b[2J ended"}`

func TestACouponIsShownWithItsLife(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/coupons/cpn_1", 200, oneCouponBody)
	f.on("GET /admin/v1/coupons/cpn_1/events?limit=500", 200, `{"items":[`+twoEvents+`],"next_cursor":null}`)
	golden(t, "testdata/coupon-life.txt", scrip(t, "coupon", "show", "cpn_1").stdout)
	life := scrip(t, "coupon", "events", "cpn_1")
	if text := scrip(t, "coupon", "show", "cpn_1").stdout; !strings.HasSuffix(text, "\n\n"+life.stdout) {
		t.Errorf("the life alone is another: %s", life.stdout)
	}
	scrip(t, "coupon", "events", "cpn_1", "--json").expect(t, exitDone, `"id":"evt_1"`, `"id":"evt_2"`)
	scrip(t, "coupon", "events", "cpn_2").expect(t, exitFailed, "404")
}

// Who may ask the data listener only still sees the coupon.
func TestACouponIsShownThoughItsLifeCannotBeAsked(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/coupons/cpn_1", 200, oneCouponBody)
	f.on("GET /admin/v1/coupons/cpn_1/events?limit=500", 401, `{"status":401,"code":"auth.required","detail":"no token"}`)
	o := scrip(t, "coupon", "show", "cpn_1")
	o.expect(t, exitDone, "Coupon            cpn_1")
	if o.stderr != "scrip: its life is not shown: 401 auth.required: no token\n" {
		t.Error(o.stderr)
	}
}
