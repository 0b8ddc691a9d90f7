package policy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"scrip/engine/refusal"
)

// Snapshot is one activated revision of the policies. It never changes and is
// safe for concurrent use.
type Snapshot struct {
	Revision    string    // names the content: equal on all replicas
	Source      string    // where it was loaded from
	ActivatedAt time.Time // UTC
	decisions   map[string]*decision
	before      map[string]Counts // what was counted before it was in force
}

// Reason is why something is denied.
type Reason = refusal.Reason

// Dependency says what a decision looks at, as dotted paths below input; ""
// is the whole input. Answers are remembered by just that, so it is what a
// rule costs.
type Dependency struct {
	Name       string
	DependsOn  []string
	Remembered bool
}

// Dependencies lists all decisions with what they look at.
func (s *Snapshot) Dependencies() []Dependency {
	list := make([]Dependency, 0, len(s.decisions))
	for _, name := range decisionNames {
		d := s.decisions[name]
		shown := Dependency{Name: name, DependsOn: d.dependsOn, Remembered: d.memo != nil}
		if d.wide.Load() {
			shown.DependsOn = []string{""}
		}
		list = append(list, shown)
	}
	return list
}

// LooksAt reports whether a decision can see any part of input at or below
// path, such as "coupon" or "now".
func (s *Snapshot) LooksAt(decision, path string) bool {
	dependsOn := s.decisions[decision].dependsOn
	return anyCovers(dependsOn, path) || anyBelow(dependsOn, path)
}

// OrderDenials asks why the order can use no coupon at all; facts have
// customer, order and now.
func (s *Snapshot) OrderDenials(ctx context.Context, facts *Facts) ([]Reason, error) {
	return s.reasons(ctx, OrderDeny, facts)
}

// ProductExclusions asks why a line takes no part in a coupon; facts have
// customer, order, line, now and, for a given coupon, that coupon.
func (s *Snapshot) ProductExclusions(ctx context.Context, facts *Facts) ([]Reason, error) {
	return s.reasons(ctx, ProductDeny, facts)
}

// CouponDenials asks why a coupon does not apply to the order; facts have
// customer, order, coupon and now.
func (s *Snapshot) CouponDenials(ctx context.Context, facts *Facts) ([]Reason, error) {
	return s.reasons(ctx, CouponDeny, facts)
}

// Grants asks which campaigns a newly registered customer gets a coupon of,
// in the order of their ids; facts have customer (id and attributes) and now.
func (s *Snapshot) Grants(ctx context.Context, facts *Facts) ([]string, error) {
	return recall(ctx, s.decisions[GrantCampaigns], facts, parseGrants)
}

func parseGrants(name string, value ast.Value) ([]string, error) {
	set, ok := value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s: not a set of campaign ids: %w", name, ErrResult)
	}
	if set.Len() > maxReasons {
		return nil, fmt.Errorf("%s: %d campaigns, more than %d: %w", name, set.Len(), maxReasons, ErrResult)
	}
	ids := make([]string, 0, set.Len())
	for _, term := range set.Slice() { // sorted
		id, ok := term.Value.(ast.String)
		if !ok {
			return nil, fmt.Errorf("%s: a campaign id is %s: %w", name, ast.ValueName(term.Value), ErrResult)
		}
		ids = append(ids, string(id))
	}
	return ids, nil
}

// IssueDenials asks why a gift card of a sum is not issued; facts have sum and
// now.
func (s *Snapshot) IssueDenials(ctx context.Context, facts *Facts) ([]Reason, error) {
	return s.reasons(ctx, GiftCardIssueDeny, facts)
}

// RedeemDenials asks why a gift card is not redeemed; facts have sum, card and
// now.
func (s *Snapshot) RedeemDenials(ctx context.Context, facts *Facts) ([]Reason, error) {
	return s.reasons(ctx, GiftCardRedeemDeny, facts)
}

// BonusPercent asks what share of a top-up is added to it as a bonus, in
// percent; facts have sum, wallet and now. The text is as the policy has it, at
// most 32 bytes, and not yet known to be a number.
func (s *Snapshot) BonusPercent(ctx context.Context, facts *Facts) (string, error) {
	return recall(ctx, s.decisions[TopUpBonusPercent], facts, parsePercent)
}

func parsePercent(name string, value ast.Value) (string, error) {
	percent, ok := value.(ast.String)
	if !ok || len(percent) > maxPercentBytes {
		return "", fmt.Errorf("%s: not a text of at most %d bytes: %w", name, maxPercentBytes, ErrResult)
	}
	return string(percent), nil
}

// WithdrawDenials asks why a sum is not withdrawn from a wallet; facts have
// sum, wallet and now.
func (s *Snapshot) WithdrawDenials(ctx context.Context, facts *Facts) ([]Reason, error) {
	return s.reasons(ctx, WithdrawDeny, facts)
}

func (s *Snapshot) reasons(ctx context.Context, name string, facts *Facts) ([]Reason, error) {
	return recall(ctx, s.decisions[name], facts, parseReasons)
}

func parseReasons(name string, value ast.Value) ([]Reason, error) {
	set, ok := value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s: not a set of reasons: %w", name, ErrResult)
	}
	if set.Len() > maxReasons {
		return nil, fmt.Errorf("%s: %d reasons, more than %d: %w", name, set.Len(), maxReasons, ErrResult)
	}
	reasons := make([]Reason, 0, set.Len())
	for _, term := range set.Slice() { // sorted, so that answers are repeatable
		// The value at fault is not shown: its text may be without end.
		code, hasCode := text(term, "code", maxCodeBytes)
		message, hasMessage := text(term, "message", maxMessageBytes)
		if !hasCode || !hasMessage {
			return nil, fmt.Errorf("%s: a reason must be {code, message}, texts of at most %d and %d bytes: %w",
				name, maxCodeBytes, maxMessageBytes, ErrResult)
		}
		reasons = append(reasons, Reason{Code: code, Message: message})
	}
	return reasons, nil
}

// Bounds on what a decision answers: it is repeated on every line.
const (
	maxReasons      = 100
	maxCodeBytes    = 128
	maxMessageBytes = 1_024
	maxPercentBytes = 32
)

// text reads a member of a reason that must be a text that is not empty.
func text(term *ast.Term, member string, most int) (string, bool) {
	object, ok := term.Value.(ast.Object)
	if !ok {
		return "", false
	}
	value := object.Get(ast.StringTerm(member))
	if value == nil {
		return "", false
	}
	s, ok := value.Value.(ast.String)
	return string(s), ok && len(s) <= most && strings.TrimSpace(string(s)) != ""
}
