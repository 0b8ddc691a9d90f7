//go:build bench

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestAStampedOrderIsWholeAndCarriesItsNumbers(t *testing.T) {
	body := orderBody(20)
	var in struct {
		Customer struct{ ID string }
		Order    struct {
			ID        string
			SubOrders []struct {
				Lines []struct {
					ID      string
					Product struct{ Type string }
				}
			} `json:"sub_orders"`
		}
	}
	if err := json.Unmarshal(quoteStamped(body, 12, 34567), &in); err != nil {
		t.Fatal(err)
	}
	if in.Order.ID != "ord-00000012" || in.Customer.ID != customerID(34567) {
		t.Errorf("order %s, customer %s", in.Order.ID, in.Customer.ID)
	}
	ids, excluded := map[string]bool{}, 0
	for _, sub := range in.Order.SubOrders {
		for _, l := range sub.Lines {
			ids[l.ID] = true
			if len(l.ID) != 12 {
				t.Errorf("line id %q", l.ID)
			}
			if l.Product.Type != "ordinary" {
				excluded++
			}
		}
	}
	if len(ids) != 20 || excluded != 2 {
		t.Errorf("%d different lines, %d excluded", len(ids), excluded)
	}
}

// TestTheLoadSendsEachRequestOnce also reads answers in both framings.
func TestTheLoadSendsEachRequestOnce(t *testing.T) {
	for framing, size := range map[string]int{"length": 100, "chunks": 50_000} {
		var mu sync.Mutex
		seen := map[string]int{}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var in struct{ Order, Customer struct{ ID string } }
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			mu.Lock()
			seen[in.Order.ID+in.Customer.ID]++
			mu.Unlock()
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(make([]byte, size))
		}))
		defer server.Close()
		goal := &target{connections: 4, pid: os.Getpid(), address: strings.TrimPrefix(server.URL, "http://"), load: load{
			template: newTemplate(quotesPath, orderBody(20)), ids: newEach, status: http.StatusCreated, requests: 42}}
		for range 2 {
			m, err := goal.measure(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if m.AnswerSize != int64(size) || m.CPUMicros <= 0 || m.PerSecond <= 0 || m.P50Micros > m.P99Micros {
				t.Errorf("%s: measured %+v", framing, m)
			}
		}
		if len(seen) != 84 {
			t.Errorf("%s: %d different requests, want 84", framing, len(seen))
		}
	}
}

func TestAnUnexpectedStatusEndsTheRound(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	goal := &target{connections: 4, pid: os.Getpid(), address: strings.TrimPrefix(server.URL, "http://"), load: load{
		template: newTemplate(quotesPath, orderBody(1)), ids: same, status: http.StatusCreated, requests: 4}}
	if _, err := goal.measure(context.Background()); err == nil || !strings.Contains(err.Error(), "answered 404") {
		t.Errorf("got %v", err)
	}
}

func TestPercentilesAndMedians(t *testing.T) {
	var sorted []time.Duration
	for n := range 200 {
		sorted = append(sorted, time.Duration(n+1))
	}
	if got := []time.Duration{percentile(sorted, 50), percentile(sorted, 99), percentile(sorted[:1], 99)}; !slices.Equal(got, []time.Duration{100, 198, 1}) {
		t.Errorf("got %v", got)
	}
	rounds := []measured{{CPUMicros: 9, PerSecond: 1}, {CPUMicros: 1, PerSecond: 3}, {CPUMicros: 2, PerSecond: 2}, {CPUMicros: 4, PerSecond: 8}}
	if m := median(rounds); m.CPUMicros != 3 || m.PerSecond != 2.5 {
		t.Errorf("got %+v", m)
	}
}

func TestACrowdDoesEachThingOnce(t *testing.T) {
	var done atomic.Int64
	latencies, err := crowd(7, 100, func(client int) error { done.Add(1); return nil })
	if err != nil || len(latencies) != 100 || done.Load() != 100 {
		t.Errorf("%d done, %d timed, %v", done.Load(), len(latencies), err)
	}
	if _, err := crowd(3, 100, func(client int) error { return errEnded }); !errors.Is(err, errEnded) {
		t.Errorf("got %v", err)
	}
}

func TestTheIDOfAnAnswerIsItsOwn(t *testing.T) {
	answer := []byte(`{"coupon_id":"cpn_1","id":"rdm_2","quote_id":"q_3","lines":[{"id":"rdm_4"}]}`)
	if got := idIn(answer, "rdm_"); got != "rdm_2" {
		t.Errorf("got %q", got)
	}
	if got := idIn(answer, "q_"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestKeysAreAsLongAsUUIDs(t *testing.T) {
	for _, key := range []string{quoted{number: 1}.key("reserve"), quoted{number: 12345678}.key("confirm")} {
		if len(key) != 36 {
			t.Errorf("%q has %d characters", key, len(key))
		}
	}
}

func TestTheCPUClockOfAProcessRuns(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); {
	}
	if after, err := cpuTime(os.Getpid()); err != nil || after <= before {
		t.Errorf("from %v to %v, %v", before, after, err)
	}
}
