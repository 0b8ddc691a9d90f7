// A client that asks over lines that break until it hears a whole answer, and what that answer may be.
package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// insister asks one sidecar until it hears a whole answer, and then the other one for the same. What it expects in vain
// ends it.
type insister struct {
	testing.TB
	*tally
	asked, beside *sidecar
	lines         map[string]*severable // to the asked one, by address
	lengths       map[string]int        // of answers, by what was asked
	done          []done
}

func newInsister(tb testing.TB, asked, beside *sidecar, t *tally) *insister {
	return &insister{TB: tb, tally: t, asked: asked, beside: beside, lines: map[string]*severable{}, lengths: map[string]int{}}
}

// line is the client's own to an address of the asked sidecar.
func (c *insister) line(address string) *severable {
	if c.lines[address] == nil {
		l, err := openSeverable(address)
		if err != nil {
			c.Fatal(err)
		}
		c.Cleanup(l.Stop)
		c.lines[address] = l
	}
	return c.lines[address]
}

type done struct {
	call   call
	answer answer
}

// tally counts what clients went through.
type tally struct {
	booked, retried, tries                          atomic.Int64
	inRequest, afterRequest, beforeAnswer, inAnswer atomic.Int64
	unheard, unavailable, inFlight, repeats         atomic.Int64
}

func (t *tally) String() string {
	return fmt.Sprintf("%d requests booked once each, %d retried, %d tries; lines cut: %d in the request, %d after it, %d before the answer, %d in it; "+
		"%d bookings first heard of by a replay; %d answers 503, %d in flight; %d replays after that, all identical",
		t.booked.Load(), t.retried.Load(), t.tries.Load(), t.inRequest.Load(), t.afterRequest.Load(), t.beforeAnswer.Load(), t.inAnswer.Load(),
		t.unheard.Load(), t.unavailable.Load(), t.inFlight.Load(), t.repeats.Load())
}

// book sends a request under a key until it is answered.
func (c *insister) book(what string, request call, status int) answer {
	request.key = unique("key")
	a := c.insist(what, request, status)
	c.retried.Add(1)
	c.done = append(c.done, done{request, a})
	return a
}

// past is what may have become of the tries so far.
type past struct {
	arrived bool // a whole request, perhaps
	told    bool // of a success, in an answer that was cut
}

// insist tries until an answer comes whole that is neither 503 nor 409 in flight. The first line always breaks, or what
// comes over it is not listened to.
func (c *insister) insist(what string, request call, status int) answer {
	var p past
	for try, end := 0, time.Now().Add(2*patience); time.Now().Before(end); try++ {
		c.tries.Add(1)
		a, ok := c.try(what, request, try == 0, &p)
		switch {
		case !ok:
		case a.status == http.StatusServiceUnavailable && a.code() == "ledger.unavailable":
			c.unavailable.Add(1)
		case a.status == http.StatusConflict && a.code() == "idempotency.in_flight":
			c.inFlight.Add(1)
		case try == 0 && a.status == status: // it was shorter than expected
			p.told = true
		default:
			c.judge(what, request, a, status, p)
			return a
		}
	}
	c.Fatalf("%s: no answer, however often it was asked", what)
	return answer{}
}

// judge holds the first whole answer against what is known of the tries before it.
func (c *insister) judge(what string, request call, a answer, status int, p past) {
	if err := a.shapeFault(request); err != nil || a.status != status {
		c.Fatalf("%s: want %d, got %d %s, %v", what, status, a.status, clip(a.body), err)
	}
	again := a.header.Get(replayed) != ""
	if again {
		c.unheard.Add(1)
	}
	switch {
	case again && request.key == "":
		c.Fatalf("%s: replayed without a key", what)
	case again && !p.arrived:
		c.Fatalf("%s: replayed, but no request had arrived", what)
	case !again && request.key != "" && p.told:
		c.Fatalf("%s: an answer that was cut told of a success, and then it was booked anew: %s", what, a.body)
	}
}

// try sends the request once, over a line that breaks or holds.
func (c *insister) try(what string, request call, mustBreak bool, p *past) (answer, bool) {
	address, raw, err := c.asked.wire(request)
	if err != nil {
		c.Fatal(err)
	}
	breaks := cut{}
	if mustBreak || rand.IntN(2) == 0 {
		breaks = c.anywhere(what, len(raw))
	}
	said, err := c.line(address).try(raw, breaks)
	if err != nil {
		c.Fatalf("%s: %v", what, err)
	}
	a, ok := whole(said)
	p.arrived = p.arrived || breaks.stream != "upstream" || breaks.bytes == len(raw)
	switch {
	case ok:
		c.lengths[what] = len(said)
		return a, true
	case breaks.stream == "":
		c.Fatalf("%s: over a line that holds came %q", what, said)
	case breaks.stream == "upstream" && breaks.bytes < len(raw):
		c.inRequest.Add(1)
	case breaks.stream == "upstream":
		c.afterRequest.Add(1)
	case len(said) == 0:
		c.beforeAnswer.Add(1)
	default:
		c.inAnswer.Add(1)
	}
	p.told = p.told || began(said)
	return a, false
}

// anywhere is a place where a line breaks: in the request, right after it, right before the answer, or in it.
func (c *insister) anywhere(what string, length int) cut {
	const least = 200 // bytes of an answer
	switch rand.IntN(4) {
	case 0:
		return cut{"upstream", rand.IntN(length)}
	case 1:
		return cut{"upstream", length}
	case 2:
		return cut{"downstream", 0}
	}
	return cut{"downstream", rand.IntN(max(least, c.lengths[what]))}
}

// repeat asks both sidecars for everything once more, over lines that hold.
func (c *insister) repeat() {
	for _, d := range c.done {
		for _, s := range []*sidecar{c.beside, c.asked} {
			var a answer
			eventually(c, "the ledger is available", func() (ok bool) {
				var err error
				if a, err = s.send(d.call); err != nil {
					c.Fatal(err)
				}
				return a.status != http.StatusServiceUnavailable
			})
			if a.status != d.answer.status || !bytes.Equal(a.body, d.answer.body) || a.header.Get(replayed) != "true" {
				c.Fatalf("%s: first %d %s\nthen %d %s, %s: %q", d.call.path, d.answer.status, d.answer.body, a.status, a.body, replayed, a.header.Get(replayed))
			}
			c.repeats.Add(1)
		}
	}
}

// code is that of a problem, "" of anything else.
func (a answer) code() string {
	var p problem
	if json.Unmarshal(a.body, &p) != nil {
		return ""
	}
	return p.Code
}
