// What the policies say of cards and wallets, and what becomes of it when
// things change before the transaction.
package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/refusal"
)

// saysNo expects a refusal with just these reasons.
func saysNo(t testing.TB, what string, err error, code string, reasons ...string) *refusal.Error {
	t.Helper()
	var no *refusal.Error
	if !errors.As(err, &no) || no.Code != code || no.Message == "" || !has(no.Reasons, reasons...) {
		t.Fatalf("%s: %v, want %s because of %q", what, err, code, reasons)
	}
	return no
}

// failing are policies whose decisions about money all fail.
func failing(t testing.TB) *policy.Snapshot {
	t.Helper()
	deny := denies("x", "1 / (input.amount_minor - input.amount_minor) == 1")
	return rules(t, patience, map[string]string{"giftcard/issue": deny, "giftcard/redeem": deny, "wallet/withdraw": deny,
		"wallet/topup": "bonus_percent := \"1\" if 1 / (input.amount_minor - input.amount_minor) == 1\n"})
}

// own are policies that deny with a code of their author's.
func own(t testing.TB) *policy.Snapshot {
	t.Helper()
	deny := denies("shop.closed", "true")
	return rules(t, patience, map[string]string{"giftcard/issue": deny, "giftcard/redeem": deny, "wallet/withdraw": deny})
}

func TestCardsAreIssuedWithinTheRangeOfThePolicy(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	for amount, ok := range map[money.Amount]bool{99: false, 100: true, 500_000: true, 500_001: false} {
		if err := d.CheckCards(t.Context(), amount, usd(t)); ok && err != nil {
			t.Errorf("%d: %v", amount, err)
		} else if !ok {
			saysNo(t, "out of range", err, CardAmount, CardAmount)
		}
	}
	d.snapshot = own(t)
	saysNo(t, "an author's reason", d.CheckCards(t.Context(), 100, usd(t)), PolicyDenied, "shop.closed")
	d.snapshot = failing(t)
	saysNo(t, "no decision", d.CheckCards(t.Context(), 100, usd(t)), PolicyError)
	if !strings.Contains(d.logged.String(), "a decision failed") {
		t.Error("a failed decision is not logged")
	}
}

func activeCard(t testing.TB) ledger.GiftCard {
	return ledger.GiftCard{ID: "crd_1", Currency: usd(t), Amount: 5_000, State: ledger.CardActive, ExpiresAt: start.Add(time.Hour)}
}

func TestCardsAreDeniedByTheirStatus(t *testing.T) {
	t.Parallel()
	for code, change := range map[string]func(*ledger.GiftCard){
		"":               func(*ledger.GiftCard) {},
		ledger.CardUsed:  func(c *ledger.GiftCard) { c.State = ledger.CardRedeemed },
		ledger.CardTaken: func(c *ledger.GiftCard) { c.State = ledger.CardRevoked },
		CardExpired:      func(c *ledger.GiftCard) { c.ExpiresAt = start },
	} {
		d := newDesk(shipped(t))
		d.card = activeCard(t)
		change(&d.card)
		claim, err := d.Claim(t.Context(), "ann", "1", ledger.TypedCode("x"))
		if err != nil || claim.CustomerID != "ann" || claim.Number != "1" || claim.Secret.Reveal() != "X" {
			t.Fatalf("%+v, %v", claim, err)
		}
		if err := claim.Holds(start, &d.card); code == "" && err != nil {
			t.Error(err)
		} else if code != "" {
			saysNo(t, "denied", err, code, code)
		}
	}
}

