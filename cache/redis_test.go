// Quotes in a real Redis: who wins, what is written, and what garbage, other keys and full servers cost.
package cache

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"scrip/cache/redistest"
	"scrip/engine"
)

var _ engine.Quotes = (*Redis)(nil)

func TestAValueStandsUnderItsKeyUntilTheQuoteEnds(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	plain := server.Client()
	r := join(t, "redis://"+server.Addr)
	q := bulk()
	r.Keep(t.Context(), "abc", q, now.Add(10*time.Minute))
	keys, err := plain.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 || keys[0] != "scrip:q1:{abc}" {
		t.Fatalf("keys %v, %v", keys, err)
	}
	life, err := plain.PTTL(t.Context(), keys[0]).Result()
	if err != nil || life > 50*time.Minute || life < 50*time.Minute-time.Minute {
		t.Errorf("it stays for %v, %v", life, err)
	}
	value, err := plain.Get(t.Context(), keys[0]).Bytes()
	if err != nil || len(value) > 1700 {
		t.Errorf("%d bytes, %v", len(value), err)
	}
}

// garbage is what may stand under a real key that is no quote for it.
func garbage(t *testing.T, name string) map[string]func(c *redis.Client) error {
	t.Helper()
	value := func(secret, key string, q *engine.Quote) string {
		value, err := newSealer([]byte(secret)).seal(key, q)
		if err != nil {
			t.Fatal(err)
		}
		return string(value)
	}
	older := signed(newSealer(secret), name, nil)
	older[0]++
	text := func(value string) func(*redis.Client) error {
		return func(c *redis.Client) error { return c.Set(t.Context(), name, value, 0).Err() }
	}
	return map[string]func(c *redis.Client) error{
		"noise":                 text("\x00\xff garbage"),
		"one byte":              text("x"),
		"another secret's":      text(value("another secret", name, quote("foreign", time.Hour))),
		"another key's":         text(value(string(secret), "scrip:q1:{other}", quote("moved", time.Hour))),
		"another version":       text(string(older)),
		"of authentic nonsense": text(string(signed(newSealer(secret), name, []byte("nonsense")))),
		"over":                  text(value(string(secret), name, quote("over", -time.Minute))),
		"huge":                  text(strings.Repeat("x", maxValueBytes+2)),
		"a list":                func(c *redis.Client) error { return c.RPush(t.Context(), name, "x").Err() },
		"a hash":                func(c *redis.Client) error { return c.HSet(t.Context(), name, "x", "y").Err() },
	}
}

func TestGarbageIsAMissAndIsReplaced(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	plain := server.Client()
	for name, spoil := range garbage(t, "scrip:q1:{k}") {
		t.Run(name, func(t *testing.T) {
			plain.FlushAll(t.Context())
			if err := spoil(plain); err != nil {
				t.Fatal(err)
			}
			a, b := join(t, "redis://"+server.Addr), join(t, "redis://"+server.Addr)
			finds(t, a, "k", now, nil)
			q := quote("q", time.Hour)
			keeps(t, a, "k", q, now, q)
			finds(t, b, "k", now, q)
			keeps(t, b, "k", quote("second", time.Hour), now, q)
			if life := plain.PTTL(t.Context(), "scrip:q1:{k}").Val(); life <= 0 || life > time.Hour {
				t.Errorf("it stays for %v", life)
			}
			if a.Stats().Errors[kindGarbage] == 0 && name != "over" {
				t.Error("garbage was not counted")
			}
		})
	}
}

// Replicas that find garbage at the same time agree on one quote all the same.
func TestRacersOverGarbageAgree(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	plain := server.Client()
	var replicas [4]*Redis
	for i := range replicas {
		replicas[i] = join(t, "redis://"+server.Addr)
	}
	for round := range 30 {
		key := fmt.Sprint("k", round)
		plain.Set(t.Context(), redisKey(key), "garbage", 0)
		var kept [len(replicas)]*engine.Quote
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for i, r := range replicas {
			wg.Go(func() {
				<-gate
				kept[i] = r.Keep(t.Context(), key, quote(fmt.Sprint(i), time.Hour), now)
			})
		}
		close(gate)
		wg.Wait()
		for i := range kept {
			if kept[i].ID != kept[0].ID {
				t.Fatalf("round %d: replica %d has %s, replica 0 %s", round, i, kept[i].ID, kept[0].ID)
			}
		}
	}
}

