package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// Codes of refusals and of the engine's own reasons.
const (
	QuoteNotFound       = "quote.not_found"
	CouponNotApplicable = "coupon.not_applicable"
	PolicyError         = "policy.error"
)

// Policies gives the revision that is active now.
type Policies interface {
	Current() *policy.Snapshot
}

// Books tells what the ledger knows of a customer.
type Books interface {
	// Facts are the customer's available coupons and whether they are blocked.
	Facts(ctx context.Context, customerID string, now time.Time) (ledger.Facts, error)
	// Blocked is whether a customer is blocked, as the ledger says now.
	Blocked(ctx context.Context, customerID string) (bool, error)
	// Coupon is any coupon, or a refusal with ledger.CouponNotFound.
	Coupon(ctx context.Context, id string) (ledger.Coupon, error)
	// Claimed is the gift card that a claim is about, a zero one if there is none.
	Claimed(ctx context.Context, claim *ledger.CardClaim) (ledger.GiftCard, error)
	// Balance is a customer's money of a currency, as the ledger says now.
	Balance(ctx context.Context, customerID string, currency money.Currency) (ledger.Balance, error)
}

// Quotes remembers quotes, each under a key. It may forget any of them at any
// time and gives back exactly what was kept; it never fails.
type Quotes interface {
	// Known is the quote under a key, if this process remembers it and it lives
	// at now. It asks nobody.
	Known(key string, now time.Time) (*Quote, bool)
	// Find is the quote under a key, if any process that shares the cache
	// remembers it and it lives at now.
	Find(ctx context.Context, key string, now time.Time) (*Quote, bool)
	// Keep remembers a quote under a key until it expires, unless one that
	// lives at now is there already: of several made at once the first stays.
	// It returns the one that stayed.
	Keep(ctx context.Context, key string, q *Quote, now time.Time) *Quote
}

// Engine makes quotes.
type Engine struct {
	Policies Policies
	Books    Books
	Quotes   Quotes
	Clock    func() time.Time
	TTL      time.Duration // of a quote
	Log      *slog.Logger

	turns turns
}

// Quote answers a request: facts, decisions, price, cache. It refuses what
// cannot be priced (refusal.Invalid), an unknown coupon
// (ledger.CouponNotFound) and a selected one that does not apply
// ([CouponNotApplicable]); a ledger that cannot be read is
// ledger.ErrUnavailable. A failing policy never fails a quote: it costs the
// coupon.
func (e *Engine) Quote(ctx context.Context, r *Request) (*Quote, error) {
	order, faults := r.price()
	if len(faults) > 0 {
		return nil, refusal.InvalidRequest(faults...)
	}
	now := e.now()
	policies := e.Policies.Current()
	facts, err := e.Books.Facts(ctx, r.Customer.ID, now)
	if err != nil {
		return nil, err
	}
	key, content := contentKey(r, &facts, policies.Revision, now)
	if q, ok := e.Quotes.Known(key, now); ok {
		return q, nil
	}
	// What other processes made is found by Keep: remembered decisions make a
	// quote in less time than it takes to ask them first.
	hearing := newHearing(ctx, policies, r, order, &facts, now)
	verdict := hearing.decide()
	hearing.close(e.Log)
	choice, err := e.choose(ctx, hearing, &verdict)
	if err != nil {
		return nil, err
	}
	if hearing.failed() || hearing.looksAtNow() {
		key = privateKey()
	}
	q, err := hearing.quote(&verdict, choice)
	if err != nil {
		return nil, err
	}
	q.ID = newQuoteID(key)
	q.ExpiresAt = now.Add(e.TTL)
	q.Content = content
	return e.Quotes.Keep(ctx, key, q, now), nil
}

