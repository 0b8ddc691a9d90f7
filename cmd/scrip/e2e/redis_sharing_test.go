// Replicas on one ledger and one Redis share their quotes (Contract §2, §4), and how a Redis is named to them.
package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scrip/cache/redistest"
)

// replicas starts two sidecars on one SQLite file, one key and one Redis.
func replicas(t *testing.T, redis string, opts ...option) (a, b *sidecar) {
	t.Helper()
	opts = append([]option{withFlag("cache", redis)}, opts...)
	a = start(t, opts...)
	return a, start(t, append(opts, withData(a.dir))...)
}

// oneQuote quotes new orders of the customer with one replica and then with the other, until both give one quote: a
// request does not wait long for Redis, so on a busy machine some quote may stay its maker's own.
func oneQuote(t *testing.T, from, to *sidecar, customer string) (first, second answer) {
	t.Helper()
	eventually(t, "two replicas give one quote", func() bool {
		body := orderOf(t, customer, `"O-1"`, quoted(unique("O")))
		first = from.post(t, "/v1/quotes", body).want(t, http.StatusCreated)
		second = to.post(t, "/v1/quotes", body).want(t, http.StatusCreated)
		var q, twin quote
		first.into(t, &q)
		second.into(t, &twin)
		return q.ID == twin.ID
	})
	return first, second
}

func TestReplicasOnOneRedisShareQuotes(t *testing.T) {
	t.Parallel()
	a, b := replicas(t, "redis://"+redistest.Start(t).Addr)
	customer := unique("c")
	a.give(t, customer, half)
	a.give(t, customer, tenth)
	for _, pair := range [][2]*sidecar{{a, b}, {b, a}} {
		first, second := oneQuote(t, pair[0], pair[1], customer)
		if !bytes.Equal(first.body, second.body) {
			t.Errorf("one quote, two answers:\n%s\n%s", first.body, second.body)
		}
		var q quote
		first.into(t, &q)
		if err := q.fault(); err != nil || q.Totals.CouponDiscount != "10.00" || len(q.Coupons) != 2 {
			t.Errorf("%v: %s", err, first.body)
		}
	}
	for _, s := range []*sidecar{a, b} {
		if s.metric(t, `scrip_quote_cache_lookups_total{result="redis"}`) == "0" || s.metric(t, "scrip_quote_cache_batch_size_count") == "0" {
			t.Error("the metrics tell nothing of Redis")
		}
		if garbage := s.metric(t, `scrip_quote_cache_errors_total{kind="garbage"}`); garbage != "0" {
			t.Errorf("%s values were garbage", garbage)
		}
	}
}

// foundByID makes new quotes with one replica until the other one finds one by its id.
func foundByID(t *testing.T, from, to *sidecar, customer string) {
	t.Helper()
	eventually(t, "another replica finds a quote by its id", func() bool {
		made := from.post(t, "/v1/quotes", orderOf(t, customer, `"O-1"`, quoted(unique("O")))).want(t, http.StatusCreated)
		var q quote
		made.into(t, &q)
		found := to.get(t, "/v1/quotes/"+q.ID)
		if found.status == http.StatusNotFound {
			return false
		}
		if found.want(t, http.StatusOK); !bytes.Equal(found.body, made.body) {
			t.Errorf("made %s\nfound %s", made.body, found.body)
		}
		return true
	})
}

func TestAQuoteIsFoundByItsIDOnAnotherReplica(t *testing.T) {
	t.Parallel()
	a, b := replicas(t, "redis://"+redistest.Start(t).Addr)
	foundByID(t, a, b, unique("c"))
	foundByID(t, b, a, unique("c"))
}

// A quote whose policy looks at now is not shared by its content, but still found by its id.
func TestAQuoteOfThisInstantIsFoundByItsIDOnly(t *testing.T) {
	t.Parallel()
	dir := policyFolder(t, map[string]string{"order/clock.rego": denial("order", "input.now > 0")})
	a, b := replicas(t, "redis://"+redistest.Start(t).Addr, withFlag("policies", dir))
	customer := unique("c")
	foundByID(t, a, b, customer)
	if first, second := a.quote(t, orderOf(t, customer)), b.quote(t, orderOf(t, customer)); first.ID == second.ID {
		t.Error("a quote of this instant is shared")
	}
}

