package ledger

import "time"

// Event is one change in the life of a coupon or of a redemption: who did
// what, when, by which request. Events are only ever added.
type Event struct {
	ID           string
	At           time.Time
	Kind         EventKind
	CouponID     string // "" for an order without a coupon
	RedemptionID string // "" if none is concerned
	CustomerID   string
	By           string // the listener that was asked: "data", "admin"; "clock" for the end of a hold
	RequestID    string
	Detail       string // for people
}

// EventKind says what happened.
type EventKind string

// Kinds of events.
const (
	CouponIssued   EventKind = "coupon.issued"
	CouponRevoked  EventKind = "coupon.revoked"
	OrderReserved  EventKind = "redemption.reserved"
	OrderConfirmed EventKind = "redemption.confirmed"
	OrderPaid      EventKind = "redemption.paid" // from the wallet, wholly or in part
	OrderReleased  EventKind = "redemption.released"
	HoldEnded      EventKind = "redemption.expired"
	OrderRefunded  EventKind = "redemption.refunded"
)

// By whom a hold ends that nobody ends.
const byClock = "clock"

// record adds an event of this operation.
func (e *Entry) record(kind EventKind, at time.Time, by string, r *Redemption, detail string) error {
	return e.insertEvent(Event{At: at, Kind: kind, By: by, CouponID: r.CouponID, RedemptionID: r.ID, CustomerID: r.CustomerID, Detail: detail})
}

func (e *Entry) recordCoupon(kind EventKind, c *Coupon) error {
	return e.insertEvent(Event{At: e.now, Kind: kind, By: e.by, CouponID: c.ID, CustomerID: c.CustomerID})
}

func (e *Entry) insertEvent(event Event) error {
	event, err := e.newEvent(event)
	if err != nil {
		return err
	}
	return e.tx.InsertEvents(e.ctx, event)
}

func (e *Entry) newEvent(event Event) (_ Event, err error) {
	event.ID, err = newID("evt_")
	event.RequestID = e.requestID
	return event, err
}
