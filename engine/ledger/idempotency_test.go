package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/ledger"
)

var errGivenUp = errors.New("given up by the test")

// blocking is an operation that writes and answers with the given bytes.
func blocking(customer string, body []byte) func(*ledger.Entry) (ledger.Reply, error) {
	return func(e *ledger.Entry) (ledger.Reply, error) {
		_, err := e.Block(customer, "")
		return ledger.Reply{Status: 201, ContentType: "application/json", Body: body}, err
	}
}

// untouched is an operation that must not run.
func untouched(t testing.TB) func(*ledger.Entry) (ledger.Reply, error) {
	return func(*ledger.Entry) (ledger.Reply, error) {
		t.Error("an operation was run that had an answer already")
		return ledger.Reply{}, nil
	}
}

func TestARepeatGetsTheSameBytes(t *testing.T) {
	o := newOffice(t)
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	replies := map[string]ledger.Reply{
		"every byte":                           {Status: 201, ContentType: "application/json", Body: everyByte},
		"large":                                {Status: 200, ContentType: "x/y; charset=utf-8", Body: bytes.Repeat(everyByte, 4_096)},
		"nothing":                              {Status: 204},
		string(bytes.Repeat([]byte{'k'}, 255)): {Status: 201, ContentType: "application/json", Body: []byte(`{"a":1.0}`)},
	}
	for key, want := range replies {
		got, replayed, err := o.Do(t.Context(), request(key, "content"), func(e *ledger.Entry) (ledger.Reply, error) {
			_, err := e.Block(key, "")
			return want, err
		})
		if err != nil || replayed || !sameReply(got, want) {
			t.Errorf("%.20s: the first time %+v, replayed %v (%v)", key, got, replayed, err)
		}
	}
	for _, reopened := range []bool{false, true} {
		if reopened {
			o.reopen()
		}
		for key, want := range replies {
			got, replayed, err := o.Do(t.Context(), request(key, "content"), untouched(t))
			if err != nil || !replayed || !sameReply(got, want) {
				t.Errorf("%.20s, reopened %v: replayed %v (%v)", key, reopened, replayed, err)
			}
			got, found, err := o.Replay(t.Context(), request(key, "content"))
			if err != nil || !found || !sameReply(got, want) {
				t.Errorf("%.20s, reopened %v: found %v (%v)", key, reopened, found, err)
			}
		}
	}
}

func sameReply(a, b ledger.Reply) bool {
	return a.Status == b.Status && a.ContentType == b.ContentType && bytes.Equal(a.Body, b.Body)
}

func TestAKeyStandsForOneRequest(t *testing.T) {
	o := newOffice(t)
	_, _, err := o.Do(t.Context(), request("key", "one"), blocking("ann", []byte("first")))
	o.must(err)
	for _, content := range []string{"two", "", "One"} {
		reply, replayed, err := o.Do(t.Context(), request("key", content), untouched(t))
		refused(t, "another request under the key", err, ledger.KeyReused)
		if replayed || reply.Status != 0 || reply.Body != nil {
			t.Errorf("with the refusal came %+v, replayed %v", reply, replayed)
		}
		reply, found, err := o.Replay(t.Context(), request("key", content))
		refused(t, "looking for another request", err, ledger.KeyReused)
		if found || reply.Body != nil {
			t.Errorf("with the refusal came %+v, found %v", reply, found)
		}
	}
	_, found, err := o.Replay(t.Context(), request("KEY", "one"))
	if err != nil || found {
		t.Errorf("another key: found %v (%v)", found, err)
	}
	_, replayed, err := o.Do(t.Context(), request("KEY", "one"), blocking("bob", nil))
	if err != nil || replayed {
		t.Errorf("another key: replayed %v (%v)", replayed, err)
	}
}

func TestWithoutAKeyNothingIsKept(t *testing.T) {
	o := newOffice(t)
	for range 3 {
		_, replayed, err := o.Do(t.Context(), request("", "one"), blocking("ann", nil))
		if err != nil || replayed {
			t.Errorf("replayed %v (%v)", replayed, err)
		}
	}
	if _, err := o.store.Reply(t.Context(), ""); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a reply was kept under no key: %v", err)
	}
}

