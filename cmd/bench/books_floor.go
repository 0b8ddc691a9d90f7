//go:build bench

// What the books' statements cost by themselves: those of the product's own
// transactions, recorded while it books in this process, run bare on copies of
// the ledger.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"scrip/cache"
	"scrip/cmd/scrip/httpapi"
	"scrip/engine"
	"scrip/engine/keys"
	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
	"scrip/engine/policy"
	"scrip/policies"
)

// recorded is a pair's two transactions.
type recorded struct{ reserve, confirm sqlstore.Transaction }

// recorders is how many pairs are recorded at once.
const recorders = 16

// record books n pairs on a copy of the filled ledger.
func (y *yard) record(s *store, n int) (pairs []recorded, err error) {
	progress("recording %d pairs on %s", n, s.name)
	if err := s.create(y, "recorded", "filled"); err != nil {
		return nil, err
	}
	handler, closeIt, err := s.inProcess(y.ctx, "recorded")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeIt()) }()
	shop := newShop(nil)
	pairs = make([]recorded, n)
	_, err = crowd(recorders, n, func(int) error {
		q := quoted{number: int(shop.bought.Add(1)) - 1}
		answer, err := serveWire(y.ctx, handler, shop.wire(q.number), statusCreated)
		if err != nil {
			return err
		}
		q.id = idIn(answer, "q_")
		pair := &pairs[q.number]
		if answer, err = serveWire(sqlstore.Recorded(y.ctx, &pair.reserve), handler, q.reserve(), statusCreated); err != nil {
			return err
		}
		_, err = serveWire(sqlstore.Recorded(y.ctx, &pair.confirm), handler, q.confirm(idIn(answer, "rdm_")), statusOK)
		return err
	})
	return pairs, err
}

// serveWire has a handler answer a request.
func serveWire(ctx context.Context, handler http.Handler, wire []byte, want int) ([]byte, error) {
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	if err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request.WithContext(ctx))
	if answer.Code != want {
		return nil, fmt.Errorf("answered %d, not %d: %s", answer.Code, want, answer.Body)
	}
	return answer.Body.Bytes(), nil
}

// inProcess is the product's data listener over a ledger that remembers its
// transactions, wired as `scrip serve` does.
func (s *store) inProcess(ctx context.Context, name string) (_ http.Handler, closeIt func() error, err error) {
	text, err := os.ReadFile(filepath.Join(s.data, "key")) // the sidecar has made it
	if err != nil {
		return nil, nil, err
	}
	master, err := keys.Parse(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, nil, err
	}
	evaluators := policy.NewEvaluators(recorders)
	active, err := policy.Activate(ctx, func(ctx context.Context) (*policy.Snapshot, error) {
		return policy.Load(ctx, policy.Folder("built in", policies.FS),
			policy.Options{Timeout: policy.Timeout, Memo: true, Evaluators: evaluators, Alarm: func(string) {}}, time.Now())
	})
	if err != nil {
		return nil, nil, err
	}
	quotes, err := cache.NewMemory(cache.MemoryBytes)
	if err != nil {
		return nil, nil, err
	}
	books, err := sqlstore.OpenRecorded(ctx, s.where(name))
	if err != nil {
		return nil, nil, err
	}
	closeIt = func() error {
		evaluators.Close()
		return errors.Join(books.Close(), quotes.Close())
	}
	book, err := ledger.Open(ctx, books, master, time.Now)
	if err != nil {
		return nil, nil, errors.Join(err, closeIt())
	}
	log := slog.New(slog.DiscardHandler)
	const life = 30 * time.Minute // of quotes and holds
	api := &httpapi.API{Book: book, Policies: active, HoldTTL: life, Log: log, Metrics: httpapi.NewMetrics(),
		Engine: &engine.Engine{Policies: active, Books: book, Quotes: quotes, Clock: time.Now, TTL: life, Log: log}}
	return api.Data(), closeIt, nil
}

// floorsOf opens a row's floors: on SQLite with a commit for each transaction
// and with one for all that wait, as the product does it; Postgres has the first
// only.
func (y *yard) floorsOf(s *store, row *bookRow, pairs []recorded) (floors []*contender, err error) {
	groups := []int{1, bookGroup}
	if s.server != nil {
		groups = groups[:1]
	}
	for _, group := range groups {
		name := fmt.Sprintf("floor_%d_%d", row.Clients, group)
		if err := s.create(y, name, "filled"); err != nil {
			return floors, err
		}
		floor, err := sqlstore.OpenFloor(y.ctx, s.where(name), row.Clients, group)
		if err != nil {
			return floors, err
		}
		f := &floorRow{Group: group}
		row.Floors = append(row.Floors, f)
		run := &floorRun{floor: floor, pairs: pairs, clients: row.Clients, round: y.settings.pairs, server: s.server}
		floors = append(floors, &contender{name: s.name + " " + name, into: &f.Rounds, measure: run.measure, check: run.check, close: floor.Close})
	}
	return floors, nil
}

// floorRun runs the pairs on one floor, the next ones each round.
type floorRun struct {
	floor   *sqlstore.Floor
	pairs   []recorded
	clients int
	round   int // pairs in each
	done    int
	server  *postgres
}

func (r *floorRun) measure(ctx context.Context) (pairing, error) {
	ctx, cancel := context.WithTimeout(ctx, roundLimit)
	defer cancel()
	orders := make(chan *recorded, r.round)
	for i := range r.round {
		orders <- &r.pairs[r.done+i]
	}
	r.done += r.round
	return timed(r.clients, r.round, os.Getpid(), r.server, func(client int) error {
		pair := <-orders
		if err := r.floor.Run(ctx, client, &pair.reserve); err != nil {
			return err
		}
		return r.floor.Run(ctx, client, &pair.confirm)
	})
}

// check sees that the statements have done what they did for the product.
func (r *floorRun) check(ctx context.Context) error {
	confirmed, err := r.floor.Confirmed(ctx)
	if err == nil && confirmed != r.done {
		err = fmt.Errorf("%d of %d redemptions are confirmed", confirmed, r.done)
	}
	return err
}
