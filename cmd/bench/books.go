//go:build bench

// The books under load: durable pairs of reserve and confirm, by a sidecar on
// each store, beside what the same statements cost that store's driver by
// themselves.
package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// bookLines is how many lines the orders have that are booked.
const bookLines = 20

// bookClients are how many book at once.
var bookClients = []int{16, 64}

// bookGroup is how many transactions the product commits together on SQLite.
const bookGroup = 64

// bookRow is a row of the table: medians over its rounds.
type bookRow struct {
	Row     string       `json:"row"`
	Store   string       `json:"store"`
	Clients int          `json:"clients"`
	Skipped string       `json:"skipped,omitempty"`
	Pairs   int          `json:"pairs_per_round,omitempty"`
	Median  *pairing     `json:"median,omitempty"`
	Rounds  []pairing    `json:"rounds,omitempty"`
	Floors  []*floorRow  `json:"floors,omitempty"`
	Counts  *statementsN `json:"statements,omitempty"`
}

// floorRow is one of a row's floors.
type floorRow struct {
	Group  int       `json:"transactions_a_commit"`
	Median *pairing  `json:"median"`
	Ratio  float64   `json:"pairs_per_second_of_product"` // ÷ the floor's
	Rounds []pairing `json:"rounds"`
}

// statementsN is how many statements a pair's two transactions have.
type statementsN struct {
	Reserve int `json:"reserve"`
	Confirm int `json:"confirm"`
}

func bookRowName(store string, clients int) string { return fmt.Sprintf("%s-%d", store, clients) }

func bookRowNames() (names []string) {
	for _, store := range []string{onSQLite, onPostgres} {
		for _, clients := range bookClients {
			names = append(names, bookRowName(store, clients))
		}
	}
	return names
}

// contender is what a round measures once.
type contender struct {
	name    string
	measure func(context.Context) (pairing, error)
	into    *[]pairing
	check   func(context.Context) error // after all rounds; nil for none
	close   func() error
}

// books measures the rows that are wanted.
func (y *yard) books() (rows []*bookRow, err error) {
	var contenders []*contender
	defer func() {
		for _, c := range slices.Backward(contenders) {
			err = errors.Join(err, c.close())
		}
		y.endChildren()
	}()
	for _, store := range []string{onSQLite, onPostgres} {
		of, more, err := y.prepareBooks(store)
		contenders = append(contenders, more...)
		if err != nil {
			return nil, fmt.Errorf("books on %s: %w", store, err)
		}
		rows = append(rows, of...)
	}
	for n := range y.settings.rounds + 1 {
		if err := y.bookRound(contenders, n); err != nil {
			return nil, err
		}
	}
	for _, c := range contenders {
		if c.check != nil {
			if err := c.check(y.ctx); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return rows, nil
}

// bookRound measures every contender once, each round starting with another
// one. Round 0 is the warm-up.
func (y *yard) bookRound(contenders []*contender, n int) error {
	for i := range contenders {
		c := contenders[(i+n)%len(contenders)]
		progress("round %d of %d: %s", n, y.settings.rounds, c.name)
		measured, err := c.measure(y.ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if n > 0 {
			*c.into = append(*c.into, measured)
		}
	}
	return nil
}

// prepareBooks fills a ledger, records the pairs' transactions on a copy of it,
// and opens copies for the product and each floor.
func (y *yard) prepareBooks(name string) (rows []*bookRow, contenders []*contender, err error) {
	var wanted []int
	for _, clients := range bookClients {
		if y.settings.wants(bookRowName(name, clients)) {
			wanted = append(wanted, clients)
			rows = append(rows, &bookRow{Row: bookRowName(name, clients), Store: name, Clients: clients})
		}
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	total := y.settings.pairs * (y.settings.rounds + 1)
	s, err := y.filled(name, total*len(wanted))
	var missing *missingError
	if errors.As(err, &missing) {
		for _, row := range rows {
			row.Skipped = missing.Error()
		}
		return rows, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	pairs, err := y.record(s, total)
	if err != nil {
		return nil, nil, fmt.Errorf("record: %w", err)
	}
	if err := s.create(y, "product", "filled"); err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		floors, err := y.floorsOf(s, row, pairs)
		contenders = append(contenders, floors...)
		if err != nil {
			return nil, contenders, err
		}
	}
	side, err := s.serve(y, "product")
	if err != nil {
		return nil, contenders, err
	}
	shop := newShop(side)
	for _, row := range rows {
		row.Pairs, row.Counts = y.settings.pairs, &statementsN{pairs[0].reserve.Len(), pairs[0].confirm.Len()}
		contenders = append(contenders, &contender{name: row.Row, into: &row.Rounds, close: func() error { return nil },
			measure: func(ctx context.Context) (pairing, error) {
				return shop.measure(ctx, row.Clients, y.settings.pairs, s.server)
			}})
	}
	return rows, contenders, nil
}

// filled is a store with the ledger "filled", in which customers have coupons.
func (y *yard) filled(name string, customers int) (*store, error) {
	progress("starting %s", name)
	s, err := newStore(y, name)
	if err != nil {
		return nil, err
	}
	if err := s.create(y, "filled", ""); err != nil {
		return nil, err
	}
	side, err := s.serve(y, "filled")
	if err != nil {
		return nil, err
	}
	err = issue(side, customers, 1)
	side.end()
	return s, err
}
