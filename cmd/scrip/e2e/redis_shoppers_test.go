// Clients that quote with two replicas on one Redis without a pause, and know the right price of each order.
package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// shoppers quote with two replicas without a pause: some orders with the one and then the same with the other, so that
// each reads what the other wrote. They judge every answer.
type shoppers struct {
	a, b   *sidecar
	halves []string // customers with a coupon of half the price
	plain  []string // and without any

	answers atomic.Int64
	timing  atomic.Pointer[stopwatch]
	leave   chan struct{}
	gone    sync.WaitGroup

	mu     sync.Mutex
	faults []string // the first few
}

// stopwatch keeps how long requests took.
type stopwatch struct {
	mu   sync.Mutex
	took []time.Duration
}

func (w *stopwatch) note(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took = append(w.took, d)
}

func (w *stopwatch) percentile(p int) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.took)
	return w.took[(len(w.took)*p+99)/100-1]
}

func gatherShoppers(t *testing.T, a, b *sidecar, clients int) *shoppers {
	t.Helper()
	s := &shoppers{a: a, b: b, leave: make(chan struct{})}
	camp := a.campaign(t, half+`,"per_customer":1`)
	for range 5 {
		s.halves, s.plain = append(s.halves, unique("half")), append(s.plain, unique("plain"))
		a.issue(t, camp, s.halves[len(s.halves)-1])
	}
	for client := range clients {
		s.gone.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-s.leave:
					return
				default:
					s.shop(fmt.Sprintf("%d-%d", client, round), (client+round)%2 == 0)
				}
			}
		})
	}
	return s
}

// shop quotes some orders with one replica and then with the other.
func (s *shoppers) shop(name string, turned bool) {
	pair := [2]*sidecar{s.a, s.b}
	if turned {
		pair[0], pair[1] = pair[1], pair[0]
	}
	const orders = 5
	for _, side := range pair {
		for i := range orders {
			customer, price := s.halves[i], 100+2*i
			if i%2 == 1 {
				customer = s.plain[i]
			}
			s.ask(side, customer, fmt.Sprintf("O-%s-%d", name, i), price, i%2 == 0)
		}
	}
}

// ask quotes an order of one line at a price in cents, and reads the quote back by its id.
func (s *shoppers) ask(side *sidecar, customer, order string, cents int, halved bool) quote {
	began := time.Now()
	a, err := side.send(call{path: "/v1/quotes", body: shopOrder(customer, order, cents)})
	if w := s.timing.Load(); w != nil {
		w.note(time.Since(began))
	}
	q, err := judge(a, err, http.StatusCreated, customer, order, cents, halved)
	s.note(err)
	if err == nil {
		again, err := side.send(call{method: http.MethodGet, path: "/v1/quotes/" + q.ID})
		if again.status != http.StatusNotFound { // another replica's quote may have taken its place
			_, err = judge(again, err, http.StatusOK, customer, order, cents, halved)
			s.note(err)
		}
	}
	s.answers.Add(1)
	return q
}

func shopOrder(customer, order string, cents int) string {
	return fmt.Sprintf(`{"customer":{"id":%q},"order":{"id":%q,"type":"dropshipping","currency":"USD","sub_orders":[{"id":"S","lines":[`+
		`{"id":"A","product":{"id":"P","type":"ordinary"},"unit_price":"%d.%02d","quantity":1},`+
		`{"id":"B","product":{"id":"Q","type":"supplier"},"unit_price":"1.00","quantity":1}]}]}}`, customer, order, cents/100, cents%100)
}

// judge expects the one right price of an order.
func judge(a answer, err error, status int, customer, order string, cents int, halved bool) (q quote, _ error) {
	if err != nil {
		return q, err
	}
	if a.status != status {
		return q, fmt.Errorf("%s: %d %s", order, a.status, clip(a.body))
	}
	if err := json.Unmarshal(a.body, &q); err != nil {
		return q, err
	}
	off := 0
	if halved {
		off = cents / 2
	}
	dollars := func(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
	if fault := q.fault(); fault != nil || q.CustomerID != customer || q.OrderID != order || q.Totals.Original != dollars(cents+100) ||
		q.Totals.CouponDiscount != dollars(off) || q.Totals.Payable != dollars(cents+100-off) || (len(q.Coupons) == 1) != halved ||
		len(q.SubOrders) != 1 || len(q.SubOrders[0].Lines) != 2 || len(q.SubOrders[0].Lines[1].Exclusions) != 1 {
		return q, fmt.Errorf("%s of %s for %d, halved %t: %v, %s", order, customer, cents, halved, fault, a.body)
	}
	return q, nil
}

func (s *shoppers) note(err error) {
	const most = 5
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && len(s.faults) < most {
		s.faults = append(s.faults, err.Error())
	}
}

// more waits for so many answers more, and tells how long they took.
func (s *shoppers) more(t *testing.T, answers int) *stopwatch {
	t.Helper()
	w := new(stopwatch)
	s.timing.Store(w)
	defer s.timing.Store(nil)
	from := s.answers.Load()
	eventually(t, "the shoppers have their answers", func() bool { return s.answers.Load() >= from+int64(answers) })
	return w
}

// breakers waits until both replicas leave Redis alone, or both ask it.
func (s *shoppers) breakers(t *testing.T, value string) {
	t.Helper()
	eventually(t, "both breakers are "+value, func() bool {
		return s.a.metric(t, "scrip_quote_cache_breaker_open") == value && s.b.metric(t, "scrip_quote_cache_breaker_open") == value
	})
}

func (s *shoppers) disperse(t *testing.T) {
	t.Helper()
	close(s.leave)
	s.gone.Wait()
	for _, f := range s.faults {
		t.Error(f)
	}
	t.Logf("%d answers", s.answers.Load())
}
