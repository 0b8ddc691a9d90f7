// A gift card's money is in one wallet, once.
package ledger_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

func TestACardIsRedeemedExactlyOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := o.card(5_000)
	var won atomic.Int64
	together(16, func(i int) {
		switch _, err := o.redeem(names(16)[i], card.Number, card.Secret); {
		case err == nil:
			won.Add(1)
		default:
			refused(t, "too late", err, ledger.CardUsed)
		}
	})
	stored, err := o.GiftCard(context.Background(), card.ID)
	if err != nil || won.Load() != 1 || stored.State != ledger.CardRedeemed {
		t.Fatalf("%d redeemed it: %+v, %v", won.Load(), stored, err)
	}
	var all money.Amount
	for _, name := range names(16) {
		b, err := o.Balance(context.Background(), name, usd(t))
		o.must(err)
		if all += b.Total(); b.Total() > 0 && (name != stored.RedeemedBy || b.Gift != 5_000) {
			t.Errorf("%+v", b)
		}
	}
	if all != 5_000 {
		t.Errorf("credited were %d", all)
	}
	o.clean()
}

func TestCardsThatCannotBeRedeemed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card, revoked := o.card(5_000), o.card(5_000)
	o.must(o.do(func(e *ledger.Entry) error { _, err := e.RevokeCard(revoked.ID); return err }))
	o.must(o.do(func(e *ledger.Entry) error { _, err := e.RevokeCard(revoked.ID); return err }))
	_, err := o.redeem("ann", revoked.Number, revoked.Secret)
	refused(t, "revoked", err, ledger.CardTaken)
	no := errors.New("no")
	err = o.do(func(e *ledger.Entry) error {
		_, err := e.RedeemCard(ledger.CardClaim{CustomerID: "ann", Number: card.Number, Secret: card.Secret, Holds: func(now time.Time, c *ledger.GiftCard) error {
			if !now.Equal(o.Now()) || c.ID != card.ID || c.StatusAt(now) != ledger.StatusCardActive {
				t.Errorf("asked about %+v at %s", c, now)
			}
			return no
		}})
		return err
	})
	if !errors.Is(err, no) {
		t.Errorf("a claim that does not hold: %v", err)
	}
	o.has("nothing was redeemed", "ann", 0, 0, 0)
	_, err = o.redeem("ann", card.Number, ledger.TypedCode(strings.ToLower(card.Secret.Reveal()[:10]+" - "+card.Secret.Reveal()[10:])))
	o.must(err)
	refused(t, "a redeemed card", o.do(func(e *ledger.Entry) error { _, err := e.RevokeCard(card.ID); return err }), ledger.CardUsed)
	refused(t, "no card", o.do(func(e *ledger.Entry) error { _, err := e.RevokeCard("crd_x"); return err }), ledger.CardNotFound)
	claim := ledger.CardClaim{CustomerID: "bob", Number: card.Number, Secret: card.Secret}
	if found, err := o.Claimed(context.Background(), &claim); err != nil || found.ID != card.ID || found.State != ledger.CardRedeemed {
		t.Errorf("a look: %+v, %v", found, err)
	}
	claim.Secret = ledger.TypedCode("x")
	if found, err := o.Claimed(context.Background(), &claim); found.ID != "" || err != nil {
		t.Errorf("a look with a wrong code: %+v, %v", found, err)
	}
	o.clean()
}

func TestCardsEndAtTheirExpiry(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := o.cards(1, "ann", o.Now().Add(time.Hour), 1)[0]
	for at, want := range map[time.Duration]ledger.CardStatus{time.Hour - tick: ledger.StatusCardActive, time.Hour: ledger.StatusCardExpired} {
		o.at(at)
		for _, status := range ledger.CardStatuses {
			cards, _, err := o.GiftCards(context.Background(), "ann", status, ledger.Page{Limit: 9})
			if err != nil || (len(cards) == 1) != (status == want) || card.StatusAt(o.Now()) != want {
				t.Errorf("at %s: %d are %s, %v", at, len(cards), status, err)
			}
		}
	}
}

func TestOnlyOwnersAreShownCodes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	hers, nobodys := o.cards(1, "ann", time.Time{}, 1)[0], o.card(1)
	_, code, err := o.RevealCode(context.Background(), hers.ID, "ann")
	if err != nil || code.Reveal() != hers.Secret.Reveal() {
		t.Errorf("the owner is shown %q, %v", code.Reveal(), err)
	}
	for _, q := range [][2]string{{hers.ID, "bob"}, {hers.ID, ""}, {nobodys.ID, ""}, {nobodys.ID, "ann"}, {"crd_x", "ann"}} {
		_, code, err := o.RevealCode(context.Background(), q[0], q[1])
		refused(t, q[0]+" to "+q[1], err, ledger.CardNotFound)
		if code.Reveal() != "" {
			t.Errorf("%s shown to %q", q[0], q[1])
		}
	}
}

// Codes are sealed anew some at a time, and open all the while.
func TestKeysOfCodesChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const n = 501
	cards := o.cards(1, "ann", time.Time{}, n)
	opens := func(c ledger.IssuedCard, key int64) {
		t.Helper()
		stored, code, err := o.RevealCode(context.Background(), c.ID, "ann")
		if err != nil || code.Reveal() != c.Secret.Reveal() || stored.Code.Key != key {
			t.Errorf("under key %d, want %d: %v", stored.Code.Key, key, err)
		}
	}
	reseal := func() (r ledger.Rotation) {
		o.must(o.do(func(e *ledger.Entry) (err error) { r, err = e.Reseal(); return err }))
		return r
	}
	if r := reseal(); r != (ledger.Rotation{Key: 1}) {
		t.Errorf("nothing to seal: %+v", r)
	}
	o.must(o.do(func(e *ledger.Entry) error {
		r, err := e.NextCodeKey()
		if r != (ledger.Rotation{Key: 2, Pending: true, Left: n}) {
			t.Errorf("the next key: %+v", r)
		}
		return err
	}))
	opens(cards[0], 1)
	opens(o.cards(1, "ann", time.Time{}, 1)[0], 2)
	o.clean()
	if r := []ledger.Rotation{reseal(), reseal(), reseal()}; !slices.Equal(r, []ledger.Rotation{{Key: 2, Sealed: 500, Pending: true}, {Key: 2, Sealed: 1}, {Key: 2}}) {
		t.Errorf("%+v", r)
	}
	for _, c := range []ledger.IssuedCard{cards[0], cards[n-1]} {
		opens(c, 2)
	}
	_, err := o.redeem("bob", cards[0].Number, cards[0].Secret)
	o.must(err) // found as ever
	o.clean()
}