// A replica whose own quote is not the one in Redis takes that one as soon as it learns of it.
func TestWhatStandsInRedisReplacesWhatIsNear(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := join(t, "redis://"+server.Addr), join(t, "redis://"+server.Addr)
	shared, own := quote("shared", time.Hour), quote("own", time.Minute)
	keeps(t, a, "k", shared, now, shared)
	b.near.Keep(t.Context(), "k", own, now) // as after an outage
	if known, _ := b.Known("k", now); known != own {
		t.Fatal("its own is not known")
	}
	keeps(t, b, "k", quote("third", time.Hour), now.Add(time.Minute), shared)
	if known, ok := b.Known("k", now); !ok || known.ID != "shared" {
		t.Errorf("%s is known", idOf(known))
	}
}

// A Redis that takes no more is no reason not to quote, nor not to find what it has.
func TestAFullRedisStillAnswers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := join(t, "redis://"+server.Addr), join(t, "redis://"+server.Addr)
	early := quote("early", time.Hour)
	keeps(t, a, "early", early, now, early)
	server.Client().ConfigSet(t.Context(), "maxmemory", "1")
	for i := range failuresInARow * 2 {
		q := quote(fmt.Sprint(i), time.Hour)
		keeps(t, a, q.ID, q, now, q)
	}
	finds(t, b, "early", now, early)
	if s := a.Stats(); s.BreakerOpen || s.Errors[kindRefused] != failuresInARow*2 {
		t.Errorf("%+v", s)
	}
}

// Users need what README says and no more; without scripts garbage stays, and nothing else changes.
func TestAUserWithFewRights(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "boss",
		"--user", "app", "on", ">p@ss:w/rd", "~scrip:*", "-@all", "+ping", "+set", "+getrange", "+eval",
		"--user", "less", "on", ">less", "~scrip:*", "-@all", "+ping", "+set", "+getrange")
	app, less := "redis://app:p%40ss%3Aw%2Frd@"+server.Addr, "redis://less:less@"+server.Addr
	a, b, c := join(t, app), join(t, app), join(t, less)
	q := quote("q", time.Hour)
	keeps(t, a, "k", q, now, q)
	finds(t, b, "k", now, q)
	finds(t, c, "k", now, q)
	for i := range fewest {
		key := fmt.Sprint("bad", i)
		if err := a.client.Set(t.Context(), redisKey(key), "garbage", 0).Err(); err != nil {
			t.Fatal(err)
		}
		keeps(t, c, key, quote("mine", time.Hour), now, quote("mine", 0))
	}
	if s := c.Stats(); s.BreakerOpen || s.Errors[kindRefused] != fewest {
		t.Errorf("%+v", s)
	}
	keeps(t, a, "bad0", q, now, q)
	finds(t, b, "bad0", now, q)
}

func TestAWrongPasswordIsAWarningWithoutThePassword(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "boss")
	log := new(journal)
	r := joinAs(t, "redis://:guess-me@"+server.Addr, secret, patient, log)
	q := quote("q", time.Hour)
	keeps(t, r, "k", q, now, q)
	finds(t, r, "k", now, q)
	if said := log.String(); !strings.Contains(said, "WRONGPASS") || !strings.Contains(said, `"level":"WARN"`) ||
		!strings.Contains(said, server.Addr) || strings.Contains(said, "guess-me") {
		t.Errorf("the log says %s", said)
	}
	if !r.Stats().BreakerOpen {
		t.Error("the breaker is closed")
	}
}

// The largest order there may be fits into a value.
func TestAQuoteOfAThousandLinesIsShared(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := join(t, "redis://"+server.Addr), join(t, "redis://"+server.Addr)
	q := bulk()
	lines := q.SubOrders[0].Lines
	for len(q.SubOrders[0].Lines) < 1000 {
		q.SubOrders[0].Lines = append(q.SubOrders[0].Lines, lines...)
	}
	for len(q.Coupons) < 1000 {
		q.Coupons = append(q.Coupons, q.Coupons...)
	}
	keeps(t, a, "k", q, now, q)
	finds(t, b, "k", now, q)
	if size := a.client.StrLen(t.Context(), redisKey("k")).Val(); size > 200_000 || size < 10_000 {
		t.Errorf("%d bytes", size)
	}
	if !bytes.HasPrefix([]byte(redisKey("k")), []byte("scrip:q1:{")) {
		t.Error(redisKey("k"))
	}
}