func TestClaimsAreLookedAtAgainIfSomethingChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*desk, *ledger.GiftCard) time.Time{
		"it was redeemed":       func(_ *desk, c *ledger.GiftCard) time.Time { c.State = ledger.CardRedeemed; return start },
		"it has ended":          func(*desk, *ledger.GiftCard) time.Time { return start.Add(time.Hour) },
		"policies were changed": func(d *desk, _ *ledger.GiftCard) time.Time { d.snapshot = own(t); return start },
	} {
		d := newDesk(shipped(t))
		d.card = activeCard(t)
		claim, err := d.Claim(t.Context(), "ann", "1", ledger.Code{})
		if err != nil {
			t.Fatal(err)
		}
		seen := d.card
		if now := change(d, &seen); !errors.Is(claim.Holds(now, &seen), ledger.ErrChanged) {
			t.Errorf("%s, and the claim holds", name)
		}
	}
	d := newDesk(shipped(t)) // no card yet
	claim, err := d.Claim(t.Context(), "ann", "1", ledger.Code{})
	if card := activeCard(t); err != nil || !errors.Is(claim.Holds(start, &card), ledger.ErrChanged) {
		t.Errorf("a card that was not there: %v", err)
	}
	d.cardErr = ledger.ErrUnavailable
	if _, err := d.Claim(t.Context(), "ann", "1", ledger.Code{}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("the ledger cannot tell: %v", err)
	}
	for code, s := range map[string]*policy.Snapshot{PolicyDenied: own(t), PolicyError: failing(t)} {
		d := newDesk(s)
		d.card = activeCard(t)
		claim, err := d.Claim(t.Context(), "ann", "1", ledger.Code{})
		if err == nil {
			err = claim.Holds(start, &d.card)
		}
		var no *refusal.Error
		if !errors.As(err, &no) || no.Code != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
}

func TestTopUpsEarnThePercentageOfThePolicy(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	for amount, want := range map[money.Amount]money.Amount{9_999: 0, 10_000: 100, 10_049: 100, 10_050: 101, 49_999: 500, 50_000: 1_000, 50_025: 1_001} {
		top, err := d.TopUp(t.Context(), ledger.TopUp{CustomerID: "ann", Currency: usd(t), Amount: amount})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := top.Bonus(d.balance); got != want || err != nil {
			t.Errorf("%d earns %d, %v; want %d", amount, got, err, want)
		}
		other := d.balance
		other.Cash++
		if _, err := top.Bonus(other); !errors.Is(err, ledger.ErrChanged) {
			t.Errorf("for another balance: %v", err)
		}
		was := d.snapshot
		d.snapshot = own(t)
		if _, err := top.Bonus(d.balance); !errors.Is(err, ledger.ErrChanged) {
			t.Errorf("under other policies: %v", err)
		}
		d.snapshot = was
	}
	d.balanceErr = ledger.ErrUnavailable
	if _, err := d.TopUp(t.Context(), ledger.TopUp{Currency: usd(t), Amount: 1}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Error(err)
	}
	d = newDesk(failing(t))
	_, err := d.TopUp(t.Context(), ledger.TopUp{CustomerID: "ann", Currency: usd(t), Amount: 1})
	saysNo(t, "no decision", err, PolicyError)
}

func TestWithdrawalsAreDeniedBeyondCash(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	d.balance = ledger.Balance{Cash: 1_000, Gift: 5_000, Bonus: 7}
	ask := func(amount money.Amount) error {
		t.Helper()
		w, err := d.Withdrawal(t.Context(), ledger.Withdrawal{CustomerID: "ann", Currency: usd(t), Amount: amount})
		if err != nil {
			return err
		}
		other := d.balance
		other.Bonus++
		if err := w.Holds(other); !errors.Is(err, ledger.ErrChanged) {
			t.Errorf("for another balance: %v", err)
		}
		return w.Holds(d.balance)
	}
	if err := ask(1_000); err != nil {
		t.Error(err)
	}
	if no := saysNo(t, "gift credit", ask(1_001), ledger.NotWithdrawable, ledger.NotWithdrawable); no.Available != "10.00" {
		t.Errorf("available %q", no.Available)
	}
	d.snapshot = own(t)
	saysNo(t, "an author's reason", ask(1), PolicyDenied, "shop.closed")
	d.snapshot = failing(t)
	saysNo(t, "no decision", ask(1), PolicyError)
	d.balanceErr = ledger.ErrUnavailable
	if err := ask(1); !errors.Is(err, ledger.ErrUnavailable) {
		t.Error(err)
	}
}

func TestOperationsAreTriedAgainWhenThingsChange(t *testing.T) {
	t.Parallel()
	d, other := newDesk(shipped(t)), errors.New("other")
	for changes, want := range map[int]error{0: nil, lookTries - 1: nil, lookTries: ErrBusy} {
		tries := 0
		err := d.InTurn("ann", func() error {
			if tries++; tries <= changes {
				return ledger.ErrChanged
			}
			return nil
		})
		if !errors.Is(err, want) || tries != min(changes+1, lookTries) {
			t.Errorf("%d changes: %v after %d tries", changes, err, tries)
		}
	}
	if err := d.InTurn("ann", func() error { return other }); !errors.Is(err, other) {
		t.Error(err)
	}
}
