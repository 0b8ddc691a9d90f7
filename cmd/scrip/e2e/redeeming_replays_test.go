// Idempotency keys on redemptions and refunds (Contract §3): a booking is made once however often it is asked for.
package e2e

import (
	"bytes"
	"net/http"
	"testing"
)

// refundCall is a refund of one unit of the plain order's line.
func refundCall(id, key string) call {
	return call{path: redemptionPath(id) + "/refunds", body: units("A", 1), key: key}
}

func stepCall(id, verb, key string) call {
	return call{path: redemptionPath(id) + "/" + verb, key: key}
}

func TestBookingsAreReplayed(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.give(t, customer, half)
	q := s.quote(t, ordered(t, customer))
	reserving := reserveCall(q.ID, unique("key"))
	reserved := s.first(t, reserving, http.StatusCreated)
	r := reserved.redemption(t)
	s.replays(t, reserving, reserved)
	s.becomes(t, r.ID, "release", "released")
	s.replays(t, reserving, reserved) // what has changed since then does not matter
	if got := s.couponStatus(t, c.ID); got != "available" {
		t.Errorf("a replay reserved: %s", got)
	}
	releasing := stepCall(s.reserve(t, q).ID, "release", unique("key"))
	s.replays(t, releasing, s.first(t, releasing, http.StatusOK))
	r = s.reserve(t, q)
	s.replays(t, releasing, s.do(t, releasing)) // of another redemption
	confirming, refunding := stepCall(r.ID, "confirm", unique("key")), refundCall(r.ID, unique("key"))
	confirmed := s.first(t, confirming, http.StatusOK)
	refunded := s.first(t, refunding, http.StatusCreated)
	for range 2 {
		s.replays(t, confirming, confirmed)
		s.replays(t, refunding, refunded)
	}
	if got := s.redeemed(t, r.ID); got.Status != "confirmed" || got.Lines[0].Refunded != "5.00" {
		t.Errorf("%+v", got)
	}
}

func TestBookingsAreReplayedAfterARestartAndAKill(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.give(t, "c", half)
	reserving := reserveCall(s.quote(t, ordered(t, "c")).ID, "reserve")
	reserved := s.first(t, reserving, http.StatusCreated)
	id := reserved.redemption(t).ID
	s.stop(t)
	s = start(t, withData(s.dir))
	s.replays(t, reserving, reserved) // though the quote is forgotten
	confirming := stepCall(id, "confirm", "confirm")
	confirmed := s.first(t, confirming, http.StatusOK)
	refunding := refundCall(id, "refund")
	refunded := s.first(t, refunding, http.StatusCreated)
	s.kill(t)
	s = start(t, withData(s.dir))
	s.replays(t, reserving, reserved)
	s.replays(t, confirming, confirmed)
	s.replays(t, refunding, refunded)
	other := refunding
	other.body = units("A", 2)
	s.do(t, other).refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
	if got := s.redeemed(t, id); got.Status != "confirmed" || got.Lines[0].Refunded != "5.00" {
		t.Errorf("%+v", got)
	}
}

func TestRefusedBookingsFreeTheKey(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, key := unique("c"), unique("key")
	c := s.give(t, customer, half)
	q, other := s.quote(t, ordered(t, customer)), s.quote(t, ordered(t, customer))
	r := s.reserve(t, q)
	waiting := reserveCall(other.ID, key)
	s.do(t, waiting).refusal(t, http.StatusConflict, "coupon.unavailable")
	s.do(t, refundCall(r.ID, key)).refusal(t, http.StatusConflict, "redemption.not_confirmed")
	s.becomes(t, r.ID, "release", "released")
	s.do(t, stepCall(r.ID, "confirm", key)).refusal(t, http.StatusConflict, "redemption.released")
	s.first(t, stepCall(r.ID, "release", key), http.StatusOK) // a success that wrote nothing
	s.replays(t, waiting, s.first(t, waiting, http.StatusCreated))
	s.do(t, stepCall(r.ID, "release", key)).refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
	if got := s.couponStatus(t, c.ID); got != "reserved" {
		t.Errorf("the coupon is %s", got)
	}
}

// A key stands for the path too: the same empty body sent to another redemption or another step is another request.
func TestAKeyOfABookingStandsForItsPath(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	key := unique("key")
	first, second := s.reserve(t, s.quote(t, ordered(t, unique("c")))), s.reserve(t, s.quote(t, ordered(t, unique("c"))))
	confirming := stepCall(first.ID, "confirm", key)
	confirmed := s.first(t, confirming, http.StatusOK)
	for _, c := range []call{stepCall(second.ID, "confirm", key), stepCall(second.ID, "release", key), stepCall(first.ID, "release", key), refundCall(first.ID, key)} {
		s.do(t, c).refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
	}
	if got := s.redeemed(t, second.ID); got.Status != "reserved" {
		t.Errorf("the second is %s", got.Status)
	}
	s.replays(t, confirming, confirmed)
}

// Twins in flight book once: the others wait and replay, or get 409.
func TestTwinBookingsAtOnce(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, half)
	reserving := reserveCall(s.quote(t, ordered(t, customer)).ID, unique("key"))
	id := s.twins(t, reserving, http.StatusCreated).redemption(t).ID
	s.twins(t, stepCall(id, "confirm", unique("key")), http.StatusOK)
	s.twins(t, refundCall(id, unique("key")), http.StatusCreated)
	if got := s.redeemed(t, id); got.Lines[0].Refunded != "5.00" || got.Lines[0].Refundable != "5.00" {
		t.Errorf("%+v", got)
	}
}

// twins sends the call twenty times at once and expects one booking and one answer.
func (s *sidecar) twins(t *testing.T, c call, status int) (first answer) {
	t.Helper()
	fresh := 0
	for _, a := range s.storm(t, 20, func(int) call { return c }) {
		if a.status == http.StatusConflict {
			a.refusal(t, http.StatusConflict, "idempotency.in_flight")
			continue
		}
		a.want(t, status)
		if first.body == nil {
			first = a
		}
		if !bytes.Equal(a.body, first.body) {
			t.Errorf("two answers: %s and %s", first.body, a.body)
		}
		if a.header.Get(replayed) == "" {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%s: %d first answers", c.path, fresh)
	}
	return first
}

// Without a key each of the twins is a request of its own; the order decides.
func TestTheSameReservationAtOnceWithoutAKey(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, half)
	q := s.quote(t, ordered(t, customer))
	won := 0
	for _, a := range s.storm(t, 20, func(int) call { return reserveCall(q.ID, "") }) {
		if a.status == http.StatusCreated {
			won++
			continue
		}
		a.refusal(t, http.StatusConflict, "order.already_redeemed")
	}
	if won != 1 {
		t.Errorf("%d have reserved", won)
	}
}
