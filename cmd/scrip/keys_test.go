// Changing keys: a new one, then step by step until nothing is left.
package main

import (
	"strings"
	"testing"
)

const rotateLine, resealLine = "POST /admin/v1/keys/rotate", "POST /admin/v1/keys/reseal"

func TestARotationSealsUntilNothingIsLeft(t *testing.T) {
	f := startFake(t)
	f.on(rotateLine, 200, `{"key":2,"sealed":0,"pending":true,"left":10700}`)
	for _, body := range []string{`{"key":2,"sealed":6000,"pending":true}`, `{"key":2,"sealed":4500,"pending":true}`, `{"key":3,"sealed":200,"pending":true}`, `{"key":3,"sealed":0,"pending":false}`} {
		f.on(resealLine, 200, body)
	}
	o := scrip(t, "keys", "rotate")
	o.expect(t, exitDone, "Key 3 seals all codes of gift cards; 10700 codes sealed anew.\n")
	if o.stderr != "sealed 6000 of 10700\nsealed 10700 of 10700\n" || len(f.asked) != 5 {
		t.Errorf("%d requests, progress %q", len(f.asked), o.stderr)
	}
	if len(f.asked[0].header.Get("Idempotency-Key")) != 36 || f.asked[1].header.Get("Idempotency-Key") != "" {
		t.Errorf("keys %+v", f.asked[:2])
	}
	again := scrip(t, "keys", "reseal", "--json")
	again.expect(t, exitDone, `{"key":3,"sealed":0,"pending":false}`+"\n")
	if again.stderr != "" {
		t.Errorf("progress %q", again.stderr)
	}
}

func TestARotationThatBrokeOffSaysHowToGoOn(t *testing.T) {
	f := startFake(t)
	f.on(rotateLine, 200, `{"key":2,"sealed":0,"pending":true,"left":700}`)
	f.on(resealLine, 200, `{"key":2,"sealed":500,"pending":true}`)
	f.on(resealLine, 503, `{"status":503,"code":"ledger.unavailable","detail":"gone"}`)
	o := scrip(t, "keys", "rotate")
	o.expect(t, exitFailed, "sealed 500 of 700\n", "503 ledger.unavailable", "500 codes sealed anew; the others open as before. Go on with: scrip keys reseal")
	f.plans[resealLine] = []reply{{200, `{"key":2,"sealed":200,"pending":false}`, nil}}
	went := scrip(t, "keys", "reseal")
	went.expect(t, exitDone, "Key 2 seals all codes of gift cards; 200 codes sealed anew.\n")
	if went.stderr != "sealed 200\n" || strings.Count(lines(f), rotateLine) != 1 {
		t.Errorf("%q, asked %s", went.stderr, lines(f))
	}
	f.Close()
	scrip(t, "keys", "rotate", "--idempotency-key", "mine").expect(t, exitFailed, "no sidecar answers", "--idempotency-key mine")
	scrip(t, "keys", "rotate", "--admin-server", "ftp://x").expect(t, exitUsage, "is not a server")
	scrip(t, "keys", "reseal", "--admin-server", "ftp://x").expect(t, exitUsage, "is not a server")
}

// lines is what the fake was asked, in order.
func lines(f *fakeSidecar) string {
	var all []string
	for _, a := range f.asked {
		all = append(all, a.line)
	}
	return strings.Join(all, "\n")
}