// What one replica's Redis holds is nothing to a sidecar with another key.
func TestAForeignKeysQuotesAreNotTaken(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, foreign := start(t, withFlag("cache", "redis://"+server.Addr)), start(t, withFlag("cache", "redis://"+server.Addr))
	customer := unique("c") // without coupons: the content is the same for both ledgers
	for range 20 {
		body := orderOf(t, customer, `"O-1"`, quoted(unique("O")))
		if first, second := foreign.quote(t, body), a.quote(t, body); first.ID == second.ID {
			t.Fatalf("%s was taken", first.ID)
		}
	}
	if garbage := a.metric(t, `scrip_quote_cache_errors_total{kind="garbage"}`); garbage == "0" {
		t.Error("it never met the foreign values: this test shows nothing")
	}
}

func TestARedisMayBeNamedInAFileOrTheEnvironment(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "hunter2")
	address := "redis://:hunter2@" + server.Addr
	file := filepath.Join(t.TempDir(), "cache")
	write(t, file, address+"\n")
	for name, opt := range map[string]option{
		"flag":             withFlag("cache", address),
		"file flag":        withFlag("cache-file", file),
		"environment":      withEnv("SCRIP_CACHE=" + address),
		"environment file": withEnv("SCRIP_CACHE_FILE=" + file),
	} {
		s := start(t, opt)
		s.quote(t, orderOf(t, unique("c")))
		eventually(t, name+": Redis is asked", func() bool { return s.metric(t, "scrip_quote_cache_batch_size_count") != "0" })
		if strings.Contains(s.stderr.String(), "hunter2") {
			t.Errorf("%s: the password is in the log", name)
		}
	}
}

func TestABadCacheIsRefusedByItsFlagAndWithoutThePassword(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cache")
	write(t, file, "redis://u:hunter2@h/x")
	for _, c := range []struct {
		flag, value string
		opts        []option
	}{
		{flag: "cache", value: "redis://u:hunter2@h:port"},
		{flag: "cache", value: "hunter2"},
		{flag: "cache", value: "redis://u:hunter2/3@h"},
		{flag: "cache-file", value: file},
		{flag: "cache", value: "memory:", opts: []option{withFlag("cache-file", file)}},
	} {
		said := refused(t, append(c.opts, withFlag(c.flag, c.value))...)
		if !strings.Contains(said, "--"+c.flag) || strings.Contains(said, "hunter2") || strings.Contains(said, "goroutine") {
			t.Errorf("--%s: %s", c.flag, said)
		}
		if len(c.opts) == 0 && !strings.Contains(said, "redis://user:password@host:6379/0") {
			t.Errorf("it does not say what to write: %s", said)
		}
	}
}

// A sidecar starts without its Redis, says so, and shares quotes once it is there.
func TestARedisThatComesLater(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	a, b := replicas(t, "redis://"+server.Addr)
	customer := unique("c")
	for range 3 {
		a.quote(t, orderOf(t, customer))
	}
	if said := a.stderr.String(); !strings.Contains(said, `"level":"WARN"`) || !strings.Contains(said, server.Addr) {
		t.Errorf("the log does not warn:\n%s", said)
	}
	if open := a.metric(t, "scrip_quote_cache_breaker_open"); open != "1" {
		t.Errorf("the breaker's metric is %q", open)
	}
	server.Restart()
	oneQuote(t, a, b, customer)
}

// A shared quote ends in Redis when it ends.
func TestASharedQuoteEnds(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := replicas(t, "redis://"+server.Addr, withFlag("quote-ttl", "1s"))
	customer := unique("c")
	first, _ := oneQuote(t, a, b, customer)
	var q quote
	first.into(t, &q)
	plain := server.Client()
	eventually(t, "Redis is empty", func() bool { return plain.DBSize(t.Context()).Val() == 0 })
	if early := time.Until(q.ExpiresAt); early > 50*time.Millisecond {
		t.Errorf("it was gone %v before its end", early)
	}
	eventually(t, "it has expired", func() bool { return !time.Now().Before(q.ExpiresAt) })
	for name, s := range map[string]*sidecar{"maker": a, "finder": b} {
		if found := s.get(t, "/v1/quotes/"+q.ID); found.status != http.StatusNotFound {
			t.Error(fmt.Sprint(name, " still has it: ", found.status))
		}
	}
}
