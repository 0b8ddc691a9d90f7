// Bookings that are safe to repeat: the idempotency key of a command, and what it says where nobody knows whether it
// was booked.
package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
)

// keyFlag makes a booking safe to repeat.
type keyFlag struct {
	IdempotencyKey string `placeholder:"KEY" help:"Repeat a command that got no answer with the key it printed: it is not booked twice."`
}

// key is the one given, or a new one.
func (k *keyFlag) key() string {
	if k.IdempotencyKey == "" {
		k.IdempotencyKey = uuid.NewString()
	}
	return k.IdempotencyKey
}

// keyOf is the key of one of several requests that a command makes, from 0 on.
func (k *keyFlag) keyOf(i int) string { return fmt.Sprintf("%s-%d", k.key(), i+1) }

// post books once however often it is repeated. A command that got no answer tells the key to go on with.
func (k *keyFlag) post(g *globals, sidecar *client, path string, body []byte, into any) (answer, error) {
	got, err := sidecar.call(g.Ctx, http.MethodPost, path, body, into, header{"Idempotency-Key", k.key()})
	if undecided(err) {
		err = unfinished{err, "It may have been booked all the same. Run the same command again with --idempotency-key " + clean(k.key())}
	}
	return got, err
}

// undecided says whether a booking that failed may have been booked all the same: no answer came, none that is
// understood, or one of a sidecar that lost its ledger on the way or has the same request under way.
func undecided(err error) bool {
	var refused *problem
	if err == nil || !errors.As(err, &refused) {
		return err != nil
	}
	switch refused.Code {
	case "ledger.unavailable", "internal", "idempotency.in_flight":
		return true
	}
	return false
}

// unfinished is a command that broke off and can be gone on with. One that was interrupted says how, too.
type unfinished struct {
	cause  error
	advice string // how to go on; it may have several lines
}

func (u unfinished) Error() string { return u.cause.Error() + "\n  " + u.advice }
func (u unfinished) Unwrap() error { return u.cause }