// A refusal and any other failure write nothing and leave the key free.
func TestARefusalFreesTheKey(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	failures := map[string]func(*ledger.Entry) (ledger.Reply, error){
		"a refusal": func(e *ledger.Entry) (ledger.Reply, error) {
			_, err := e.Issue("none", []string{"ann"})
			return ledger.Reply{Status: 201}, err
		},
		"a refusal after writing": func(e *ledger.Entry) (ledger.Reply, error) {
			if _, err := e.Issue("c", []string{"ann"}); err != nil {
				return ledger.Reply{}, err
			}
			_, err := e.CreateCampaign(plain("c"))
			return ledger.Reply{Status: 201}, err
		},
		"a failure": func(e *ledger.Entry) (ledger.Reply, error) {
			_, err := e.Block("ann", "")
			return ledger.Reply{Status: 201}, errors.Join(err, errGivenUp)
		},
		"a panic": func(e *ledger.Entry) (ledger.Reply, error) {
			_, _ = e.Block("ann", "")
			panic("on purpose")
		},
	}
	for name, op := range failures {
		reply, replayed, err := o.Do(t.Context(), request(name, "one"), op)
		if err == nil || replayed || reply.Status != 0 {
			t.Errorf("%s answers %+v, replayed %v (%v)", name, reply, replayed, err)
		}
		if _, found, err := o.Replay(t.Context(), request(name, "two")); err != nil || found {
			t.Errorf("%s took the key: found %v (%v)", name, found, err)
		}
		if held := o.holds("ann", ""); len(held) > 0 {
			t.Errorf("%s left ann %q", name, held)
		}
		if facts, err := o.Facts(t.Context(), "ann", o.Now()); err != nil || facts.Blocklisted {
			t.Errorf("%s blocked ann (%v)", name, err)
		}
		_, replayed, err = o.Do(t.Context(), request(name, "two"), blocking("bob", nil))
		if err != nil || replayed {
			t.Errorf("%s: the key is not free: replayed %v (%v)", name, replayed, err)
		}
	}
	o.counted("c", 0)
}

// Only what wrote is kept: each operation, when it changes something and when
// everything is so already.
func TestOnlyWhatWroteIsKept(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	coupon := o.issued("c", "ann")
	for _, step := range []struct {
		name string
		kept bool
		op   func(*ledger.Entry) error
	}{
		{"creating", true, func(e *ledger.Entry) error { _, err := e.CreateCampaign(plain("new")); return err }},
		{"resuming what runs", false, func(e *ledger.Entry) error { _, err := e.SetPaused("c", false); return err }},
		{"pausing", true, func(e *ledger.Entry) error { _, err := e.SetPaused("c", true); return err }},
		{"pausing again", false, func(e *ledger.Entry) error { _, err := e.SetPaused("c", true); return err }},
		{"resuming", true, func(e *ledger.Entry) error { _, err := e.SetPaused("c", false); return err }},
		{"issuing", true, func(e *ledger.Entry) error { _, err := e.Issue("c", []string{"ann"}); return err }},
		{"issuing to nobody", false, func(e *ledger.Entry) error { _, err := e.Issue("c", nil); return err }},
		{"registering", true, func(e *ledger.Entry) error { _, _, err := e.Register("ann", nil); return err }},
		{"registering again", false, func(e *ledger.Entry) error { _, _, err := e.Register("ann", []string{"c"}); return err }},
		{"revoking", true, func(e *ledger.Entry) error { _, err := e.Revoke(coupon.ID); return err }},
		{"revoking again", false, func(e *ledger.Entry) error { _, err := e.Revoke(coupon.ID); return err }},
		{"unblocking one who is not blocked", false, func(e *ledger.Entry) error { return e.Unblock("ann") }},
		{"blocking", true, func(e *ledger.Entry) error { _, err := e.Block("ann", ""); return err }},
		{"unblocking", true, func(e *ledger.Entry) error { return e.Unblock("ann") }},
		{"nothing", false, func(*ledger.Entry) error { return nil }},
	} {
		want := ledger.Reply{Status: 200, Body: []byte(step.name)}
		got, replayed, err := o.Do(t.Context(), request(step.name, "one"), func(e *ledger.Entry) (ledger.Reply, error) { return want, step.op(e) })
		if err != nil || replayed || !sameReply(got, want) {
			t.Errorf("%s answers %+v, replayed %v (%v)", step.name, got, replayed, err)
		}
		if _, found, err := o.Replay(t.Context(), request(step.name, "one")); err != nil || found != step.kept {
			t.Errorf("%s is kept: %v (%v), want %v", step.name, found, err, step.kept)
		}
	}
}

