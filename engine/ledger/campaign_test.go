package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
	"scrip/engine/money"
)

func TestAFreshLedgerHoldsTheWelcomeCampaign(t *testing.T) {
	o := newOffice(t)
	all, err := o.Campaigns(t.Context(), ledger.Page{Limit: 10})
	o.must(err)
	if len(all) != 1 {
		t.Fatalf("%d campaigns, want welcome alone", len(all))
	}
	c := all[0]
	if got := c.Terms.Percent.String(); got != "5" {
		t.Errorf("welcome gives %s percent, want 5", got)
	}
	c.Terms.Percent = money.Percent{}
	want := ledger.Campaign{ID: "welcome", Name: "Welcome 5%", PerCustomer: 1, CreatedAt: epoch,
		ValidFor: ledger.Validity{Text: "720h", Duration: 720 * time.Hour}}
	if c != want {
		t.Errorf("welcome is\n%+v, want\n%+v", c, want)
	}
}

func TestReopeningLeavesWelcomeAsItIs(t *testing.T) {
	o := newOffice(t)
	_, err := o.pause("welcome", true)
	o.must(err)
	o.advance(time.Hour)
	o.reopen()
	all, err := o.Campaigns(t.Context(), ledger.Page{Limit: 10})
	if err != nil || len(all) != 1 || !all[0].Paused || !all[0].CreatedAt.Equal(epoch) {
		t.Errorf("after reopening: %+v (%v)", all, err)
	}
}

func TestManyOpenAFreshLedgerOnce(t *testing.T) {
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "scrip.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // not what is tested here
	var strangers atomic.Int64
	together(16, func(i int) {
		key := []string{masterKey, strangeKey}[i%2]
		switch _, err := ledger.Open(context.Background(), store, master(t, key), time.Now); {
		case errors.Is(err, ledger.ErrWrongKey):
			strangers.Add(1)
		case err != nil:
			t.Error(err)
		}
	})
	all, err := store.Campaigns(t.Context(), ledger.Page{Limit: 10})
	if err != nil || len(all) != 1 || strangers.Load() != 8 {
		t.Errorf("%d campaigns (%v), %d refused, want 1 and all of one key", len(all), err, strangers.Load())
	}
}

const strangeKey = "/////////////////////////////////////////+8="

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	o := newOffice(t)
	o.issued("welcome", "ann")
	_, err := ledger.Open(t.Context(), o.store, master(t, strangeKey), o.now)
	if !errors.Is(err, ledger.ErrWrongKey) {
		t.Fatalf("opened with another key: %v", err)
	}
	o.reopen() // with its own
	if got := o.holds("ann", ""); len(got) != 1 {
		t.Errorf("ann holds %q", got)
	}
}

func TestACampaignIsCreatedOnce(t *testing.T) {
	o := newOffice(t)
	o.at(1500 * time.Nanosecond)
	c := plain("c")
	c.CreatedAt = epoch.AddDate(-1, 0, 0) // not for the client to say
	created, err := o.create(c)
	o.must(err)
	if want := epoch.Add(tick); created.CreatedAt != want {
		t.Errorf("created at %v, want %v", created.CreatedAt, want)
	}
	other := plain("c")
	other.Name = "another"
	_, err = o.create(other)
	refused(t, "creating it again", err, ledger.CampaignExists)
	got, err := o.Campaign(t.Context(), "c")
	if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", created) {
		t.Errorf("kept\n%+v (%v), created\n%+v", got, err, created)
	}
	_, err = o.Campaign(t.Context(), "C")
	refused(t, "another id", err, ledger.CampaignNotFound)
}

func TestPausingAndResuming(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	held := o.issued("c", "ann")
	for _, paused := range []bool{false, true, true, false, false} {
		c, err := o.pause("c", paused)
		if err != nil || c.Paused != paused || c.Issued < 1 {
			t.Errorf("setting paused %v: %+v (%v)", paused, c, err)
		}
		_, err = o.issue("c", "bob")
		if paused {
			refused(t, "issuing while it is paused", err, ledger.CampaignPaused)
		} else if err != nil {
			t.Errorf("issuing while it is not paused: %v", err)
		}
		if got := o.holds("ann", ledger.StatusAvailable); join(got) != held.ID {
			t.Errorf("paused %v: ann holds %q", paused, got)
		}
	}
	o.counted("c", 4)
	for _, paused := range []bool{true, false} {
		_, err := o.pause("none", paused)
		refused(t, "a campaign that is not there", err, ledger.CampaignNotFound)
	}
}

func TestCampaignsAreListedInPages(t *testing.T) {
	o := newOffice(t)
	for i := range 5 {
		o.at(time.Duration(i/2) * tick)
		o.campaigns(plain(fmt.Sprint(9 - i)))
	}
	var got []string
	page := ledger.Page{Limit: 2}
	for {
		items, err := o.Campaigns(t.Context(), page)
		o.must(err)
		if len(items) == 0 || items[0].ID == page.After.ID {
			break
		}
		for _, c := range items {
			got = append(got, c.ID)
		}
		last := items[len(items)-1]
		page.After = ledger.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
	if join(got) != "8 9 welcome 6 7 5" {
		t.Errorf("listed: %q", got)
	}
}

func TestTerms(t *testing.T) {
	percentual := ledger.Terms{Percent: percent("5"), MaximumDiscount: 7}
	if p := percentual.Pricing(); percentual.Kind() != "percent" || p.Percent.String() != "5" || p.Maximum != 7 || p.Amount != 0 {
		t.Errorf("%s: %+v", percentual.Kind(), p)
	}
	fixed := ledger.Terms{Amount: 9}
	if p := fixed.Pricing(); fixed.Kind() != "amount" || p.Amount != 9 || p.Maximum != 0 || !p.Percent.IsZero() {
		t.Errorf("%s: %+v", fixed.Kind(), p)
	}
}
