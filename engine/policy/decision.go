package policy

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// The decisions of Contract §8 that this build asks for.
const (
	OrderDeny          = "order.deny"
	ProductDeny        = "product.deny"
	CouponDeny         = "coupon.deny"
	GrantCampaigns     = "grant.campaigns"
	GiftCardIssueDeny  = "giftcard.issue.deny"
	GiftCardRedeemDeny = "giftcard.redeem.deny"
	TopUpBonusPercent  = "wallet.topup.bonus_percent"
	WithdrawDeny       = "wallet.withdraw.deny"
)

// decisionNames lists the decisions in the order they are shown.
var decisionNames = []string{
	OrderDeny, ProductDeny, CouponDeny, GrantCampaigns,
	GiftCardIssueDeny, GiftCardRedeemDeny, TopUpBonusPercent, WithdrawDeny,
}

// What can go wrong with one evaluation. A caller denies on any of them.
var (
	ErrDeadline = errors.New("overran its deadline")
	ErrResult   = errors.New("is not what the contract asks for")
)

// Timeout bounds one evaluation. It is far above what a sane policy takes
// (tens of microseconds), so that a busy machine denies nobody a coupon.
const Timeout = 500 * time.Millisecond

// maxAbandoned bounds evaluations that were given up but do not end. Beyond
// it, a decision fails at once instead of losing yet another goroutine.
const maxAbandoned = 64

// decision is one question, compiled and ready.
type decision struct {
	name      string
	dependsOn []string    // dotted input paths, "" for all of input
	fields    []field     // the part of the input document that it sees
	wide      atomic.Bool // a shadow check found that it sees more: the whole of it
	alike     vocabulary  // all texts but these are alike to it; nil: none are
	told      atomic.Bool // it answered with a text of its input: no two are alike
	memo      *memo       // nil: nothing is remembered
	tally     *tally
	alarm     func(decision string)
	query     rego.PreparedEvalQuery
	timeout   time.Duration
	abandoned *atomic.Int64

	evaluators *Evaluators
}

// sees is the part of the input that the decision is evaluated on.
func (d *decision) sees() []field {
	if d.wide.Load() {
		return document
	}
	return d.fields
}

// key is what an answer is remembered under: alike tells whether it stands for
// all facts that differ only in texts the policies do not name.
func (d *decision) key(space []byte, fields []field, facts *Facts) (key []byte, alike bool) {
	if d.alike != nil && !d.told.Load() && !d.wide.Load() {
		n := naming{vocabulary: d.alike}
		if key = appendKey(append(space, '~'), fields, facts, &n); !n.opaque {
			return key, true
		}
	}
	return appendKey(append(space, '!'), fields, facts, nil), false
}

// ask evaluates the decision on a projection of the facts. The answer is
// the single value of the decision; undefined, several values, a builtin's
// error, a panic and an overrun deadline are errors.
func (d *decision) ask(ctx context.Context, fields []field, facts *Facts) (ast.Value, error) {
	if d.abandoned.Load() >= maxAbandoned {
		return nil, fmt.Errorf("%s: %w: too many evaluations hang", d.name, ErrDeadline)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.timeout, ErrDeadline)
	defer cancel()
	type answer struct {
		value ast.Value
		err   error
	}
	given := facts.clone() // the caller may go on to the next question while this one still runs
	answers := make(chan answer, 1)
	d.evaluators.run(func() {
		value, err := d.evaluate(ctx, fields, given)
		answers <- answer{value, err}
	})
	select {
	case a := <-answers:
		if a.err != nil && ctx.Err() != nil {
			a.err = context.Cause(ctx)
		}
		if a.err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, a.err)
		}
		return a.value, nil
	case <-ctx.Done():
		// The evaluation sees the cancellation too, unless it sits in a
		// builtin; the caller waits for it neither way.
		d.abandoned.Add(1)
		go func() { <-answers; d.abandoned.Add(-1) }()
		return nil, fmt.Errorf("%s: %w", d.name, context.Cause(ctx))
	}
}

func (d *decision) evaluate(ctx context.Context, fields []field, facts *Facts) (value ast.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			value, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	input, err := build(fields, facts)
	if err != nil {
		return nil, err
	}
	results, err := d.query.Eval(ctx, rego.EvalParsedInput(input))
	if err != nil {
		return nil, unquoted(err)
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return nil, fmt.Errorf("%d values where one is wanted: %w", len(results), ErrResult)
	}
	term, ok := results[0].Expressions[0].Value.(*ast.Term)
	if !ok {
		return nil, fmt.Errorf("%T: %w", results[0].Expressions[0].Value, ErrResult)
	}
	return term.Value, nil
}

// unquoting are texts of builtins that failed and repeat no operand.
var unquoting = regexp.MustCompile(`^([\w.]+: )?([\w.]+ )?(divide by zero|modulo by zero|takes operands of at most \d+ bytes together here)$`)

// unquoted is an evaluation's error without what a builtin that failed repeats
// of its operands: those are a client's, and errors are logged.
func unquoted(err error) error {
	var failed *topdown.Error
	if !errors.As(err, &failed) || failed.Code != topdown.BuiltinErr || unquoting.MatchString(failed.Message) {
		return err
	}
	bare := *failed
	builtin, _, _ := strings.Cut(failed.Message, ":")
	bare.Message = builtin + " cannot take what it was given"
	return &bare
}
