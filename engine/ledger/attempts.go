package ledger

import (
	"context"
	"time"

	"scrip/engine/refusal"
)

// Limits of failed attempts to redeem gift cards (Contract §7).
const (
	maxFailures = 10               // in a row, of a customer or at a number
	lockFor     = 15 * time.Minute // after the last of them
	clocksApart = time.Minute      // at most, of sidecars that share a ledger
)

// Failures are the attempts that failed in a row.
type Failures struct {
	Count  int64
	LastAt time.Time
}

// lockedUntil is when the next attempt is let in; zero if it is now. A failure
// yet to come was counted by a clock that has been put right since: nobody is
// locked until it would be true.
func (f Failures) lockedUntil(now time.Time) time.Time {
	if f.LastAt.Sub(now) > clocksApart {
		return time.Time{}
	}
	if end := f.LastAt.Add(lockFor); f.Count >= maxFailures && now.Before(end) {
		return end
	}
	return time.Time{}
}

// and adds a failure. After a lock the row starts anew.
func (f Failures) and(now time.Time) Failures {
	if f.Count >= maxFailures {
		f.Count = 0
	}
	return Failures{f.Count + 1, now}
}

// locked refuses with [CardTries] while one of the subjects is locked.
func locked(ctx context.Context, r Reader, subjects [][]byte, now time.Time) error {
	var until time.Time
	for _, subject := range subjects {
		f, err := r.Failures(ctx, subject)
		if err != nil {
			return err
		}
		if end := f.lockedUntil(now); end.After(until) {
			until = end
		}
	}
	if until.IsZero() {
		return nil
	}
	refused := refusal.New(CardTries, "too many attempts with a wrong number or code; try again after %s", until.Format(time.RFC3339))
	refused.RetryAfter = min(until.Sub(now), lockFor) // who failed last may have read the clock a little later
	return refused
}

func (e *Entry) unlocked(subjects [][]byte) error { return locked(e.ctx, e.tx, subjects, e.now) }

// failed counts a failure of the subjects, which stays although the operation
// is refused.
func (e *Entry) failed(subjects [][]byte) error {
	for _, subject := range subjects {
		f, err := e.tx.Failures(e.ctx, subject)
		if err != nil {
			return err
		}
		if err := e.tx.PutFailures(e.ctx, subject, f.and(e.now)); err != nil {
			return err
		}
	}
	return lasting{refusal.New(CardInvalid, "there is no gift card with this number and code")}
}

// lasting is a refusal after which what was written stays.
type lasting struct{ refused *refusal.Error }

func (l lasting) Error() string { return l.refused.Error() }