func TestTwinsAtOnceAreBookedOnce(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	var ran, first atomic.Int64
	bodies := make([]string, 64)
	together(64, func(i int) {
		reply, replayed, err := o.Do(context.Background(), request("key", "one"), func(e *ledger.Entry) (ledger.Reply, error) {
			coupons, err := e.Issue("c", []string{"ann"})
			if err != nil {
				return ledger.Reply{}, err
			}
			return ledger.Reply{Status: 201, Body: fmt.Append(nil, coupons[0].ID, " of run ", ran.Add(1))}, nil
		})
		if err != nil {
			t.Errorf("twin %d: %v", i, err)
		}
		if !replayed {
			first.Add(1)
		}
		bodies[i] = string(reply.Body)
	})
	for i, body := range bodies {
		if body != bodies[0] || body == "" {
			t.Errorf("twin %d got %q, another %q", i, body, bodies[0])
		}
	}
	if held := o.holds("ann", ""); len(held) != 1 || ran.Load() != 1 || first.Load() != 1 {
		t.Errorf("ann holds %q, %d ran, %d were first", held, ran.Load(), first.Load())
	}
}

// Different requests at once under one key: one is booked, its twins get its
// reply, all others are refused.
func TestStrangersAtOnceUnderOneKey(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	var won, lost atomic.Int64
	together(64, func(i int) {
		content := fmt.Sprint(i % 8)
		reply, _, err := o.Do(context.Background(), request("key", content), func(e *ledger.Entry) (ledger.Reply, error) {
			_, err := e.Issue("c", []string{"ann"})
			return ledger.Reply{Status: 201, Body: []byte(content)}, err
		})
		switch {
		case err == nil && string(reply.Body) == content:
			won.Add(1)
		case err == nil:
			t.Errorf("request %q got the reply of %q", content, reply.Body)
		default:
			refused(t, "losing", err, ledger.KeyReused)
			lost.Add(1)
		}
	})
	if held := o.holds("ann", ""); len(held) != 1 || won.Load() != 8 || lost.Load() != 56 {
		t.Errorf("ann holds %q, %d won, %d lost, want 8 and 56", held, won.Load(), lost.Load())
	}
}

// Keys are kept for KeepReplies, to the instant, and then forgotten as others
// are stored.
func TestRepliesAreKeptLongEnoughAndNotForEver(t *testing.T) {
	if ledger.KeepReplies < 7*24*time.Hour {
		t.Fatalf("replies are kept for %v, Contract §3 says 7 days at least", ledger.KeepReplies)
	}
	o := newOffice(t)
	_, _, err := o.Do(t.Context(), request("old", "one"), blocking("ann", []byte("first")))
	o.must(err)
	for i, age := range []time.Duration{tick, 7 * 24 * time.Hour, ledger.KeepReplies - tick, ledger.KeepReplies} {
		o.at(age)
		_, _, err := o.Do(t.Context(), request(fmt.Sprint("other ", i), "one"), blocking("bob", nil))
		o.must(err)
		reply, replayed, err := o.Do(t.Context(), request("old", "one"), untouched(t))
		if err != nil || !replayed || string(reply.Body) != "first" {
			t.Errorf("after %v: %q, replayed %v (%v)", age, reply.Body, replayed, err)
		}
	}
	o.at(ledger.KeepReplies + tick)
	_, _, err = o.Do(t.Context(), request("the last straw", "one"), blocking("bob", nil))
	o.must(err)
	if _, err := o.store.Reply(t.Context(), "old"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("the old reply lies in the ledger for ever: %v", err)
	}
	_, replayed, err := o.Do(t.Context(), request("old", "two"), blocking("ann", nil))
	if err != nil || replayed {
		t.Errorf("the old key is not free: replayed %v (%v)", replayed, err)
	}
}
