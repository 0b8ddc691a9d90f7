//go:build bench

// How long a sidecar is away that was killed: with many coupons in its ledger
// and under a little load, from SIGKILL to the 200 of the next one's /readyz.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	readyRounds  = 5
	readyBatch   = 10_000 // coupons a call, the most there can be
	readyClients = 4
	readyPairs   = 100 // booked before each kill
)

// readiness is a row of the table.
type readiness struct {
	Row         string    `json:"row"`
	Store       string    `json:"store"`
	Skipped     string    `json:"skipped,omitempty"`
	Coupons     int       `json:"coupons,omitempty"`
	FillSeconds float64   `json:"fill_seconds,omitempty"`
	Bytes       int64     `json:"ledger_bytes,omitempty"`
	Median      float64   `json:"median_seconds,omitempty"`
	Max         float64   `json:"max_seconds,omitempty"`
	Rounds      []float64 `json:"rounds_seconds,omitempty"`
}

func readyRowName(store string) string { return "ready-" + store }

func readyRowNames() []string { return []string{readyRowName(onSQLite), readyRowName(onPostgres)} }

// ready measures the rows that are wanted.
func (y *yard) ready() (rows []*readiness, err error) {
	for _, store := range []string{onSQLite, onPostgres} {
		if !y.settings.wants(readyRowName(store)) {
			continue
		}
		row := &readiness{Row: readyRowName(store), Store: store, Coupons: y.settings.coupons}
		err := y.readyOn(row)
		y.endChildren()
		var missing *missingError
		if errors.As(err, &missing) {
			row.Skipped, err = missing.Error(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row.Row, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (y *yard) readyOn(row *readiness) error {
	progress("starting %s", row.Store)
	s, err := newStore(y, row.Store)
	if err != nil {
		return err
	}
	if err := s.create(y, "ready", ""); err != nil {
		return err
	}
	side, err := s.serve(y, "ready")
	if err != nil {
		return err
	}
	start := time.Now()
	if err := issueMany(side, row.Coupons); err != nil {
		return err
	}
	row.FillSeconds = time.Since(start).Seconds()
	shop := newShop(side)
	for n := range readyRounds {
		stop, err := shop.bustle(y)
		if err != nil {
			return err
		}
		killed := time.Now()
		shop.side.kill()
		if shop.side, err = s.serve(y, "ready"); err != nil {
			return err
		}
		if err := untilReady(shop.side); err != nil {
			return err
		}
		row.Rounds = append(row.Rounds, time.Since(killed).Seconds())
		stop()
		progress("%s: kill %d of %d: ready after %.2f s", row.Row, n+1, readyRounds, row.Rounds[n])
	}
	row.Median, row.Max = medianOf(row.Rounds, func(s *float64) float64 { return *s }), slices.Max(row.Rounds)
	row.Bytes, err = s.size(y, "ready")
	return err
}

// issueMany gives so many customers a coupon each.
func issueMany(side *child, coupons int) error {
	admin := "http://" + side.admin + "/admin/v1/campaigns"
	if _, err := post(admin, []byte(`{"id":"many","name":"many","discount":{"percent":"5"}}`), adminToken, statusCreated); err != nil {
		return err
	}
	progress("issuing %d coupons", coupons)
	for from := 0; from < coupons; from += readyBatch {
		var ids []string
		for n := from; n < min(from+readyBatch, coupons); n++ {
			ids = append(ids, customerID(n))
		}
		body, err := json.Marshal(map[string][]string{"customer_ids": ids})
		if err != nil {
			return err
		}
		if _, err := post(admin+"/many/coupons", body, adminToken, statusCreated); err != nil {
			return err
		}
	}
	return nil
}

// bustle has a few clients quote and book until the sidecar is gone, and
// returns when some pairs are booked. stop waits for the clients.
func (s *shop) bustle(y *yard) (stop func(), err error) {
	connections, err := dial(y.ctx, s.side.data, readyClients)
	if err != nil {
		return nil, err
	}
	var booked atomic.Int64
	var all sync.WaitGroup
	for _, c := range connections {
		all.Go(func() {
			defer c.close()
			for {
				q, err := s.quote(c)
				if err == nil {
					err = q.book(c)
				}
				if err != nil {
					return
				}
				booked.Add(1)
			}
		})
	}
	for deadline := time.Now().Add(patience); booked.Load() < readyPairs; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%d pairs after %v", booked.Load(), patience)
		}
	}
	return all.Wait, nil
}

// untilReady asks until the sidecar says that it is ready.
func untilReady(side *child) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		answer, err := plainClient.Get("http://" + side.admin + "/readyz")
		if err != nil {
			continue
		}
		_ = answer.Body.Close() // the status is all
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("not ready after %v:\n%s", patience, side.transcript())
}
