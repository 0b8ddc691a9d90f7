//go:build bench

// The variants: which server, which requests, how many.
package main

import (
	"fmt"
	"os/exec"
)

// variant is one row of the table.
type variant struct {
	name, what string
	start      func(*yard, *variant) (*target, error)
	lines      int
	coupons    int // a customer
	floor      string
	flags      []string // of scrip serve
	ids        func(n int) (order, customer int)
	customers  int // 0: one a request
}

// Each is a request's number made into the numbers of its order and customer.
var (
	newEach  = func(n int) (int, int) { return n, n }
	newOrder = func(n int) (int, int) { return n, n % knownCustomers }
	same     = func(int) (int, int) { return 0, 0 }
)

// knownCustomers come back with other orders.
const knownCustomers = 500

// fresh is the variant that the goals speak of.
const (
	fresh    = "fresh"
	echo     = "echo"
	opaBatch = "opa"
)

var variants = []variant{
	{name: "static", what: "gin, fixed bytes", start: startFloor, lines: 20, coupons: 5, floor: "static", ids: newEach},
	{name: echo, what: "gin, strict decode, encode", start: startFloor, lines: 20, coupons: 5, floor: "echo", ids: newEach},
	{name: fresh, what: "20 lines × 5 coupons, new order and customer", start: startSidecar, lines: 20, coupons: 5, ids: newEach},
	{name: "fresh-memo-off", what: "the same, --decision-memo=off", start: startSidecar, lines: 20, coupons: 5,
		flags: []string{"--decision-memo=off"}, ids: newEach},
	{name: "fresh-redis", what: "the same, quotes in Redis", start: startWithRedis, lines: 20, coupons: 5, ids: newEach},
	{name: "known", what: "new order, customer seen before", start: startSidecar, lines: 20, coupons: 5, ids: newOrder,
		customers: knownCustomers},
	{name: "repeated", what: "the same order again", start: startSidecar, lines: 20, coupons: 5, ids: same, customers: 1},
	{name: opaBatch, what: "opa run --server, the order's decisions in one query", start: startOPA, lines: 20, coupons: 5, ids: newEach},
	{name: "250x10", what: "250 lines × 10 coupons", start: startSidecar, lines: 250, coupons: 10, ids: newEach},
	{name: "250x50", what: "250 lines × 50 coupons", start: startSidecar, lines: 250, coupons: 50, ids: newEach},
	{name: "1000x10", what: "1000 lines × 10 coupons", start: startSidecar, lines: 1000, coupons: 10, ids: newEach},
	{name: "1000x50", what: "1000 lines × 50 coupons", start: startSidecar, lines: 1000, coupons: 50, ids: newEach},
	{name: "echo-1000x50", what: "gin, strict decode, encode, that size", start: startFloor, lines: 1000, coupons: 50,
		floor: "echo-bulk", ids: newEach},
}

func variantNames() (names []string) {
	for _, v := range variants {
		names = append(names, v.name)
	}
	return names
}

// requests is how many a round has: fewer of large orders, which cost as much
// more.
func (v *variant) requests(s settings) int {
	return max(s.requests*20/v.lines, 5*s.connections)
}

// total is how many requests all rounds have.
func (v *variant) total(s settings) int { return v.requests(s) * (s.rounds + 1) }

// load is the variant's requests.
func (v *variant) load(y *yard, path string, body []byte, status int) load {
	return load{template: newTemplate(path, body), ids: v.ids, status: status, requests: v.requests(y.settings)}
}

// startFloor starts this program again as one of the floors.
func startFloor(y *yard, v *variant) (*target, error) {
	s, err := y.spawn(exec.Command(y.self, "floor", v.floor, "127.0.0.1:0"))
	if err != nil {
		return nil, err
	}
	if err := s.untilServing(); err != nil {
		return nil, err
	}
	body := orderBody(v.lines)
	answer, err := post(s.dataURL()+quotesPath, quoteStamped(body, 0, 0), "", statusCreated)
	if err != nil {
		return nil, err
	}
	return &target{connections: y.settings.connections, pid: s.pid(), address: s.data, load: v.load(y, quotesPath, body, statusCreated),
		requestBytes: len(body), answerBytes: len(answer)}, nil
}

// startWithRedis starts a Redis of its own and a sidecar that keeps its quotes
// there.
func startWithRedis(y *yard, v *variant) (*target, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, &missingError{"no redis-server on PATH"}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := y.folder("redis")
	if err != nil {
		return nil, err
	}
	redis, err := y.spawn(exec.Command(binary, "--bind", "127.0.0.1", "--port", port,
		"--save", "", "--appendonly", "no", "--dir", dir))
	if err != nil {
		return nil, err
	}
	if err := redis.untilListening("127.0.0.1:" + port); err != nil {
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	with := *v
	with.flags = []string{"--cache=redis://127.0.0.1:" + port}
	return startSidecar(y, &with)
}
