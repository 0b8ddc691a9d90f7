package policy

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// EvaluationBounds are the upper bounds of the classes by which evaluations
// are counted, from what a simple rule takes to the deadline.
var EvaluationBounds = [...]time.Duration{
	10 * time.Microsecond, 20 * time.Microsecond, 50 * time.Microsecond,
	100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	1 * time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, Timeout,
}

// Counts is what a decision was asked and what that took. A question is either
// recalled or evaluated.
type Counts struct {
	Recalled   uint64 // answered from memory, or along with the same question under way
	Evaluated  uint64
	TooLong    uint64 // evaluated each time: what they look at is beyond what is remembered
	Errors     uint64 // evaluations that failed, overruns left out
	Overruns   uint64 // evaluations that overran their deadline
	Checks     uint64 // remembered answers held against an evaluation of the whole input
	Mismatches uint64 // checks that differed
	// Took counts the evaluations up to each of EvaluationBounds; the last is
	// those beyond all.
	Took [len(EvaluationBounds) + 1]uint64
	Time time.Duration // all evaluations together
}

// Asked is the number of questions.
func (c *Counts) Asked() uint64 { return c.Recalled + c.Evaluated }

// Mean is the mean duration of an evaluation, 0 without any.
func (c *Counts) Mean() time.Duration {
	return c.Time / time.Duration(max(1, c.Evaluated)) // #nosec G115 -- a count
}

// Quantile estimates how long the given share of the evaluations takes at
// most, evenly within a class; 0 without any. What lies beyond all bounds
// counts as the last of them.
func (c *Counts) Quantile(share float64) time.Duration {
	rank, below := share*float64(c.Evaluated), 0.0
	for i, bound := range EvaluationBounds {
		in := float64(c.Took[i])
		if in == 0 || below+in < rank {
			below += in
			continue
		}
		var from time.Duration
		if i > 0 {
			from = EvaluationBounds[i-1]
		}
		return from + time.Duration(float64(bound-from)*(rank-below)/in)
	}
	if c.Evaluated == 0 {
		return 0
	}
	return EvaluationBounds[len(EvaluationBounds)-1]
}

// since is what was counted after base.
func (c Counts) since(base Counts) Counts {
	c.Recalled -= base.Recalled
	c.Evaluated -= base.Evaluated
	c.TooLong -= base.TooLong
	c.Errors -= base.Errors
	c.Overruns -= base.Overruns
	c.Checks -= base.Checks
	c.Mismatches -= base.Mismatches
	for i := range c.Took {
		c.Took[i] -= base.Took[i]
	}
	c.Time -= base.Time
	return c
}

// tally counts for one decision while it decides. It outlives the revisions,
// so that what is counted never goes back. An answer from memory costs one
// atomic addition.
type tally struct {
	recalled, tooLong, errors, overruns, checks, mismatches atomic.Uint64

	took  [len(EvaluationBounds) + 1]atomic.Uint64
	nanos atomic.Int64
}

// tallies are those of all decisions by their names.
type tallies map[string]*tally

func newTallies() tallies {
	all := make(tallies, len(decisionNames))
	for _, name := range decisionNames {
		all[name] = new(tally)
	}
	return all
}

// evaluation counts one evaluation and how it ended. A caller that left is no
// fault of the policy's.
func (t *tally) evaluation(took time.Duration, err error, left bool) {
	class, _ := slices.BinarySearch(EvaluationBounds[:], took)
	t.took[class].Add(1)
	t.nanos.Add(int64(took))
	switch {
	case err == nil, errors.Is(err, errTold):
	case errors.Is(err, ErrDeadline):
		t.overruns.Add(1)
	case !left:
		t.errors.Add(1)
	}
}

func (t *tally) counts() Counts {
	c := Counts{
		Recalled: t.recalled.Load(), TooLong: t.tooLong.Load(), Errors: t.errors.Load(), Overruns: t.overruns.Load(),
		Checks: t.checks.Load(), Mismatches: t.mismatches.Load(), Time: time.Duration(t.nanos.Load()),
	}
	for i := range t.took {
		c.Took[i] = t.took[i].Load()
		c.Evaluated += c.Took[i]
	}
	return c
}

// Cost is what a decision costs: what it looks at, and what it was asked since
// its revision is in force.
type Cost struct {
	Dependency
	Counts

	Entries            int    // answers that are remembered
	Bytes, BytesBudget uint64 // that they take, about, and may take
}

// Costs lists all decisions with what they cost.
func (s *Snapshot) Costs() []Cost {
	list := make([]Cost, 0, len(s.decisions))
	for _, dependency := range s.Dependencies() {
		d := s.decisions[dependency.Name]
		cost := Cost{Dependency: dependency, Counts: d.tally.counts().since(s.before[d.name])}
		if d.memo != nil {
			cost.Entries, cost.Bytes, cost.BytesBudget = d.memo.answers.EstimatedSize(), d.memo.answers.WeightedSize(), maxMemoBytes
		}
		list = append(list, cost)
	}
	return list
}

// countOn makes a snapshot that is about to be in force count where the ones
// before it did.
func (s *Snapshot) countOn(all tallies) {
	for name, d := range s.decisions {
		if d.tally != all[name] { // else it has been in force before
			d.tally, s.before[name] = all[name], all[name].counts()
		}
	}
}
