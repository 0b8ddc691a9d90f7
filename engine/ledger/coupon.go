package ledger

import (
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Coupon is one coupon that a customer holds.
type Coupon struct {
	ID         string
	CampaignID string
	CustomerID string
	Terms      *Terms // its campaign's; shared, never changed
	StartsAt   time.Time
	ExpiresAt  time.Time // zero: never
	State      State
	HeldUntil  time.Time // a redemption holds it until then; zero: none does
	CreatedAt  time.Time
}

// State is what the books say of a coupon, whatever the clock says.
type State string

// States. A coupon is issued until it is used or revoked.
const (
	Issued  State = "issued"
	Used    State = "used"
	Revoked State = "revoked"
)

// Status is what a coupon is at an instant, as clients see it.
type Status string

// Statuses (Contract §5).
const (
	StatusAvailable Status = "available"
	StatusReserved  Status = "reserved"
	StatusUsed      Status = "used"
	StatusExpired   Status = "expired"
	StatusRevoked   Status = "revoked"
)

// Statuses lists all statuses that coupons can be filtered by.
var Statuses = []Status{StatusAvailable, StatusReserved, StatusUsed, StatusExpired, StatusRevoked}

// Valid reports whether s is one of [Statuses].
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// StatusAt tells the status at an instant. A coupon that has not started yet
// is available; its window says that it is pending.
func (c *Coupon) StatusAt(now time.Time) Status {
	switch {
	case c.State == Used:
		return StatusUsed
	case c.State == Revoked:
		return StatusRevoked
	case c.heldAt(now):
		return StatusReserved
	case c.Window(now) == WindowEnded:
		return StatusExpired
	}
	return StatusAvailable
}

// heldAt reports whether a redemption holds the coupon at an instant, which may
// be after the coupon's own end.
func (c *Coupon) heldAt(now time.Time) bool { return now.Before(c.HeldUntil) }

// Windows of a coupon's life, as policies see them. Intervals are half-open:
// open from StartsAt up to but not including ExpiresAt.
const (
	WindowPending = "pending"
	WindowOpen    = "open"
	WindowEnded   = "ended"
)

// Window tells where in the coupon's life an instant lies.
func (c *Coupon) Window(now time.Time) string {
	switch {
	case !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt):
		return WindowEnded
	case now.Before(c.StartsAt):
		return WindowPending
	}
	return WindowOpen
}

// orderedBase32 keeps the order of the bytes it encodes.
var orderedBase32 = base32.HexEncoding.WithPadding(base32.NoPadding)

// newID makes an id that sorts by the time it was made.
func newID(prefix string) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	return prefix + strings.ToLower(orderedBase32.EncodeToString(id[:])), nil
}
