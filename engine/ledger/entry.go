package ledger

import (
	"context"
	"time"

	"scrip/engine/refusal"
)

// Entry is one operation on the books in the making: every method of it runs
// in the same transaction and at the same instant. Get one from [Book.Do].
type Entry struct {
	ctx   context.Context // an Entry lives for one call of Do
	book  *Book
	tx    Tx
	now   time.Time
	wrote bool
	// by and requestID say in events who asked.
	by, requestID string
	// touched are the customers whose facts the operation changes; ahead those of
	// them who are worth reading again at once.
	touched, ahead []string
}

// Now is the instant of the operation.
func (e *Entry) Now() time.Time { return e.now }

// CreateCampaign adds a campaign, or refuses with [CampaignExists].
func (e *Entry) CreateCampaign(c Campaign) (Campaign, error) {
	c.CreatedAt = e.now
	ok, err := e.tx.InsertCampaign(e.ctx, c)
	if err != nil {
		return Campaign{}, err
	}
	if !ok {
		return Campaign{}, refusal.New(CampaignExists, "there is a campaign %q already; campaigns cannot be changed, only paused", c.ID)
	}
	e.wrote = true
	return c, nil
}

// SetPaused pauses or resumes a campaign. Doing so twice is the same as once.
func (e *Entry) SetPaused(id string, paused bool) (Campaign, error) {
	changed, err := e.tx.SetPaused(e.ctx, id, paused)
	if err != nil {
		return Campaign{}, err
	}
	e.wrote = e.wrote || changed
	return campaign(e.ctx, e.tx, id)
}

// Issue gives every customer of the list one coupon of a campaign, or nobody:
// it refuses with the code of the first rule that says no.
func (e *Entry) Issue(campaignID string, customerIDs []string) ([]Coupon, error) {
	c, err := campaign(e.ctx, e.tx, campaignID)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Paused:
		return nil, refusal.New(CampaignPaused, "campaign %q is paused; resume it to issue coupons", c.ID)
	case c.endedAt(e.now):
		return nil, refusal.New(CampaignEnded, "campaign %q ended at %s", c.ID, c.EndsAt.Format(time.RFC3339))
	}
	ok, err := e.tx.TakeIssue(e.ctx, c.ID, int64(len(customerIDs)))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refusal.New(CampaignExhausted, "campaign %q has %d of %d coupons left, %d are wanted",
			c.ID, c.Quantity-c.Issued, c.Quantity, len(customerIDs))
	}
	return e.give(&c, customerIDs, false)
}

// give gives customers coupons whose places in the campaign's quantity are
// taken already: one for each time that a customer is in the list, all with the
// same few statements.
func (e *Entry) give(c *Campaign, customerIDs []string, granted bool) ([]Coupon, error) {
	if len(customerIDs) == 0 {
		return []Coupon{}, nil
	}
	customers, turns := inTurns(customerIDs)
	held, err := e.tx.CountAvailable(e.ctx, customers, e.now)
	if err != nil {
		return nil, err
	}
	had, err := e.tx.CountShares(e.ctx, c.ID, customers)
	if err != nil {
		return nil, err
	}
	coupons, events := make([]Coupon, 0, len(customerIDs)), make([]Event, 0, len(customerIDs))
	for _, customerID := range customerIDs {
		switch {
		case held[customerID] >= MaxAvailable:
			return nil, refusal.New(CustomerCouponLimit, "customer %q holds %d available coupons, the most there can be", customerID, held[customerID])
		case had[customerID] >= c.PerCustomer:
			return nil, refusal.New(CampaignCustomerLimit, "customer %q has had the %d of campaign %q that one customer gets", customerID, c.PerCustomer, c.ID)
		}
		held[customerID]++
		had[customerID]++
		coupon, event, err := e.newCoupon(c, customerID)
		if err != nil {
			return nil, err
		}
		coupons, events = append(coupons, coupon), append(events, event)
	}
	for _, turn := range turns {
		ok, err := e.tx.TakeShares(e.ctx, c.ID, turn, c.PerCustomer)
		if err == nil && !ok {
			err = ErrChanged
		}
		if err != nil {
			return nil, err
		}
	}
	if err := e.tx.InsertCoupons(e.ctx, coupons, granted); err != nil {
		return nil, err
	}
	e.touch(customers...)
	return coupons, e.tx.InsertEvents(e.ctx, events...)
}

// inTurns splits a list, not an empty one, into lists without repetitions: the
// first of all customers, the second of those who come twice, and so on.
func inTurns(customerIDs []string) (customers []string, turns [][]string) {
	times := make(map[string]int, len(customerIDs))
	for _, id := range customerIDs {
		n := times[id]
		if times[id]++; n == len(turns) {
			turns = append(turns, nil)
		}
		turns[n] = append(turns[n], id)
	}
	return turns[0], turns
}

