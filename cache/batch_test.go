// What goes to Redis together, what is counted, and what a new quote costs.
package cache

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scrip/cache/redistest"
)

// What waits at the same time goes out together.
func TestQuestionsThatWaitTogetherGoTogether(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := join(t, "redis://"+server.Addr)
	server.Freeze()
	const crowd = 200
	var wg sync.WaitGroup
	for i := range crowd {
		wg.Go(func() {
			q := quote(fmt.Sprint(i), time.Hour)
			keeps(t, r, q.ID, q, now, q)
		})
	}
	redistest.Eventually(t, "the crowd waits", func() bool { return len(r.batches.waiting) >= crowd-(1+spareLanes)*maxBatch })
	server.Thaw()
	wg.Wait()
	sizes, trips, asked := r.Stats().BatchSizes, uint64(0), uint64(0)
	for size, n := range sizes {
		trips += n
		asked += n * uint64(size)
	}
	if asked != crowd || trips > crowd/4 {
		t.Errorf("%d questions in %d round trips: %v", asked, trips, sizes)
	}
	for i := range crowd {
		if n := r.client.Exists(t.Context(), redisKey(fmt.Sprint(i))).Val(); n != 1 {
			t.Fatalf("%d is not in Redis", i)
		}
	}
}

// A round trip that takes its time does not hold up who comes later: spare lanes ask beside it.
func TestASlowRoundTripHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	deaf := startDeaf(t, redisKey("slow"))
	r := join(t, "redis://"+deaf.Addr().String())
	first := question{key: redisKey("slow")}
	if err := r.batches.submit(&first); err != nil {
		t.Fatal(err)
	}
	<-deaf.heard // on the usual lane
	finds(t, r, "quick", now, nil)
	select {
	case <-first.done:
		t.Error("it waited for the slow one")
	default:
	}
	if n := r.Stats().Errors[kindTimeout]; n > 0 {
		t.Error("it waited in vain")
	}
	close(deaf.answer)
	<-first.done
}

// Another replica's quote that comes between our two commands, looking and writing, is the first.
func TestWhoComesBetweenTwoCommandsIsFirst(t *testing.T) {
	t.Parallel()
	theirs := quote("theirs", time.Hour)
	value, err := newSealer(secret).seal(redisKey("k"), theirs)
	if err != nil {
		t.Fatal(err)
	}
	between := startDeaf(t, "", "", string(value))
	r := join(t, "redis://"+between.Addr().String())
	keeps(t, r, "k", quote("ours", time.Hour), now, theirs)
}

// deafRedis takes nothing, shows what it is told to, and answers one key only when it is told to.
type deafRedis struct {
	net.Listener
	heard, answer chan struct{}
	shown         chan string // what the next looks find; then nothing
}

func startDeaf(t *testing.T, key string, shown ...string) *deafRedis {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &deafRedis{l, make(chan struct{}), make(chan struct{}), make(chan string, len(shown))}
	for _, value := range shown {
		d.shown <- value
	}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { d.serve(conn, key) })
		}
	})
	t.Cleanup(func() { // after the replica has left
		_ = l.Close()
		connections.Wait()
	})
	return d
}

// serve reads commands word by word; a word is a line after the line of its length.
func (d *deafRedis) serve(conn net.Conn, key string) {
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		reply := ""
		switch strings.ToLower(lines.Text()) {
		case "hello":
			reply = "-ERR unknown command\r\n"
		case "ping":
			reply = "+PONG\r\n"
		case "set":
			reply = "$-1\r\n"
		case "getrange":
			value := ""
			select {
			case value = <-d.shown:
			default:
			}
			reply = fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
			lines.Scan()
			lines.Scan()
			if lines.Text() == key {
				close(d.heard)
				<-d.answer
			}
		}
		if _, err := conn.Write([]byte(reply)); err != nil {
			return
		}
	}
}

// Each quote that was looked for counts once.
func TestCounts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := join(t, "redis://"+server.Addr), join(t, "redis://"+server.Addr)
	q := quote("q", time.Hour)
	a.Keep(t.Context(), "k", q, now) // a miss
	a.Known("k", now)                // near
	a.Find(t.Context(), "k", now)    // near
	b.Find(t.Context(), "k", now)    // Redis
	b.Find(t.Context(), "none", now) // a miss
	b.Keep(t.Context(), "k", q, now) // near
	if s := a.Stats(); s.NearHits != 2 || s.RedisHits != 0 || s.Misses != 1 || s.BreakerOpen || s.BatchSizes[1] != 1 {
		t.Errorf("%+v", s)
	}
	if s := b.Stats(); s.NearHits != 1 || s.RedisHits != 1 || s.Misses != 1 || s.BatchSizes[1] != 2 {
		t.Errorf("%+v", s)
	}
	c := join(t, "redis://"+server.Addr)
	c.Keep(t.Context(), "k", quote("late", time.Hour), now) // Redis
	if s := c.Stats(); s.NearHits != 0 || s.RedisHits != 1 || s.Misses != 0 {
		t.Errorf("%+v", s)
	}
	m := open(t, MemoryBytes)
	m.Keep(t.Context(), "k", q, now)
	m.Known("k", now)
	m.Find(t.Context(), "none", now)
	if s := m.Stats(); s.NearHits != 1 || s.Misses != 2 || s.Errors != nil {
		t.Errorf("%+v", s)
	}
}

// BenchmarkKeep is a new quote each time, four at once.
func BenchmarkKeep(b *testing.B) {
	server := redistest.Start(b)
	r := join(b, "redis://"+server.Addr)
	q := bulk()
	var n atomic.Int64
	b.SetParallelism(2)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Keep(b.Context(), fmt.Sprintf("4f0k2j9d8s7a6b5c%08d", n.Add(1)), q, now)
		}
	})
	s := r.Stats()
	b.ReportMetric(float64(b.N)/float64(sum(s.BatchSizes)), "quotes/trip")
}
