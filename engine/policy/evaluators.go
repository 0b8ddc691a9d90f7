package policy

import (
	"runtime"
)

// Evaluators are goroutines that evaluations run on, each one away from its
// asker so that a deadline can leave it behind. They are kept for the next
// evaluation: a fresh goroutine grows its stack anew each time, and copying it
// as it grows took more than half of an evaluation (44 of 70 µs, measured with
// the shipped policies). The zero pointer starts a goroutine each time.
type Evaluators struct {
	jobs   chan func()
	idle   chan struct{} // a token for each that waits
	closed chan struct{}
}

// NewEvaluators keeps at most so many idle. Close them after use.
func NewEvaluators(idle int) *Evaluators {
	return &Evaluators{jobs: make(chan func()), idle: make(chan struct{}, idle), closed: make(chan struct{})}
}

// run starts a job, on an evaluator that is idle if there is one.
func (e *Evaluators) run(job func()) {
	if e == nil {
		go job()
		return
	}
	select {
	case e.jobs <- job:
	default:
		go e.work(job)
	}
}

// stackHeld is how much of its stack, in bytes, an evaluator occupies while it
// waits. The runtime halves stacks that use less than a quarter of what they
// have; evaluations seldom need more than three times this.
const stackHeld = 16 << 10

func (e *Evaluators) work(job func()) {
	var held [stackHeld]byte
	for job != nil {
		job()
		job = e.next()
	}
	runtime.KeepAlive(&held)
}

// next waits for a job; nil is the end.
func (e *Evaluators) next() (job func()) {
	select {
	case e.idle <- struct{}{}:
		defer func() { <-e.idle }()
	default:
		return nil // enough of them wait
	}
	select {
	case job = <-e.jobs:
	case <-e.closed:
	}
	return job
}

// Close ends those that are idle, and the others after what they do.
func (e *Evaluators) Close() { close(e.closed) }
