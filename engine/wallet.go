package engine

import (
	"context"
	"errors"
	"hash/maphash"
	"regexp"
	"slices"
	"sync"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/refusal"
)

// Codes of refusals about cards and wallets.
const (
	CardAmount   = "gift_card.amount"
	CardExpired  = "gift_card.expired"
	PolicyDenied = "policy.denied" // with a reason of the author's own
)

// CheckCards asks whether gift cards of an amount may be issued. It refuses
// with [CardAmount] or [PolicyDenied].
func (e *Engine) CheckCards(ctx context.Context, amount money.Amount, currency money.Currency) error {
	facts := sumFacts(amount, currency, e.now())
	return e.denial(ctx, "cards", e.Policies.Current(), (*policy.Snapshot).IssueDenials, facts, CardAmount)
}

// Claim prepares to redeem a card: it asks the policies about the card that the
// ledger shows now.
func (e *Engine) Claim(ctx context.Context, customerID, number string, secret ledger.Code) (ledger.CardClaim, error) {
	claim := ledger.CardClaim{CustomerID: customerID, Number: number, Secret: secret}
	card, err := e.Books.Claimed(ctx, &claim)
	if err != nil {
		return ledger.CardClaim{}, err
	}
	holds := ahead(e, shown(&card, e.now()), func(policies *policy.Snapshot, card cardShown) (struct{}, error) {
		if card == (cardShown{}) { // no such card: the ledger refuses
			return struct{}{}, nil
		}
		facts := sumFacts(card.amount, card.currency, e.now())
		facts.Card = &policy.Card{Status: string(card.status)}
		return struct{}{}, e.denial(ctx, "a card", policies, (*policy.Snapshot).RedeemDenials, facts, ledger.CardUsed, ledger.CardTaken, CardExpired)
	})
	claim.Holds = func(now time.Time, card *ledger.GiftCard) error {
		_, err := holds(shown(card, now))
		return err
	}
	return claim, nil
}

// cardShown is what policies are shown of a card.
type cardShown struct {
	amount   money.Amount
	currency money.Currency
	status   ledger.CardStatus
}

func shown(c *ledger.GiftCard, now time.Time) cardShown {
	return cardShown{c.Amount, c.Currency, c.StatusAt(now)}
}

// TopUp prepares a top-up: it asks the policies for its bonus, a percentage of
// the whole top-up, rounded half up (Contract §7).
func (e *Engine) TopUp(ctx context.Context, t ledger.TopUp) (ledger.TopUp, error) {
	balance, err := e.Books.Balance(ctx, t.CustomerID, t.Currency)
	if err != nil {
		return t, err
	}
	t.Bonus = ahead(e, balance, func(policies *policy.Snapshot, balance ledger.Balance) (money.Amount, error) {
		text, err := policies.BonusPercent(ctx, walletFacts(t.Amount, &balance, e.now()))
		var bonus money.Amount
		if err == nil && !noPercent.MatchString(text) {
			var percent money.Percent
			percent, err = money.ParsePercent(text)
			bonus = percent.Of(t.Amount)
		}
		if err != nil {
			return 0, e.policyError("the bonus of a top-up", policies, err)
		}
		return bonus, nil
	})
	return t, nil
}

// noPercent is no bonus at all, as authors may write it.
var noPercent = regexp.MustCompile(`^0(\.0{1,4})?$`)

// Withdrawal prepares a withdrawal: it asks the policies whether it may be.
func (e *Engine) Withdrawal(ctx context.Context, w ledger.Withdrawal) (ledger.Withdrawal, error) {
	balance, err := e.Books.Balance(ctx, w.CustomerID, w.Currency)
	if err != nil {
		return w, err
	}
	holds := ahead(e, balance, func(policies *policy.Snapshot, balance ledger.Balance) (struct{}, error) {
		facts := walletFacts(w.Amount, &balance, e.now())
		denial := e.denial(ctx, "a withdrawal", policies, (*policy.Snapshot).WithdrawDenials, facts, ledger.NotWithdrawable)
		var refused *refusal.Error
		if errors.As(denial, &refused) && refused.Code == ledger.NotWithdrawable {
			refused.Available = w.Currency.Format(balance.Withdrawable())
		}
		return struct{}{}, denial
	})
	w.Holds = func(now ledger.Balance) error {
		_, err := holds(now)
		return err
	}
	return w, nil
}

