package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Bounds of what goes to Redis at once.
const (
	maxBatch   = 64   // questions in a round trip
	spareLanes = 2    // round trips under way beside the usual one
	maxWaiting = 1024 // questions, beyond them nobody waits
)

// errBusy means that too much waits already.
var errBusy = errors.New("too many questions wait for Redis")

// question is what is asked of one key, and the answer once done is closed.
type question struct {
	key     string
	value   []byte        // to keep; nil only looks
	life    time.Duration // of value
	garbage *[]byte       // value replaces this, if it still stands there

	done    chan struct{}
	found   []byte // what stood under the key; empty for nothing
	strange bool   // what stands there is no text at all
	late    bool   // nothing stood there, but somebody else's value does now
	unkept  error  // why Redis would not take value, although it answers
	unheard error  // no answer

	kept  *redis.BoolCmd
	reply interface{ Bytes() ([]byte, error) }
}

// replace puts ARGV[2] in the place of ARGV[1], which is garbage, unless
// somebody was faster, and returns what stands there then.
const replace = `
local there = redis.pcall('GETRANGE', KEYS[1], 0, ARGV[4])
if type(there) == 'table' or there == ARGV[1] or there == '' then
	redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
	return ARGV[2]
end
return there`

// batcher puts questions that wait at the same time into one round trip: its
// lane takes all that wait, asks them, takes all that wait then. When little is
// asked, nothing waits. When a round trip takes its time, those who wait behind
// it call a spare lane.
type batcher struct {
	client   redis.UniversalClient
	timeout  time.Duration // of a round trip
	breaker  *breaker
	counters *counters
	waiting  chan *question
	calls    chan struct{} // for a spare lane
	stop     chan struct{}
	running  sync.WaitGroup
}

func newBatcher(client redis.UniversalClient, timeout time.Duration, b *breaker, c *counters) *batcher {
	batches := &batcher{client: client, timeout: timeout, breaker: b, counters: c,
		waiting: make(chan *question, maxWaiting), calls: make(chan struct{}), stop: make(chan struct{})}
	batches.running.Go(batches.lane)
	for range spareLanes {
		batches.running.Go(batches.spareLane)
	}
	return batches
}

// submit queues a question. Its answer comes whether or not anybody waits.
func (b *batcher) submit(q *question) error {
	q.done = make(chan struct{})
	select {
	case b.waiting <- q:
		return nil
	default:
		return errBusy
	}
}

// hurry calls a spare lane, if one is free.
func (b *batcher) hurry() {
	select {
	case b.calls <- struct{}{}:
	default:
	}
}

// close lets what waits be asked, and ends the lanes.
func (b *batcher) close() {
	close(b.stop)
	b.running.Wait()
}

func (b *batcher) lane() {
	batch := make([]*question, 0, maxBatch)
	for {
		select {
		case q := <-b.waiting:
			b.ask(b.fill(append(batch[:0], q)))
		case <-b.stop:
			if len(b.waiting) == 0 {
				return
			}
		}
	}
}

func (b *batcher) spareLane() {
	batch := make([]*question, 0, maxBatch)
	for {
		select {
		case <-b.calls:
			b.ask(b.fill(batch[:0]))
		case <-b.stop:
			return
		}
	}
}

// fill adds what waits too.
func (b *batcher) fill(batch []*question) []*question {
	for len(batch) < maxBatch {
		select {
		case q := <-b.waiting:
			batch = append(batch, q)
		default:
			return batch
		}
	}
	return batch
}

// ask makes one round trip and hands out the answers.
func (b *batcher) ask(batch []*question) {
	if len(batch) == 0 {
		return
	}
	asked := false
	err := b.breaker.run(func() error {
		asked = true
		return b.exchange(batch)
	})
	if asked {
		b.counters.batches[len(batch)].Add(1)
	}
	for _, q := range batch {
		if !asked {
			q.unheard = err
		}
		close(q.done)
	}
}

// exchange fails when not one question was answered.
func (b *batcher) exchange(batch []*question) error {
	ctx, cancel := context.WithTimeout(context.Background(), b.timeout)
	defer cancel()
	pipe := b.client.Pipeline()
	for _, q := range batch {
		q.write(ctx, pipe)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	var failure error
	heard := false
	for _, q := range batch {
		q.read()
		if heard = heard || q.unheard == nil; !heard {
			failure = q.unheard
		}
	}
	if heard {
		return nil
	}
	return failure
}

// write adds the question's commands to a pipeline.
func (q *question) write(ctx context.Context, pipe redis.Pipeliner) {
	if q.garbage != nil {
		q.reply = textReply{pipe.Eval(ctx, replace, []string{q.key}, *q.garbage, q.value, q.life.Milliseconds(), maxValueBytes)}
		return
	}
	// Not GET: whatever stands there, we read no more than a quote can have. And
	// not after SET, which would bring our own value back.
	q.reply = pipe.GetRange(ctx, q.key, 0, maxValueBytes)
	if q.value != nil {
		q.kept = pipe.SetNX(ctx, q.key, q.value, q.life)
	}
}

// read takes the answers from the commands.
func (q *question) read() {
	q.found, q.unheard = q.reply.Bytes()
	switch {
	case q.unheard == nil && q.kept != nil:
		q.unkept = q.kept.Err()
		q.late = q.unkept == nil && !q.kept.Val() && len(q.found) == 0
	case redis.HasErrorPrefix(q.unheard, "WRONGTYPE"):
		q.strange, q.unheard = true, nil
	case q.garbage != nil && isReply(q.unheard): // of the script
		q.unkept, q.unheard = q.unheard, nil
	}
	q.kept, q.reply = nil, nil
}

// textReply reads a script's answer as bytes.
type textReply struct{ *redis.Cmd }

func (r textReply) Bytes() ([]byte, error) {
	text, err := r.Text()
	return []byte(text), err
}

// isReply reports whether an error is Redis's own answer.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}
