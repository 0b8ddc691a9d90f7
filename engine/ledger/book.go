package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"scrip/engine/keys"
	"scrip/engine/refusal"
)

// Bounds of the books (Contract §3 and §5).
const (
	MaxAvailable = 1_000  // available coupons a customer
	MaxIssue     = 10_000 // coupons issued by one request
)

// Codes of refusals.
const (
	CampaignNotFound      = "campaign.not_found"
	CampaignExists        = "campaign.exists"
	CampaignExhausted     = "campaign.exhausted"
	CampaignCustomerLimit = "campaign.customer_limit"
	CampaignPaused        = "campaign.paused"
	CampaignEnded         = "campaign.ended"
	CouponNotFound        = "coupon.not_found"
	CouponUsed            = "coupon.used"
	CustomerCouponLimit   = "customer.coupon_limit"
	KeyReused             = "idempotency.key_reused"
	KeyInFlight           = "idempotency.in_flight"
)

// Book applies the rules of the books to a store.
type Book struct {
	store   Store
	clock   func() time.Time
	replies keys.Box
	keys    keys.MAC // of idempotent requests
	vault   vault
	known   *known
	foreign foreign
	touched touched  // customers whose facts are to be read again
	terms   sync.Map // campaign id → *Terms; they never change, and campaigns are few
}

const metaKeyFingerprint = "master_key_fingerprint"

// ErrWrongKey means that the ledger was written under another master key.
var ErrWrongKey = errors.New("this ledger was written under another master key: " +
	"start with the key it was made with (--key, SCRIP_KEY, or the key file in its data folder)")

