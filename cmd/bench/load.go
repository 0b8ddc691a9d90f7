//go:build bench

// The load: a closed loop of some connections, each sending its next request
// when the last one is answered. The client is written for this alone, so that
// it takes little of the CPU that it shares with the server.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// settle lets a server finish what it does behind its answers; its CPU
	// time counts too.
	settle = 50 * time.Millisecond
	// roundLimit ends a round with a server that hangs.
	roundLimit = 5 * time.Minute
)

// target is a server with the requests it gets.
type target struct {
	connections               int
	pid                       int
	address                   string
	load                      load
	requestBytes, answerBytes int
}

// load is the requests of a round.
type load struct {
	template template
	ids      func(n int) (order, customer int)
	status   int
	requests int
	sent     atomic.Int64 // in all rounds
}

// measured is a round's outcome.
type measured struct {
	CPUMicros  float64 `json:"cpu_us_per_request"`
	PerSecond  float64 `json:"requests_per_second"`
	P50Micros  float64 `json:"p50_us"`
	P99Micros  float64 `json:"p99_us"`
	AnswerSize int64   `json:"answer_bytes"`
}

// measure runs one round.
func (t *target) measure(ctx context.Context) (measured, error) {
	ctx, cancel := context.WithTimeout(ctx, roundLimit)
	defer cancel()
	clients, err := dial(ctx, t.address, t.connections)
	if err != nil {
		return measured{}, err
	}
	before, err := cpuTime(t.pid)
	if err != nil {
		return measured{}, fmt.Errorf("CPU clock of process %d: %w", t.pid, err)
	}
	began := time.Now()
	latencies, err := t.load.run(clients)
	took := time.Since(began)
	time.Sleep(settle)
	after, cpuErr := cpuTime(t.pid)
	if err := errors.Join(err, cpuErr, ctx.Err()); err != nil {
		return measured{}, err
	}
	slices.Sort(latencies)
	n := float64(len(latencies))
	return measured{
		CPUMicros:  micros(after-before) / n,
		PerSecond:  n / took.Seconds(),
		P50Micros:  micros(percentile(latencies, 50)),
		P99Micros:  micros(percentile(latencies, 99)),
		AnswerSize: int64(len(clients[0].body)),
	}, nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// percentile is the smallest value that p percent do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

// run shares the requests out among the clients and closes them.
func (l *load) run(clients []*client) ([]time.Duration, error) {
	latencies := make([][]time.Duration, len(clients))
	errs := make([]error, len(clients))
	var all sync.WaitGroup
	for i, c := range clients {
		share := (l.requests + i) / len(clients)
		latencies[i] = make([]time.Duration, 0, share)
		all.Go(func() {
			defer c.close()
			wire := bytes.Clone(l.template.wire)
			for range share {
				order, customer := l.ids(int(l.sent.Add(1)) - 1)
				l.template.stamp(wire, order, customer)
				start := time.Now()
				if errs[i] = c.exchange(wire, l.status); errs[i] != nil {
					return
				}
				latencies[i] = append(latencies[i], time.Since(start))
			}
		})
	}
	all.Wait()
	return slices.Concat(latencies...), errors.Join(errs...)
}

// client is one keep-alive connection.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte // of the last answer
	stop func() bool
}

func dial(ctx context.Context, address string, connections int) ([]*client, error) {
	var clients []*client
	for range connections {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
		clients = append(clients, &client{conn: conn, in: bufio.NewReaderSize(conn, 32<<10), stop: stop})
	}
	return clients, nil
}

func (c *client) close() {
	c.stop()
	_ = c.conn.Close()
}

// exchange sends a request and reads the answer to its end.
func (c *client) exchange(wire []byte, status int) error {
	if _, err := c.conn.Write(wire); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	got := 0
	if len(line) > 12 {
		got, _ = strconv.Atoi(string(line[9:12]))
	}
	length, err := c.header()
	if err != nil {
		return err
	}
	c.body = c.body[:0]
	if length >= 0 {
		err = c.read(length)
	} else {
		err = c.readChunks()
	}
	if err == nil && got != status {
		err = fmt.Errorf("answered %d, not %d: %.2000s", got, status, c.body)
	}
	return err
}

var contentLength = []byte("Content-Length: ")

// header reads to the body and returns its length, -1 for a chunked one.
func (c *client) header() (length int, err error) {
	length = -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil || len(line) <= 2 {
			return length, err
		}
		if value, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
}

func (c *client) read(n int) error {
	at := len(c.body)
	c.body = slices.Grow(c.body, n)[:at+n]
	_, err := io.ReadFull(c.in, c.body[at:])
	return err
}

func (c *client) readChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.read(int(size)); err != nil {
			return err
		}
		if _, err := c.in.Discard(len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}