// Find is a quote by its id, or a refusal with [QuoteNotFound].
func (e *Engine) Find(ctx context.Context, id string) (*Quote, error) {
	if key, ok := keyOf(id); ok {
		if q, ok := e.Quotes.Find(ctx, key, e.now()); ok && q.ID == id {
			return q, nil
		}
	}
	return nil, refusal.New(QuoteNotFound, "there is no quote %q, or it has expired; quote again", id)
}

// Grants asks which campaigns a customer who registers now gets a coupon of. A
// policy that fails is a refusal with [PolicyError]: nothing is granted and the
// registration can be tried again.
func (e *Engine) Grants(ctx context.Context, customerID, attributes string) ([]string, error) {
	policies := e.Policies.Current()
	ids, err := policies.Grants(ctx, &policy.Facts{
		Customer: policy.Customer{ID: customerID, Attributes: attributes},
		Now:      e.now().Unix(),
	})
	if err != nil {
		e.Log.Error("the grant decision failed; the registration is refused",
			"error", err, "policy_revision", policies.Revision, "customer_id", customerID)
		return nil, refusal.New(PolicyError, "the policies could not decide on this registration; nothing was granted, try again")
	}
	return ids, nil
}

// now is the instant of a request: UTC, to the microsecond.
func (e *Engine) now() time.Time { return e.Clock().UTC().Truncate(time.Microsecond) }

// choose takes the coupon that the request selects.
func (e *Engine) choose(ctx context.Context, h *hearing, v *verdict) (choice, error) {
	switch h.request.Select {
	case SelectNone:
		return choice{by: ByNone}, nil
	case SelectBest:
		if len(v.candidates) > 0 && v.candidates[0].Applicable && v.candidates[0].Discount > 0 {
			return choice{by: ByDefault, candidate: &v.candidates[0]}, nil
		}
		return choice{by: Unavailable}, nil
	}
	at := slices.IndexFunc(v.candidates, func(c candidate) bool { return c.ID == h.request.Select })
	switch {
	case at < 0:
		return choice{}, e.refuseUnlisted(ctx, h, v)
	case !v.candidates[at].Applicable:
		return choice{}, notApplicable(h.request.Select, v.candidates[at].reasons)
	}
	return choice{by: ByCustomer, candidate: &v.candidates[at]}, nil
}

// refuseUnlisted says why a selected coupon is not among the considered ones:
// the customer does not hold it, or it is used, revoked or expired.
func (e *Engine) refuseUnlisted(ctx context.Context, h *hearing, v *verdict) error {
	coupon, err := e.Books.Coupon(ctx, h.request.Select)
	var refused *refusal.Error
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	if err != nil || coupon.CustomerID != h.request.Customer.ID {
		unknown := refusal.New(ledger.CouponNotFound, "customer %q holds no coupon %q",
			h.request.Customer.ID, h.request.Select).In("/select")
		unknown.InBody = true
		return unknown
	}
	reasons := slices.Clone(v.denials)
	if len(reasons) == 0 {
		late := newHearing(ctx, h.policies, h.request, h.order, h.facts, h.now)
		defer late.close(e.Log)
		reasons = late.assess(&coupon, late.linesFor(&coupon, v.lines)).reasons
	}
	if len(reasons) == 0 { // whatever policies say: the books have the last word
		reasons = append(reasons, refusal.Reason{
			Code: "coupon.status", Message: "This coupon is " + string(coupon.StatusAt(h.now)) + "."})
	}
	return notApplicable(coupon.ID, reasons)
}

func notApplicable(id string, reasons []refusal.Reason) error {
	r := refusal.New(CouponNotApplicable, "coupon %q does not apply to this order; its reasons say why", id).In("/select")
	r.Reasons = reasons
	return r
}

// choice is the selected candidate, nil for none.
type choice struct {
	by        SelectedBy
	candidate *candidate
}

// candidate is a considered coupon with what was found about it.
type candidate struct {
	pricing.Candidate
	campaignID string
	reasons    []refusal.Reason
	lines      lineVerdicts // which lines it may reduce
}