// Open opens the books over a store. A fresh ledger takes the master key's
// fingerprint and gets the welcome campaign; one that has another key's is
// refused with [ErrWrongKey].
func Open(ctx context.Context, store Store, master keys.Master, clock func() time.Time) (*Book, error) {
	b := &Book{store: store, clock: clock, replies: master.Replies(), keys: master.IdempotencyKeys(), vault: newVault(master), known: newKnown(), touched: newTouched()}
	err := store.Write(ctx, func(tx Tx) error {
		if _, err := tx.PutMeta(ctx, metaCodeKey, firstCodeKey); err != nil {
			return err
		}
		fresh, err := tx.PutMeta(ctx, metaKeyFingerprint, master.Fingerprint())
		if err != nil {
			return err
		}
		if fresh {
			_, err = tx.InsertCampaign(ctx, WelcomeCampaign(b.Now()))
			return err
		}
		fingerprint, err := tx.Meta(ctx, metaKeyFingerprint)
		if err == nil && fingerprint != master.Fingerprint() {
			err = ErrWrongKey
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	return b, nil
}

// Now is the instant of the books: UTC, to the microsecond, as stores keep it.
func (b *Book) Now() time.Time { return b.clock().UTC().Truncate(time.Microsecond) }

// Ready reports whether the ledger can be read.
func (b *Book) Ready(ctx context.Context) error { return b.store.Ready(ctx) }

// Facts are what a quote needs to know of a customer.
type Facts struct {
	Blocklisted bool
	Coupons     []Coupon // available at the instant, pending ones included
}

// Facts is what the books say of a customer at an instant, at most a second
// late if another sidecar wrote it. It is shared and must not be changed.
func (b *Book) Facts(ctx context.Context, customerID string, now time.Time) (Facts, error) {
	if facts, ok := b.known.get(customerID, now); ok {
		return facts, nil
	}
	generation := b.known.generation(customerID)
	facts, err := b.readFacts(ctx, customerID, now)
	if err == nil {
		b.known.put(customerID, generation, facts, now)
	}
	return facts.at(now), err
}

func (b *Book) readFacts(ctx context.Context, customerID string, now time.Time) (Facts, error) {
	holdings, err := b.holdings(ctx, []string{customerID}, now)
	if err != nil {
		return Facts{}, err
	}
	return holdings[0].Facts, nil
}

// holdings reads the facts of customers.
func (b *Book) holdings(ctx context.Context, customerIDs []string, now time.Time) ([]Holding, error) {
	holdings, err := b.store.Holdings(ctx, customerIDs, now)
	if err != nil {
		return nil, err
	}
	for i := range holdings {
		if err := b.addTerms(ctx, b.store, holdings[i].Facts.Coupons); err != nil {
			return nil, err
		}
	}
	return holdings, nil
}

// Blocked is whether a customer is on the blocklist, as the ledger says now.
func (b *Book) Blocked(ctx context.Context, customerID string) (bool, error) {
	return b.store.Blocked(ctx, customerID)
}

// Redemption is one redemption, or a refusal with [RedemptionNotFound].
func (b *Book) Redemption(ctx context.Context, id string) (Redemption, error) {
	return redemption(ctx, b.store, id)
}

// Redemptions lists a page of an order's redemptions.
func (b *Book) Redemptions(ctx context.Context, orderID string, page Page) ([]Redemption, error) {
	return b.store.Redemptions(ctx, orderID, page)
}

// Refunds lists a page of a redemption's refunds, or refuses with
// [RedemptionNotFound].
func (b *Book) Refunds(ctx context.Context, redemptionID string, page Page) ([]Refund, error) {
	if _, err := b.Redemption(ctx, redemptionID); err != nil {
		return nil, err
	}
	return b.store.Refunds(ctx, redemptionID, page)
}

// Events lists a page of a coupon's events, or refuses with [CouponNotFound].
func (b *Book) Events(ctx context.Context, couponID string, page Page) ([]Event, error) {
	if _, err := b.Coupon(ctx, couponID); err != nil {
		return nil, err
	}
	return b.store.Events(ctx, couponID, page)
}

// Coupon is one coupon, or a refusal with [CouponNotFound].
func (b *Book) Coupon(ctx context.Context, id string) (Coupon, error) {
	return b.coupon(ctx, b.store, id)
}

// Coupons lists a page of a customer's coupons; status "" is all.
func (b *Book) Coupons(ctx context.Context, customerID string, status Status, page Page) ([]Coupon, time.Time, error) {
	now := b.Now()
	coupons, err := b.store.Coupons(ctx, customerID, status, now, page)
	if err != nil {
		return nil, now, err
	}
	return coupons, now, b.addTerms(ctx, b.store, coupons)
}

// Campaign is one campaign, or a refusal with [CampaignNotFound].
func (b *Book) Campaign(ctx context.Context, id string) (Campaign, error) {
	return campaign(ctx, b.store, id)
}

// Campaigns lists a page of campaigns.
func (b *Book) Campaigns(ctx context.Context, page Page) ([]Campaign, error) {
	return b.store.Campaigns(ctx, page)
}

// Blocklist lists a page of blocked customers.
func (b *Book) Blocklist(ctx context.Context, page Page) ([]Block, error) {
	return b.store.Blocklist(ctx, page)
}

// Registered reports whether a customer has registered already.
func (b *Book) Registered(ctx context.Context, customerID string) (bool, error) {
	_, err := b.store.Grants(ctx, customerID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func campaign(ctx context.Context, r Reader, id string) (Campaign, error) {
	c, err := r.Campaign(ctx, id)
	if errors.Is(err, ErrNotFound) {
		err = refusal.New(CampaignNotFound, "there is no campaign %q", id)
	}
	return c, err
}

func (b *Book) coupon(ctx context.Context, r Reader, id string) (Coupon, error) {
	c, err := r.Coupon(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return c, refusal.New(CouponNotFound, "there is no coupon %q", id)
	}
	if err != nil {
		return c, err
	}
	one := []Coupon{c}
	err = b.addTerms(ctx, r, one)
	return one[0], err
}

// addTerms gives coupons the terms of their campaigns.
func (b *Book) addTerms(ctx context.Context, r Reader, coupons []Coupon) error {
	for i := range coupons {
		terms, err := b.termsOf(ctx, r, coupons[i].CampaignID)
		if err != nil {
			return err
		}
		coupons[i].Terms = terms
	}
	return nil
}

func (b *Book) termsOf(ctx context.Context, r Reader, campaignID string) (*Terms, error) {
	if known, ok := b.terms.Load(campaignID); ok {
		return known.(*Terms), nil
	}
	c, err := r.Campaign(ctx, campaignID)
	if err != nil {
		return nil, fmt.Errorf("campaign %q of a coupon: %w", campaignID, err)
	}
	if r != Reader(b.store) {
		return &c.Terms, nil // may not be committed: not for others
	}
	known, _ := b.terms.LoadOrStore(campaignID, &c.Terms)
	return known.(*Terms), nil
}
