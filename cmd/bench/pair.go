//go:build bench

// A pair: a quote is reserved, then confirmed, each under an idempotency key as
// a checkout sends one.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// pairing is a round's outcome.
type pairing struct {
	PerSecond   float64 `json:"pairs_per_second"`
	CPUMicros   float64 `json:"cpu_us_per_pair"`
	DatabaseCPU float64 `json:"database_cpu_us_per_pair,omitempty"` // of a server
	P50Micros   float64 `json:"p50_us"`
	P99Micros   float64 `json:"p99_us"`
}

func medianPairing(rounds []pairing) *pairing {
	return &pairing{
		PerSecond:   medianOf(rounds, func(p *pairing) float64 { return p.PerSecond }),
		CPUMicros:   medianOf(rounds, func(p *pairing) float64 { return p.CPUMicros }),
		DatabaseCPU: medianOf(rounds, func(p *pairing) float64 { return p.DatabaseCPU }),
		P50Micros:   medianOf(rounds, func(p *pairing) float64 { return p.P50Micros }),
		P99Micros:   medianOf(rounds, func(p *pairing) float64 { return p.P99Micros }),
	}
}

// timed runs n pairs by some clients at once, and takes the CPU time of a
// process and of a server, nil for none, meanwhile.
func timed(clients, n, pid int, server *postgres, pair func(client int) error) (pairing, error) {
	var database map[int]time.Duration
	var err error
	if server != nil {
		if database, err = server.processes(); err != nil {
			return pairing{}, err
		}
	}
	before, err := cpuTime(pid)
	if err != nil {
		return pairing{}, err
	}
	start := time.Now()
	latencies, err := crowd(clients, n, pair)
	took := time.Since(start)
	time.Sleep(settle)
	after, cpuErr := cpuTime(pid)
	var served time.Duration
	if server != nil {
		var serverErr error
		served, serverErr = server.cpuSince(database)
		cpuErr = errors.Join(cpuErr, serverErr)
	}
	if err := errors.Join(err, cpuErr); err != nil {
		return pairing{}, err
	}
	slices.Sort(latencies)
	pairs := float64(n)
	return pairing{PerSecond: pairs / took.Seconds(), CPUMicros: micros(after-before) / pairs, DatabaseCPU: micros(served) / pairs,
		P50Micros: micros(percentile(latencies, 50)), P99Micros: micros(percentile(latencies, 99))}, nil
}

// crowd has some clients do n things, each client its next when its last is
// done, and tells how long each took.
func crowd(clients, n int, do func(client int) error) ([]time.Duration, error) {
	latencies, errs := make([][]time.Duration, clients), make([]error, clients)
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				start := time.Now()
				if errs[client] = do(client); errs[client] != nil {
					return
				}
				latencies[client] = append(latencies[client], time.Since(start))
			}
		})
	}
	all.Wait()
	return slices.Concat(latencies...), errors.Join(errs...)
}

// shop is a sidecar whose customers have a coupon each, and how many of them
// have come.
type shop struct {
	side   *child
	order  template
	bought atomic.Int64
}

func newShop(side *child) *shop {
	return &shop{side: side, order: newTemplate(quotesPath, orderBody(bookLines))}
}

// quoted is an order with its quote.
type quoted struct {
	number int
	id     string
}

// quote asks for the quote of the next customer.
func (s *shop) quote(c *client) (quoted, error) {
	number := int(s.bought.Add(1)) - 1
	if err := c.exchange(s.wire(number), statusCreated); err != nil {
		return quoted{}, err
	}
	return quoted{number, idIn(c.body, "q_")}, nil
}

func (s *shop) wire(number int) []byte {
	wire := bytes.Clone(s.order.wire)
	s.order.stamp(wire, number, number)
	return wire
}

// book reserves and confirms.
func (q quoted) book(c *client) error {
	if err := c.exchange(q.reserve(), statusCreated); err != nil {
		return err
	}
	return c.exchange(q.confirm(idIn(c.body, "rdm_")), statusOK)
}

func (q quoted) reserve() []byte {
	body := `{"quote_id":"` + q.id + `"}`
	return fmt.Appendf(nil, "POST /v1/redemptions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"Idempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s", q.key("reserve"), len(body), body)
}

func (q quoted) confirm(redemption string) []byte {
	return fmt.Appendf(nil, "POST /v1/redemptions/%s/confirm HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: %s\r\nContent-Length: 0\r\n\r\n",
		redemption, q.key("confirm"))
}

// key is an idempotency key as long as a UUID.
func (q quoted) key(what string) string { return fmt.Sprintf("%s-%0*d", what, 35-len(what), q.number) }

// idIn is an answer's own id, "" if there is none.
func idIn(answer []byte, prefix string) string {
	_, rest, _ := bytes.Cut(answer, []byte(`"id":"`+prefix))
	rest, _, found := bytes.Cut(rest, []byte(`"`))
	if !found {
		return ""
	}
	return prefix + string(rest)
}

// measure quotes for n customers and times their pairs.
func (s *shop) measure(ctx context.Context, clients, n int, server *postgres) (pairing, error) {
	ctx, cancel := context.WithTimeout(ctx, roundLimit)
	defer cancel()
	connections, err := dial(ctx, s.side.data, clients)
	if err != nil {
		return pairing{}, err
	}
	defer func() {
		for _, c := range connections {
			c.close()
		}
	}()
	orders := make(chan quoted, n)
	if _, err := crowd(clients, n, func(client int) error {
		q, err := s.quote(connections[client])
		orders <- q
		return err
	}); err != nil {
		return pairing{}, err
	}
	return timed(clients, n, s.side.pid(), server, func(client int) error {
		return (<-orders).book(connections[client])
	})
}
