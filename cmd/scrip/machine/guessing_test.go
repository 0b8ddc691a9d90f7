// Guessing (Contract §7): whether a number is a card's cannot be told from how
// a wrong code is answered, and not from how long it takes.
package machine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"scrip/engine/prove"
)

// telling is |t| from which two samples are told apart: for equal ones it comes
// up once in 150,000 tests.
const telling = 4.5

// guess is an attempt that fails, and whether its number is a card's.
type guess struct {
	card   *issued
	number string
}

func TestWrongNumbersAndWrongCodesCannotBeToldApart(t *testing.T) {
	for name, of := range shelves {
		t.Run(name, func(t *testing.T) {
			r := onOne(t, of, 1)
			took := r.guess(prove.Count(300, 10_000), func(*issued) {})
			told := tell(took)
			if math.Abs(told) >= telling {
				t.Error("they can be told apart:")
			}
			t.Logf("wrong numbers take %s, right ones %s: t is %.2f", median(took[0]), median(took[1]), told)
		})
	}
}

// The test above would notice a service that looks at the card and opens its
// code: once with the promised number of attempts, more often with fewer.
func TestReadingACardWouldTellItsNumber(t *testing.T) {
	for name, of := range shelves {
		t.Run(name, func(t *testing.T) {
			r := onOne(t, of, 1)
			took := r.guess(prove.Count(300, 10_000), func(card *issued) {
				for range prove.Count(8, 1) {
					if _, _, err := r.all[0].book.RevealCode(context.Background(), card.ID, "owner"); err != nil {
						t.Error(err)
					}
				}
			})
			told := tell(took)
			if math.Abs(told) < telling {
				t.Error("this is not noticed:")
			}
			t.Logf("wrong numbers take %s, right ones %s: t is %.2f", median(took[0]), median(took[1]), told)
		})
	}
}

// guess makes n attempts at wrong numbers and as many at right ones with wrong
// codes, in a random order so that the machine's noise hits both alike, and
// tells how long the service took for each. Every customer and number is tried
// once: no limit comes in. more is done with each card that is tried.
func (r *replicas) guess(n int, more func(*issued)) (took [2][]time.Duration) {
	r.Helper()
	const warming = 50
	cards, guesses := r.manyCards(n+warming), make([]guess, 0, 2*n)
	known := make(map[string]bool, len(cards))
	for i := range cards {
		known[cards[i].Number] = true
	}
	for i := range n {
		number := anyNumber()
		for known[number] {
			number = anyNumber()
		}
		guesses = append(guesses, guess{number: number}, guess{&cards[i], cards[i].Number})
	}
	rand.Shuffle(len(guesses), func(i, j int) { guesses[i], guesses[j] = guesses[j], guesses[i] })
	for i := range warming {
		guesses = slices.Insert(guesses, 0, guess{&cards[n+i], cards[n+i].Number}, guess{number: anyNumber()})
	}
	var first *httptest.ResponseRecorder
	for i, g := range guesses {
		w, spent := r.serve(attempt(fmt.Sprintf("guesser-%08d", i), g.number, anyCode), g.card, more)
		if first == nil {
			first = w
		}
		if w.Code != http.StatusNotFound || w.Body.String() != first.Body.String() || !reflect.DeepEqual(w.Header(), first.Header()) {
			r.Fatalf("two answers:\n%d %v %s\n%d %v %s", first.Code, first.Header(), first.Body, w.Code, w.Header(), w.Body)
		}
		if kind := 0; i >= 2*warming {
			if g.card != nil {
				kind = 1
			}
			took[kind] = append(took[kind], spent)
		}
	}
	return took
}

// manyCards issues as many as are wanted, in as many requests as it takes.
func (r *replicas) manyCards(n int) (cards []issued) {
	const most = 5_000
	for len(cards) < n {
		cards = append(cards, r.cards(min(most, n-len(cards)))...)
	}
	return cards
}

func (r *replicas) serve(q *http.Request, card *issued, more func(*issued)) (*httptest.ResponseRecorder, time.Duration) {
	w, start := httptest.NewRecorder(), time.Now()
	r.all[0].data.ServeHTTP(w, q)
	if card != nil {
		more(card)
	}
	return w, time.Since(start)
}

// anyNumber has a check digit as cards' numbers have.
func anyNumber() string {
	number := fmt.Sprintf("%015d", 1e14+rand.Int64N(9e14))
	sum := 0
	for i := range number {
		digit := int(number[len(number)-1-i]-'0') * (2 - i%2)
		sum += digit/10 + digit%10
	}
	return number + string(rune('0'+(10-sum%10)%10))
}

// tell is Welch's t of two samples: the largest of all measurements, of those
// below a common bound that leaves out the slowest tenth, and of the faster
// half. Bounds take the machine's noise away, which hides small differences.
func tell(took [2][]time.Duration) (most float64) {
	both := slices.Sorted(slices.Values(append(slices.Clone(took[0]), took[1]...)))
	for _, bound := range []time.Duration{both[len(both)/2], both[len(both)*9/10], both[len(both)-1]} {
		var below [2][]float64
		for kind, all := range took {
			for _, d := range all {
				if d <= bound {
					below[kind] = append(below[kind], float64(d))
				}
			}
		}
		if t := welch(below[0], below[1]); math.Abs(t) > math.Abs(most) {
			most = t
		}
	}
	// A difference may show in how many are below the bound instead of in their times.
	if z := shift(took, both[len(both)/2]); math.Abs(z) > math.Abs(most) {
		most = z
	}
	return most
}

// welch is the t of two samples whose variances may differ.
func welch(a, b []float64) float64 {
	meanA, varA := moments(a)
	meanB, varB := moments(b)
	return (meanA - meanB) / math.Sqrt(varA/float64(len(a))+varB/float64(len(b)))
}

func moments(sample []float64) (mean, variance float64) {
	for _, x := range sample {
		mean += x / float64(len(sample))
	}
	for _, x := range sample {
		variance += (x - mean) * (x - mean) / float64(len(sample)-1)
	}
	return mean, variance
}

// shift is Welch's t of which of a sample are above a bound.
func shift(took [2][]time.Duration, bound time.Duration) float64 {
	var above [2][]float64
	for kind, all := range took {
		for _, d := range all {
			is := 0.0
			if d > bound {
				is = 1
			}
			above[kind] = append(above[kind], is)
		}
	}
	return welch(above[0], above[1])
}

func median(sample []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(sample))[len(sample)/2]
}
