// Redis killed, frozen, slow, black-holed, cut, flushed and poisoned under load: no request fails and every price is right.
package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"scrip/cache/redistest"
	"scrip/engine/prove"
)

func TestARedisThatFailsUnderLoad(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	link := redistest.NewLink(t, server.Addr)
	a, b := replicas(t, "redis://"+link.Addr)
	s := gatherShoppers(t, a, b, 4)
	defer s.disperse(t)
	answers := prove.Count(60, 2_000)
	s.more(t, answers)
	for _, outage := range []struct {
		name       string
		begin, end func()
	}{
		{"killed", server.Kill, server.Restart},
		{"frozen", server.Freeze, server.Thaw},
		{"slow", func() { link.Slow(time.Second) }, link.Heal},
		{"black hole", link.BlackHole, link.Heal},
		{"cut", link.Reset, link.Heal},
	} {
		outage.begin()
		s.breakers(t, "1")
		s.more(t, answers)
		outage.end()
		s.breakers(t, "0")
		s.more(t, answers)
		t.Logf("%s: done after %d answers", outage.name, s.answers.Load())
	}
}

func TestAPoisonedRedisUnderLoad(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := replicas(t, "redis://"+server.Addr)
	foreign := start(t, withFlag("cache", "redis://"+server.Addr+"/1"))
	s := gatherShoppers(t, a, b, 3)
	defer s.disperse(t)
	plain := server.Client()
	for name, spoil := range spoilers(t.Context(), plain) {
		from, until := s.answers.Load(), int64(prove.Count(100, 2_000))
		eventually(t, name, func() bool {
			keys, err := plain.Keys(t.Context(), "scrip:*").Result()
			if err == nil && len(keys) > 1 {
				err = spoil(keys)
			}
			if err != nil {
				t.Fatal(err)
			}
			return s.answers.Load() >= from+until
		})
	}
	s.foreignValues(t, foreign, server)
	for _, side := range []*sidecar{a, b} {
		eventually(t, "garbage is counted", func() bool { return side.metric(t, `scrip_quote_cache_errors_total{kind="garbage"}`) != "0" })
	}
}

// spoilers are ways to spoil what stands under the real keys.
func spoilers(ctx context.Context, plain *redis.Client) map[string]func(keys []string) error {
	return map[string]func(keys []string) error{
		"flushed": func([]string) error { return plain.FlushDB(ctx).Err() },
		"garbage": func(keys []string) error {
			return each(keys, func(key string) error { return plain.Set(ctx, key, "garbage of "+key, time.Minute).Err() })
		},
		"another type": func(keys []string) error {
			return each(keys, func(key string) error {
				_, err := plain.TxPipelined(ctx, func(p redis.Pipeliner) error {
					p.Del(ctx, key)
					p.RPush(ctx, key, "x")
					return nil
				})
				return err
			})
		},
		"other orders' values": func(keys []string) error {
			return each(keys[1:], func(key string) error { return plain.Copy(ctx, keys[0], key, 0, true).Err() })
		},
	}
}

func each(keys []string, do func(key string) error) error {
	for _, key := range keys {
		if err := do(key); err != nil {
			return err
		}
	}
	return nil
}

// foreignValues puts another key's quotes of the same content under the real keys before the replicas are asked.
func (s *shoppers) foreignValues(t *testing.T, foreign *sidecar, server *redistest.Server) {
	t.Helper()
	theirs := map[string]string{}
	for i := range 20 {
		order := fmt.Sprintf("F-%d", i)
		q := s.ask(foreign, s.plain[0], order, 300, false)
		theirs[order] = q.ID
	}
	plain := server.Client()
	other := redis.NewClient(&redis.Options{Addr: server.Addr, DB: 1})
	defer other.Close()
	keys, err := other.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("the foreign sidecar wrote %d keys, %v", len(keys), err)
	}
	for _, key := range keys {
		value, err := other.Get(t.Context(), key).Bytes()
		if err == nil {
			err = plain.Set(t.Context(), key, value, time.Hour).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for order, id := range theirs {
		for _, side := range []*sidecar{s.a, s.b} {
			if q := s.ask(side, s.plain[0], order, 300, false); q.ID == id {
				t.Errorf("%s: the foreign quote %s was taken", order, id)
			}
		}
	}
}

// With the breaker open a request costs no more than it usually does. On a busy machine that is only printed.
func TestAnOpenBreakerCostsNoTime(t *testing.T) {
	server := redistest.Start(t)
	a, b := replicas(t, "redis://"+server.Addr)
	s := gatherShoppers(t, a, b, 2)
	defer s.disperse(t)
	var usual, open []time.Duration
	for range prove.Count(1, 5) {
		s.breakers(t, "0")
		s.more(t, 20)
		usual = append(usual, s.more(t, prove.Count(300, 2_000)).percentile(99))
		server.Freeze()
		s.breakers(t, "1")
		open = append(open, s.more(t, prove.Count(300, 2_000)).percentile(99))
		server.Thaw()
	}
	slices.Sort(usual)
	slices.Sort(open)
	before, during := usual[len(usual)/2], open[len(open)/2]
	t.Logf("p99 usually %v, with the breaker open %v", before, during)
	if os.Getenv("SCRIP_PROVE") != "" && during > before+5*time.Millisecond {
		t.Errorf("p99 %v with the breaker open, usually %v", during, before)
	}
}
