package policy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/open-policy-agent/opa/v1/ast"
)

// Bounds of what one decision remembers. Keys beyond their bound (somebody's
// large attributes) are asked about each time.
const (
	maxMemoBytes = 32 << 20
	maxKeyBytes  = 4 << 10
)

// shadowEvery is how many remembered answers lie between two that are checked
// against an evaluation of the whole input.
const shadowEvery = 1_024

// memo remembers what a decision answered to each distinct projection of its
// input. It belongs to one snapshot and is gone with it. Errors and overrun
// deadlines are never kept; of several that ask the same at once, one
// evaluates.
type memo struct {
	answers *otter.Cache[string, any]
}

func newMemo() *memo {
	return &memo{answers: otter.Must(&otter.Options[string, any]{
		MaximumWeight: maxMemoBytes,
		Weigher: func(key string, answer any) uint32 {
			const entry, reason = 128, 64                                          // bytes, about; texts are shared with the policy's
			return uint32(entry + len(key) + reason*reflect.ValueOf(answer).Len()) // #nosec G115 -- all bounded
		},
	})}
}

// keySpaces are what keys are written in before they are looked up.
var keySpaces = sync.Pool{New: func() any { space := make([]byte, 0, maxKeyBytes/8); return &space }}

// parser makes an answer of a decision's value, which must be what the
// contract asks for.
type parser[T any] func(name string, value ast.Value) (T, error)

// recall answers from memory, or evaluates and remembers.
func recall[T any](ctx context.Context, d *decision, facts *Facts, parse parser[T]) (answer T, err error) {
	if d.memo == nil {
		return evaluated(ctx, d, d.sees(), facts, parse)
	}
	space := keySpaces.Get().(*[]byte)
	defer keySpaces.Put(space)
	fields := d.sees()
	bytes, alike := d.key((*space)[:0], fields, facts)
	if *space = bytes; cap(bytes) > 2*maxKeyBytes {
		*space = nil // somebody's large attributes
	}
	if len(bytes) > maxKeyBytes {
		d.tally.tooLong.Add(1)
		return evaluated(ctx, d, fields, facts, parse)
	}
	key := string(bytes)
	if kept, ok := d.memo.answers.GetIfPresent(key); ok {
		answer = kept.(T)
		if d.tally.recalled.Add(1)%shadowEvery == 0 {
			shadow(ctx, d, facts, answer, parse)
		}
		return answer, nil
	}
	if ctx.Err() != nil {
		return answer, fmt.Errorf("%s: %w", d.name, context.Cause(ctx))
	}
	mine := false
	load := otter.LoaderFunc[string, any](func(ctx context.Context, _ string) (any, error) {
		mine = true
		return evaluated(ctx, d, fields, facts, func(name string, value ast.Value) (T, error) {
			if alike && !d.alike.names(value) {
				var none T
				return none, errTold
			}
			return parse(name, value)
		})
	})
	// Others may wait for this answer: it is not given up with its first asker.
	kept, err := d.memo.answers.Get(context.WithoutCancel(ctx), key, load)
	if errors.Is(err, errTold) {
		d.told.Store(true)
		return recall(ctx, d, facts, parse)
	}
	if !mine {
		d.tally.recalled.Add(1)
	}
	if err != nil {
		return answer, err
	}
	return kept.(T), nil
}

// errTold means that an answer has a text of the input in it, which no other
// input may get.
var errTold = errors.New("answers with a text of its input")

// evaluated asks the decision and counts it.
func evaluated[T any](ctx context.Context, d *decision, fields []field, facts *Facts, parse parser[T]) (answer T, err error) {
	began := time.Now()
	answer, err = answered(ctx, d, fields, facts, parse)
	d.tally.evaluation(time.Since(began), err, ctx.Err() != nil)
	return answer, err
}

func answered[T any](ctx context.Context, d *decision, fields []field, facts *Facts, parse parser[T]) (answer T, err error) {
	value, err := d.ask(ctx, fields, facts)
	if err != nil {
		return answer, err
	}
	return parse(d.name, value)
}

// shadow checks a remembered answer against the whole input. They can only
// differ if the walk over the rules missed something that the decision sees:
// then the decision is asked about its whole input from here on, and somebody
// is told.
func shadow[T any](ctx context.Context, d *decision, facts *Facts, remembered T, parse parser[T]) {
	d.tally.checks.Add(1)
	answer, err := answered(ctx, d, document, facts, parse)
	if err != nil || reflect.DeepEqual(answer, remembered) {
		return // a deadline proves nothing
	}
	d.tally.mismatches.Add(1)
	d.wide.Store(true)
	d.memo.answers.InvalidateAll()
	if d.alarm != nil {
		d.alarm(d.name)
	}
}
