// Issuing in bulk: batches, progress, and going on after a break.
package main

import (
	"fmt"
	"strings"
	"testing"
)

const issueLine = "POST /admin/v1/campaigns/spring/coupons"

// couponsBody answers with n coupons.
func couponsBody(n int) string {
	return `{"coupons":[` + strings.TrimSuffix(strings.Repeat(oneCouponBody+",", n), ",") + `]}`
}

func TestCouponsAreIssuedToCustomersNamed(t *testing.T) {
	f := startFake(t)
	f.on(issueLine, 201, couponsBody(2))
	o := scrip(t, "coupon", "issue", "spring", "c-1", "c-2")
	o.expect(t, exitDone, "Coupon  Campaign", "cpn_1")
	if o.stderr != "" || f.last().body != `{"customer_ids":["c-1","c-2"]}` {
		t.Errorf("stderr %q, sent %s", o.stderr, f.last().body)
	}
	scrip(t, "coupon", "issue", "spring", "c-1", "c-2", "--json").expect(t, exitDone, `{"coupons":[{"id":"cpn_1"`)
	f.plans[issueLine] = []reply{{status: 201, body: couponsBody(21)}}
	scrip(t, "coupon", "issue", "spring", "c-1").expect(t, exitDone, "Issued 21 coupons of campaign spring; --json would have listed them.\n")
}

func TestLongFilesGoInBatchesAndTellProgress(t *testing.T) {
	f := startFake(t)
	var ids strings.Builder
	ids.WriteString("\ufeff")
	for i := range 10_001 {
		fmt.Fprintf(&ids, "c-%d\r\n\n", i)
	}
	f.on(issueLine, 201, couponsBody(15))
	f.on(issueLine, 201, couponsBody(1))
	o := scrip(t, "coupon", "issue", "spring", "--file", write(t, "ids.txt", ids.String()), "--idempotency-key", "k")
	o.expect(t, exitDone, "cpn_1")
	if o.stderr != "issued 10000 of 10001\nissued 10001 of 10001\n" {
		t.Errorf("progress: %q", o.stderr)
	}
	if len(f.asked) != 2 || f.asked[1].body != `{"customer_ids":["c-10000"]}` || !strings.HasPrefix(f.asked[0].body, `{"customer_ids":["c-0","c-1",`) {
		t.Errorf("%d requests, the last %s", len(f.asked), f.last().body)
	}
	if a, b := f.asked[0].header.Get("Idempotency-Key"), f.asked[1].header.Get("Idempotency-Key"); a != "k-1" || b != "k-2" {
		t.Errorf("keys %q and %q", a, b)
	}
}

func TestABrokenRunSaysHowToGoOn(t *testing.T) {
	f := startFake(t)
	f.on(issueLine, 201, couponsBody(1))
	f.on(issueLine, 409, `{"status":409,"code":"campaign.exhausted","detail":"none left"}`)
	ids := strings.Repeat("c\n", 10_001)
	o := scripWith(t, ids, "coupon", "issue", "spring", "--file", "-")
	o.expect(t, exitFailed, "409 campaign.exhausted: none left", "10000 of 10001 customers were served", "--idempotency-key ")
	key := strings.TrimSuffix(f.last().header.Get("Idempotency-Key"), "-2")
	if !strings.Contains(o.stderr, "--idempotency-key "+key+":") {
		t.Errorf("the key %s is not told: %s", key, o.stderr)
	}
	refused := scrip(t, "coupon", "issue", "spring", "c")
	if refused.stderr != "scrip: 409 campaign.exhausted: none left\n→ its quantity is issued; create a new campaign\n" {
		t.Errorf("a first refusal wrote nothing: %s", refused.stderr)
	}
	f.Close()
	scrip(t, "coupon", "issue", "spring", "c").expect(t, exitFailed, "no sidecar answers", "0 of 1 customers")
}

func TestRecipientsThatMakeNoSense(t *testing.T) {
	f := startFake(t)
	f.on(issueLine, 201, `{"coupons":[7]}`)
	scrip(t, "coupon", "issue", "spring").expect(t, exitUsage, "name customers")
	scrip(t, "coupon", "issue", "spring", "c", "--file", "x").expect(t, exitUsage, "not both")
	scrip(t, "coupon", "issue", "spring", "--file", "no/such").expect(t, exitFailed, "no/such")
	scrip(t, "coupon", "issue", "spring", "--file", write(t, "none.txt", "\n \n")).expect(t, exitFailed, "no customers in it")
	scrip(t, "coupon", "issue", "spring", "--file", write(t, "long.txt", strings.Repeat("x", 70_000))).expect(t, exitFailed, "long.txt")
	scrip(t, "coupon", "issue", "spring", "--file", write(t, "latin1.txt", "c-\xfc")).expect(t, exitFailed, "not UTF-8")
	scrip(t, "coupon", "issue", "spring", "c").expect(t, exitFailed, "cannot understand item 1")
}

func TestBatchesKeepBothBounds(t *testing.T) {
	customers := []string{"aaaa", "b", "c", `"`, "dddd", "e"}
	for _, test := range []struct {
		most, size int
		want       string
	}{
		{2, 1000, `[[aaaa b] [c "] [dddd e]]`},
		{100, 1000, `[[aaaa b c " dddd e]]`},
		{100, 11, `[[aaaa b] [c "] [dddd e]]`},
		{100, 1, `[[aaaa] [b] [c] ["] [dddd] [e]]`},
	} {
		if got := fmt.Sprint(batches(customers, test.most, test.size)); got != test.want {
			t.Errorf("%d, %d: %s, want %s", test.most, test.size, got, test.want)
		}
	}
}
