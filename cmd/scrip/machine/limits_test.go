// The limit of wrong attempts (Contract §7) at three sidecars that share a
// ledger, by a clock that is set.
package machine

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"
)

const (
	anyCode  = "00000000000000000000"
	lock     = 15 * time.Minute
	heard    = "gift_card.invalid"
	tooMany  = "gift_card.too_many_attempts"
	allowed  = 10 // wrong attempts in a row that are answered
	finest   = time.Microsecond
	replicaN = 3
)

// Eleven wrong attempts at three replicas are limited as at one; a restart
// forgets nothing; the right code waits too, until exactly 15 minutes after
// the last failure, and attempts while locked do not make it longer.
func TestReplicasLimitWrongAttemptsAsOne(t *testing.T) {
	t.Parallel()
	for name, of := range shelves {
		for what, subject := range map[string]func(i int, card issued) (customer, number string){
			"of a customer": func(i int, _ issued) (string, string) { return "ann", fmt.Sprintf("%016d", i) },
			"at a number":   func(i int, card issued) (string, string) { return fmt.Sprint("customer-", i), card.Number },
			"at no number":  func(i int, _ issued) (string, string) { return fmt.Sprint("customer-", i), "4000000000000002" },
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				r := onOne(t, of, replicaN)
				card := r.cards(1)[0]
				for i := range allowed {
					customer, number := subject(i, card)
					r.is(fmt.Sprint("attempt ", i+1), r.claim(i, customer, number, anyCode), http.StatusNotFound, heard)
					r.advance(time.Minute)
					if i == 4 || i == 9 {
						r.restart(i % replicaN)
					}
				}
				r.advance(-time.Minute)
				customer, number := subject(allowed, card)
				r.locked(customer, number, card.Code, lock)
				r.advance(lock - finest)
				r.locked(customer, number, card.Code, finest)
				r.advance(finest)
				r.ends(customer, number, card)
			})
		}
	}
}

// locked asks all sidecars, with a wrong code and with the right one.
func (r *replicas) locked(customer, number, code string, left time.Duration) {
	r.Helper()
	for at := range r.all {
		for _, typed := range []string{anyCode, code} {
			got := r.claim(at, customer, number, typed)
			r.is("while locked", got, http.StatusTooManyRequests, tooMany)
			if want := strconv.Itoa(int(math.Ceil(left.Seconds()))); got.Header().Get("Retry-After") != want {
				r.Errorf("Retry-After: %q, want %s", got.Header().Get("Retry-After"), want)
			}
		}
	}
}

// ends expects that the lock is over: the card can be redeemed, or a number
// that is none is answered again.
func (r *replicas) ends(customer, number string, card issued) {
	r.Helper()
	if number != card.Number && customer != "ann" {
		r.is("at its end", r.claim(0, customer, number, card.Code), http.StatusNotFound, heard)
		return
	}
	r.is("at its end", r.claim(0, customer, card.Number, card.Code), http.StatusCreated, "")
	for i := range allowed { // both rows begin anew
		r.is("after a success", r.claim(i, customer, fmt.Sprintf("%016d", 100+i), anyCode), http.StatusNotFound, heard)
		r.is("after a success", r.claim(i, fmt.Sprint("other-", i), card.Number, anyCode), http.StatusNotFound, heard)
	}
}
