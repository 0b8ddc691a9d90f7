package ledger_test

import (
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// A coupon's life starts at the later of its issue and starts_at and ends at
// the earlier of valid_for after that start and ends_at (Contract §5).
func TestTheLifeOfACoupon(t *testing.T) {
	const never = -1
	h := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	o := newOffice(t)
	for name, c := range map[string]struct{ issued, starts, ends, validFor, wantStart, wantEnd time.Duration }{
		"no bounds":                              {h(1), never, never, never, h(1), never},
		"starts before the issue":                {h(3), h(1), never, never, h(3), never},
		"starts at the issue":                    {h(3), h(3), never, never, h(3), never},
		"starts after the issue":                 {h(1), h(3), never, never, h(3), never},
		"ends":                                   {h(1), never, h(5), never, h(1), h(5)},
		"valid for":                              {h(1), never, never, h(2), h(1), h(3)},
		"valid from a start to come":             {h(1), h(4), never, h(2), h(4), h(6)},
		"valid from a start that was":            {h(3), h(1), never, h(2), h(3), h(5)},
		"valid until before the end":             {h(1), never, h(5), h(2), h(1), h(3)},
		"valid until the end":                    {h(1), never, h(5), h(4), h(1), h(5)},
		"valid beyond the end":                   {h(1), never, h(5), h(9), h(1), h(5)},
		"all, the end first":                     {h(1), h(2), h(5), h(4), h(2), h(5)},
		"all, the validity first":                {h(1), h(2), h(5), h(2), h(2), h(4)},
		"one tick before the end":                {h(5) - tick, never, h(5), h(1), h(5) - tick, h(5)},
		"one tick":                               {h(1), never, never, tick, h(1), h(1) + tick},
		"a validity finer than a tick":           {h(1), never, never, time.Second + 1, h(1), h(1) + time.Second},
		"an issue finer than a tick":             {h(1) + 999, never, never, h(1), h(1), h(2)},
		"a hundred years":                        {h(1), never, never, 876_000 * time.Hour, h(1), h(1) + 876_000*time.Hour},
		"a start after the validity of an issue": {h(1), h(9), never, h(1), h(9), h(10)},
	} {
		t.Run(name, func(t *testing.T) {
			at := func(since time.Duration) (at time.Time) {
				if since != never {
					at = epoch.Add(since)
				}
				return at
			}
			campaign := plain(name)
			campaign.StartsAt, campaign.EndsAt = at(c.starts), at(c.ends)
			if c.validFor != never {
				campaign.ValidFor = ledger.Validity{Text: c.validFor.String(), Duration: c.validFor}
			}
			o.campaigns(campaign)
			o.at(c.issued)
			told := o.issued(name, "ann")
			kept, err := o.Coupon(t.Context(), told.ID)
			o.must(err)
			for name, coupon := range map[string]ledger.Coupon{"told": told, "kept": kept} {
				if coupon.StartsAt != at(c.wantStart) || coupon.ExpiresAt != at(c.wantEnd) {
					t.Errorf("%s: from %v until %v, want %v and %v", name, coupon.StartsAt, coupon.ExpiresAt, at(c.wantStart), at(c.wantEnd))
				}
			}
		})
	}
}

func TestACampaignEndsAtItsInstant(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.EndsAt = epoch.Add(time.Hour)
	o.campaigns(c)
	o.at(time.Hour - tick)
	o.issued("c", "ann")
	for _, since := range []time.Duration{time.Hour, time.Hour + tick, 1000 * time.Hour} {
		o.at(since)
		_, err := o.issue("c", "ann")
		refused(t, "after its end", err, ledger.CampaignEnded)
	}
	o.counted("c", 1)
}

// Lives are half-open: from starts_at up to but not including expires_at.
func TestStatusAndWindowAtTheirBoundaries(t *testing.T) {
	start, end := epoch.Add(time.Hour), epoch.Add(2*time.Hour)
	life := ledger.Coupon{StartsAt: start, ExpiresAt: end}
	endless := ledger.Coupon{StartsAt: start}
	for _, c := range []struct {
		at              time.Time
		window, forever string
		status          ledger.Status
	}{
		{epoch, ledger.WindowPending, ledger.WindowPending, ledger.StatusAvailable},
		{start.Add(-tick), ledger.WindowPending, ledger.WindowPending, ledger.StatusAvailable},
		{start, ledger.WindowOpen, ledger.WindowOpen, ledger.StatusAvailable},
		{end.Add(-tick), ledger.WindowOpen, ledger.WindowOpen, ledger.StatusAvailable},
		{end, ledger.WindowEnded, ledger.WindowOpen, ledger.StatusExpired},
		{end.Add(tick), ledger.WindowEnded, ledger.WindowOpen, ledger.StatusExpired},
	} {
		for state, want := range map[ledger.State]ledger.Status{ledger.Issued: c.status, ledger.Used: ledger.StatusUsed, ledger.Revoked: ledger.StatusRevoked} {
			life.State, endless.State = state, state
			if got := life.StatusAt(c.at); got != want {
				t.Errorf("%s at %v is %s, want %s", state, c.at.Sub(epoch), got, want)
			}
			if got := endless.StatusAt(c.at); got == ledger.StatusExpired {
				t.Errorf("%s without end at %v is %s", state, c.at.Sub(epoch), got)
			}
		}
		if got := life.Window(c.at); got != c.window {
			t.Errorf("the window at %v is %s, want %s", c.at.Sub(epoch), got, c.window)
		}
		if got := endless.Window(c.at); got != c.forever {
			t.Errorf("without end, the window at %v is %s, want %s", c.at.Sub(epoch), got, c.forever)
		}
	}
	// Where both ends are one, a coupon has ended and never was open.
	if got := (&ledger.Coupon{StartsAt: end, ExpiresAt: end}).Window(end); got != ledger.WindowEnded {
		t.Errorf("a life of no length is %s", got)
	}
}

// Lists and facts say of each coupon what the coupon says of itself.
func TestStatusInListsAndFacts(t *testing.T) {
	o := newOffice(t)
	short, pending := plain("short"), plain("pending")
	short.EndsAt, pending.StartsAt = epoch.Add(time.Hour), epoch.Add(2*time.Hour)
	pending.ValidFor = ledger.Validity{Text: "1h", Duration: time.Hour}
	o.campaigns(short, pending, plain("endless"))
	ids := map[string]string{"used": "cpn_used"}
	for _, name := range []string{"short", "pending", "endless"} {
		ids[name] = o.issued(name, "ann").ID
	}
	revoked := o.issued("endless", "ann")
	_, err := o.revoke(revoked.ID)
	o.must(err)
	ids["revoked"] = revoked.ID
	o.use("cpn_used", "endless", "ann")
	o.issued("endless", "bob")
	for _, c := range []struct {
		at                 time.Duration
		available, expired []string
	}{
		{0, []string{"short", "pending", "endless"}, nil},
		{time.Hour - tick, []string{"short", "pending", "endless"}, nil},
		{time.Hour, []string{"pending", "endless"}, []string{"short"}},
		{3*time.Hour - tick, []string{"pending", "endless"}, []string{"short"}},
		{3 * time.Hour, []string{"endless"}, []string{"short", "pending"}},
	} {
		o.at(c.at)
		for status, names := range map[ledger.Status][]string{
			ledger.StatusAvailable: c.available, ledger.StatusExpired: c.expired, ledger.StatusReserved: nil,
			ledger.StatusUsed: {"used"}, ledger.StatusRevoked: {"revoked"},
			"": {"short", "pending", "endless", "used", "revoked"},
		} {
			var want []string
			for _, name := range names {
				want = append(want, ids[name])
			}
			slices.Sort(want)
			if got := o.holds("ann", status); join(got) != join(want) {
				t.Errorf("at %v, status %q: %q, want %q", c.at, status, got, want)
			}
		}
		facts, err := o.Facts(t.Context(), "ann", o.Now())
		if err != nil || len(facts.Coupons) != len(c.available) || facts.Blocklisted {
			t.Errorf("at %v, the facts are %+v (%v), want %q", c.at, facts, err, c.available)
		}
		for _, coupon := range facts.Coupons {
			if coupon.StatusAt(o.Now()) != ledger.StatusAvailable || coupon.Terms == nil {
				t.Errorf("at %v, the facts hold %+v", c.at, coupon)
			}
		}
	}
}

func TestStatusesAreKnown(t *testing.T) {
	for _, s := range ledger.Statuses {
		if !s.Valid() {
			t.Errorf("%q is not valid", s)
		}
	}
	for _, s := range []ledger.Status{"", "issued", "Available", "available "} {
		if s.Valid() {
			t.Errorf("%q is valid", s)
		}
	}
}
