package sqlstore

import (
	"context"
	"fmt"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

const balanceColumns = `customer_id, currency, cash, gift, bonus`

// Balance is a customer's money of a currency, or ErrNotFound.
func (s *session) Balance(ctx context.Context, customerID string, currency money.Currency) (ledger.Balance, error) {
	found, err := list(ctx, s, scanBalance, `SELECT `+balanceColumns+` FROM balances WHERE customer_id = ? AND currency = ?`, customerID, currency.Code())
	if err != nil || len(found) == 0 {
		return ledger.Balance{}, orNotFound(err)
	}
	return found[0], nil
}

// Balances are those of all currencies, by code.
func (s *session) Balances(ctx context.Context, customerID string) ([]ledger.Balance, error) {
	return list(ctx, s, scanBalance, `SELECT `+balanceColumns+` FROM balances WHERE customer_id = ? ORDER BY currency`, customerID)
}

// PutBalance writes a balance that was read in this transaction: no other
// writes it meanwhile.
func (s *session) PutBalance(ctx context.Context, b ledger.Balance) error {
	_, err := s.exec(ctx, `INSERT INTO balances (`+balanceColumns+`) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (customer_id, currency) DO UPDATE SET cash = excluded.cash, gift = excluded.gift, bonus = excluded.bonus`,
		b.CustomerID, b.Currency.Code(), int64(b.Cash), int64(b.Gift), int64(b.Bonus))
	return err
}

func scanBalance(row scanner) (b ledger.Balance, err error) {
	var currency string
	if err = row.Scan(&b.CustomerID, &currency, &b.Cash, &b.Gift, &b.Bonus); err != nil {
		return b, err
	}
	b.Currency, err = money.CurrencyOf(currency)
	return b, err
}

// accounts are the columns of the journal that postings go to, in their order.
var accounts = [...]ledger.Bucket{ledger.Cash, ledger.Gift, ledger.Bonus, ledger.External, ledger.Cards, ledger.Promotions, ledger.Orders}

const journalColumns = `id, customer_id, kind, currency, reference, created_at, cash, gift, bonus, external, gift_cards, promotions, orders`

// InsertEntry adds an entry to the journal.
func (s *session) InsertEntry(ctx context.Context, e ledger.JournalEntry) error {
	args := []any{e.ID, e.CustomerID, string(e.Kind), e.Currency.Code(), e.Reference, micros(e.CreatedAt)}
	booked := 0
	for _, account := range accounts {
		var amount money.Amount
		for _, p := range e.Postings {
			if p.Bucket == account {
				amount += p.Amount
				booked++
			}
		}
		args = append(args, int64(amount))
	}
	if booked != len(e.Postings) {
		return fmt.Errorf("entry %s is for accounts that there are not: %+v", e.ID, e.Postings)
	}
	_, err := s.exec(ctx, `INSERT INTO journal (`+journalColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
	return err
}

// Journal lists a page of a customer's journal, newest first.
func (s *session) Journal(ctx context.Context, customerID string, page ledger.Page) ([]ledger.JournalEntry, error) {
	query, args := `SELECT `+journalColumns+` FROM journal WHERE customer_id = ?`, []any{customerID}
	if page.After != (ledger.Position{}) {
		query, args = query+` AND (created_at, id) < (?, ?)`, append(args, micros(page.After.CreatedAt), page.After.ID)
	}
	return list(ctx, s, scanEntry, query+` ORDER BY created_at DESC, id DESC LIMIT ?`, append(args, page.Limit)...)
}

func scanEntry(row scanner) (e ledger.JournalEntry, err error) {
	var currency string
	var created int64
	var posted [len(accounts)]int64
	into := []any{&e.ID, &e.CustomerID, &e.Kind, &currency, &e.Reference, &created}
	for i := range posted {
		into = append(into, &posted[i])
	}
	if err = row.Scan(into...); err != nil {
		return e, err
	}
	for i, amount := range posted {
		if amount != 0 {
			e.Postings = append(e.Postings, ledger.Posting{Bucket: accounts[i], Amount: money.Amount(amount)})
		}
	}
	e.CreatedAt = instant(created)
	e.Currency, err = money.CurrencyOf(currency)
	return e, err
}