// newCoupon is a coupon that begins now, with the event of its issue.
func (e *Entry) newCoupon(c *Campaign, customerID string) (Coupon, Event, error) {
	id, err := newID("cpn_")
	if err != nil {
		return Coupon{}, Event{}, err
	}
	coupon := Coupon{ID: id, CampaignID: c.ID, CustomerID: customerID, Terms: &c.Terms, State: Issued, CreatedAt: e.now}
	coupon.StartsAt, coupon.ExpiresAt = c.life(e.now)
	event, err := e.newEvent(Event{At: e.now, Kind: CouponIssued, By: e.by, CouponID: id, CustomerID: customerID})
	return coupon, event, err
}

// Register registers a customer and gives one coupon of each granted campaign
// that can issue one; the others are skipped. Registered before, the customer
// keeps the coupons of that time: first is false and nothing is granted.
func (e *Entry) Register(customerID string, campaignIDs []string) (coupons []Coupon, first bool, err error) {
	first, err = e.tx.Register(e.ctx, customerID, e.now)
	if err != nil {
		return nil, false, err
	}
	if !first {
		coupons, err = e.tx.Grants(e.ctx, customerID)
		if err == nil {
			err = e.book.addTerms(e.ctx, e.tx, coupons)
		}
		return coupons, false, err
	}
	e.wrote = true
	for _, campaignID := range campaignIDs {
		coupon, ok, err := e.grant(campaignID, customerID)
		if err != nil {
			return nil, false, err
		}
		if ok {
			coupons = append(coupons, coupon)
		}
	}
	return coupons, true, nil
}

// grant issues one coupon if the campaign and the customer's limits allow it.
// Everything that can say no is looked at before anything is written.
func (e *Entry) grant(campaignID, customerID string) (Coupon, bool, error) {
	c, err := campaign(e.ctx, e.tx, campaignID)
	if isRefusal(err) || err == nil && (c.Paused || c.endedAt(e.now)) {
		return Coupon{}, false, nil
	}
	if err != nil {
		return Coupon{}, false, err
	}
	customer := []string{customerID}
	held, err := e.tx.CountAvailable(e.ctx, customer, e.now)
	if err != nil || held[customerID] >= MaxAvailable {
		return Coupon{}, false, err
	}
	had, err := e.tx.CountShares(e.ctx, c.ID, customer)
	if err != nil || had[customerID] >= c.PerCustomer {
		return Coupon{}, false, err
	}
	ok, err := e.tx.TakeIssue(e.ctx, c.ID, 1)
	if err != nil || !ok {
		return Coupon{}, false, err
	}
	given, err := e.give(&c, customer, true)
	if err != nil {
		return Coupon{}, false, err
	}
	return given[0], true, nil
}

// Revoke takes a coupon back; a hold on it ends. Doing so twice is the same as
// once; a used one is refused with [CouponUsed].
func (e *Entry) Revoke(id string) (Coupon, error) {
	c, err := e.book.coupon(e.ctx, e.tx, id)
	if err != nil {
		return Coupon{}, err
	}
	if err := e.endHolds(Hold{CouponID: id}); err != nil {
		return Coupon{}, err
	}
	if c.heldAt(e.now) {
		if err := e.withdraw(id); err != nil {
			return Coupon{}, err
		}
	}
	changed, err := e.tx.Revoke(e.ctx, id)
	if err != nil {
		return Coupon{}, err
	}
	if c, err = e.book.coupon(e.ctx, e.tx, id); err != nil {
		return Coupon{}, err
	}
	if c.State == Used {
		return Coupon{}, refusal.New(CouponUsed, "coupon %q has been used and cannot be revoked", id)
	}
	if changed {
		e.touch(c.CustomerID)
		err = e.recordCoupon(CouponRevoked, &c)
	}
	return c, err
}

// withdraw ends the hold of a coupon that is revoked.
func (e *Entry) withdraw(couponID string) error {
	r, err := e.tx.HeldBy(e.ctx, couponID)
	if err != nil {
		return err
	}
	return e.endHold(&r, Withdrawn)
}

// Block puts a customer on the blocklist or changes the reason.
func (e *Entry) Block(customerID, reason string) (Block, error) {
	e.touch(customerID)
	return e.tx.PutBlock(e.ctx, Block{CustomerID: customerID, Reason: reason, CreatedAt: e.now})
}

// Unblock takes a customer off the blocklist; one who is not on it is fine.
func (e *Entry) Unblock(customerID string) error {
	ok, err := e.tx.DeleteBlock(e.ctx, customerID)
	if ok {
		e.touch(customerID)
	}
	return err
}

// touch marks the operation as one that changes customers' facts.
func (e *Entry) touch(customerIDs ...string) {
	e.changed(customerIDs...)
	e.ahead = append(e.ahead, customerIDs...)
}

// changed does the same for customers who are not likely to order next.
func (e *Entry) changed(customerIDs ...string) {
	e.wrote = true
	e.touched = append(e.touched, customerIDs...)
}