// ahead asks the policies about what is seen now, before the transaction, where
// nobody waits for the answer. The transaction asks again if it sees something
// else or the policies were changed meanwhile, and only then: whoever else wants
// the same wallet at that instant would be in its way for ever if it had to begin
// anew.
func ahead[Seen comparable, Answer any](e *Engine, seen Seen, ask func(*policy.Snapshot, Seen) (Answer, error)) func(Seen) (Answer, error) {
	policies := e.Policies.Current()
	answer, err := ask(policies, seen)
	return func(now Seen) (Answer, error) {
		if current := e.Policies.Current(); now != seen || current != policies {
			return ask(current, now)
		}
		return answer, err
	}
}

func sumFacts(amount money.Amount, currency money.Currency, now time.Time) *policy.Facts {
	return &policy.Facts{Now: now.Unix(), Sum: &policy.Sum{AmountMinor: int64(amount), Digits: currency.Digits(), Currency: currency.Code()}}
}

func walletFacts(amount money.Amount, b *ledger.Balance, now time.Time) *policy.Facts {
	facts := sumFacts(amount, b.Currency, now)
	facts.Wallet = &policy.Wallet{CashMinor: int64(b.Cash), GiftMinor: int64(b.Gift), BonusMinor: int64(b.Bonus)}
	return facts
}

// denial asks a decision and makes a refusal of its reasons: with the first of
// the codes that this service knows, or else with [PolicyDenied].
func (e *Engine) denial(ctx context.Context, what string, policies *policy.Snapshot,
	ask func(*policy.Snapshot, context.Context, *policy.Facts) ([]refusal.Reason, error), facts *policy.Facts, known ...string) error {
	reasons, err := ask(policies, ctx, facts)
	switch {
	case err != nil:
		return e.policyError(what, policies, err)
	case len(reasons) == 0:
		return nil
	}
	denied := refusal.New(PolicyDenied, "the policies do not allow it; the reasons say why")
	if at := slices.IndexFunc(reasons, func(r refusal.Reason) bool { return slices.Contains(known, r.Code) }); at >= 0 {
		denied = refusal.New(reasons[at].Code, "%s", reasons[at].Message)
	}
	denied.Reasons = reasons
	return denied
}

// policyError refuses what the policies could not decide.
func (e *Engine) policyError(what string, policies *policy.Snapshot, err error) error {
	e.Log.Error("a decision failed; the request is refused", "about", what, "error", err, "policy_revision", policies.Revision)
	return refusal.New(PolicyError, "the policies could not decide; nothing was booked, try again")
}

// turns let operations on one wallet go one after another in this process, so
// that they are not in each other's way in the ledger. Nothing rests on it: the
// ledger decides. Customers share turns, so that nobody waits long for one.
type turns struct {
	once sync.Once
	seed maphash.Seed
	of   [256]chan struct{} // full while somebody has it
}

// turnPatience is how long an operation waits for its turn. Those before it take
// some milliseconds; or they wait for something themselves, which should not be
// a matter of customers who share their turn.
const turnPatience = 250 * time.Millisecond

// InTurn runs an operation on a customer's wallet when those before it are
// done, or have taken too long.
func (e *Engine) InTurn(ctx context.Context, customerID string, do func() error) error {
	e.turns.once.Do(func() {
		e.turns.seed = maphash.MakeSeed()
		for i := range e.turns.of {
			e.turns.of[i] = make(chan struct{}, 1)
		}
	})
	turn := e.turns.of[maphash.String(e.turns.seed, customerID)%uint64(len(e.turns.of))]
	ctx, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
	}
	return do()
}
