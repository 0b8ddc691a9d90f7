// What the policies say of cards and wallets, and what becomes of it when
// things change before the transaction.
package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// TestClaimsAreAboutTheCardOfTheTransaction: it may see another card than the look before it, or policies may have
// been changed; then they are asked about that, in the transaction.
func TestClaimsAreAboutTheCardOfTheTransaction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code   string
		change func(*desk, *ledger.GiftCard) time.Time
	}{
		"it was redeemed":       {ledger.CardUsed, func(_ *desk, c *ledger.GiftCard) time.Time { c.State = ledger.CardRedeemed; return start }},
		"it has ended":          {CardExpired, func(*desk, *ledger.GiftCard) time.Time { return start.Add(time.Hour) }},
		"policies were changed": {PolicyDenied, func(d *desk, _ *ledger.GiftCard) time.Time { d.snapshot = own(t); return start }},
		"policies are broken":   {PolicyError, func(d *desk, _ *ledger.GiftCard) time.Time { d.snapshot = failing(t); return start }},
	} {
		d := newDesk(shipped(t))
		d.card = activeCard(t)
		claim, err := d.Claim(t.Context(), "ann", "1", ledger.Code{})
		if err != nil {
			t.Fatal(err)
		}
		seen := d.card
		now := c.change(d, &seen)
		denied := claim.Holds(now, &seen)
		var no *refusal.Error
		if !errors.As(denied, &no) || no.Code != c.code {
			t.Errorf("%s: %v, want %s", name, denied, c.code)
		}
	}
	d := newDesk(failing(t)) // and nobody is asked about no card
	claim, err := d.Claim(t.Context(), "ann", "1", ledger.Code{})
	if err != nil || d.logged.Len() > 0 {
		t.Fatalf("no card: %v, %s", err, d.logged.String())
	}
	d.snapshot = shipped(t)
	if card := activeCard(t); claim.Holds(start, &card) != nil {
		t.Error("a card that was not there is not redeemed")
	}
	d.snapshot = own(t)
	card := activeCard(t)
	saysNo(t, "a card that was not there", claim.Holds(start, &card), PolicyDenied, "shop.closed")
	d.cardErr = ledger.ErrUnavailable
	if _, err := d.Claim(t.Context(), "ann", "1", ledger.Code{}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("the ledger cannot tell: %v", err)
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
	}
	d.balanceErr = ledger.ErrUnavailable
	if _, err := d.TopUp(t.Context(), ledger.TopUp{Currency: usd(t), Amount: 1}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Error(err)
	}
	d = newDesk(failing(t))
	top, err := d.TopUp(t.Context(), ledger.TopUp{CustomerID: "ann", Currency: usd(t), Amount: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = top.Bonus(d.balance)
	saysNo(t, "no decision", err, PolicyError)
}

// TestABonusIsOfTheBalanceOfTheTransaction: whatever was seen before it.
func TestABonusIsOfTheBalanceOfTheTransaction(t *testing.T) {
	t.Parallel()
	d := newDesk(rules(t, patience, map[string]string{"wallet/topup": "bonus_percent := \"1\" if input.wallet.cash_minor < 1000\n" +
		"else := \"2\" if input.wallet.cash_minor < 2000\nelse := \"3\"\n"}))
	top, err := d.TopUp(t.Context(), ledger.TopUp{CustomerID: "ann", Currency: usd(t), Amount: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	earns := func(cash, want money.Amount) {
		t.Helper()
		balance := d.balance
		balance.Cash = cash
		if got, err := top.Bonus(balance); got != want || err != nil {
			t.Errorf("with %d: %d, %v; want %d", cash, got, err, want)
		}
	}
	earns(0, 100)
	earns(1_000, 200)
	earns(2_000, 300)
	d.snapshot = rules(t, patience, map[string]string{"wallet/topup": "bonus_percent := \"5\"\n"})
	earns(0, 500) // policies were changed
	earns(1_000, 500)
}

// TestTheTransactionDoesNotAskAgainWhatIsKnown: others wait for it.
func TestTheTransactionDoesNotAskAgainWhatIsKnown(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	asked := 0
	answer := ahead(d.Engine, "seen", func(_ *policy.Snapshot, seen string) (string, error) {
		asked++
		return seen, nil
	})
	for seen, want := range map[string]int{"seen": 1, "other": 2} {
		asked = 1
		if got, err := answer(seen); got != seen || err != nil || asked != want {
			t.Errorf("%s: %s, %v after %d questions", seen, got, err, asked)
		}
	}
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

// TestAWithdrawalIsOfTheBalanceOfTheTransaction: whatever was seen before it.
func TestAWithdrawalIsOfTheBalanceOfTheTransaction(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	d.balance = ledger.Balance{Cash: 1_000}
	w, err := d.Withdrawal(t.Context(), ledger.Withdrawal{CustomerID: "ann", Currency: usd(t), Amount: 1_000})
	if err != nil {
		t.Fatal(err)
	}
	less := d.balance
	less.Cash--
	if no := saysNo(t, "less", w.Holds(less), ledger.NotWithdrawable, ledger.NotWithdrawable); no.Available != "9.99" {
		t.Errorf("available %q", no.Available)
	}
	if err := w.Holds(d.balance); err != nil {
		t.Error(err)
	}
	d.snapshot = own(t)
	saysNo(t, "other policies", w.Holds(d.balance), PolicyDenied, "shop.closed")
}

// With others they go on side by side.
func TestOperationsOnOneWalletTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, other := newDesk(shipped(t)), errors.New("other")
		var now, most atomic.Int64
		for range 16 {
			go func() {
				err := d.InTurn(t.Context(), "ann", func() error {
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(time.Millisecond)
					now.Add(-1)
					return other
				})
				if !errors.Is(err, other) {
					t.Error(err)
				}
			}()
		}
		time.Sleep(17 * time.Millisecond)
		synctest.Wait()
		if most.Load() != 1 {
			t.Errorf("%d at once", most.Load())
		}
		_ = d.InTurn(t.Context(), "ann", func() error {
			const others = 20 // of whom hardly all share a turn with her
			began, done := time.Now(), make(chan error, others)
			for i := range others {
				go func() { done <- d.InTurn(t.Context(), fmt.Sprint(i), func() error { return nil }) }()
			}
			if err := <-done; err != nil || time.Since(began) > 0 {
				t.Errorf("others: %v, after %s", err, time.Since(began))
			}
			return nil
		})
	})
}

// One whose ledger does not answer keeps others of its turn for a moment only.
func TestNobodyWaitsLongForATurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(shipped(t))
		waited := func(ctx context.Context) (took time.Duration) {
			began := time.Now()
			_ = d.InTurn(ctx, "ann", func() error {
				took = time.Since(began)
				return nil
			})
			return took
		}
		leaving, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_ = d.InTurn(t.Context(), "ann", func() error {
			if left, stayed := waited(leaving), waited(t.Context()); left != time.Millisecond || stayed == 0 || stayed > time.Second {
				t.Errorf("one who leaves waits %s, one who stays %s", left, stayed)
			}
			return nil
		})
		if took := waited(t.Context()); took > 0 {
			t.Errorf("after that %s", took)
		}
	})
}
