package httpapi

import (
	"errors"
	"fmt"

	"scrip/engine"
	"scrip/engine/money"
)

// quoteRequest is the body of POST /v1/quotes (Contract §4).
type quoteRequest struct {
	Customer member[customerIn] `json:"customer"`
	Order    member[orderIn]    `json:"order"`
	Select   member[string]     `json:"select"`
}

type customerIn struct {
	ID         string     `json:"id"`
	Attributes attributes `json:"attributes"`
}

type orderIn struct {
	ID         string           `json:"id"`
	Type       string           `json:"type"`
	Currency   string           `json:"currency"`
	Attributes attributes       `json:"attributes"`
	Discounts  list[amountIn]   `json:"discounts"`
	Charges    list[amountIn]   `json:"charges"`
	SubOrders  list[subOrderIn] `json:"sub_orders"`
}

type amountIn struct {
	ID     string `json:"id"`
	Amount number `json:"amount"`
}

type subOrderIn struct {
	ID    string       `json:"id"`
	Lines list[lineIn] `json:"lines"`
}

type lineIn struct {
	ID        string            `json:"id"`
	Product   member[productIn] `json:"product"`
	UnitPrice number            `json:"unit_price"`
	Quantity  int64             `json:"quantity"`
	Discounts list[amountIn]    `json:"discounts"`
}

type productIn struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Attributes attributes `json:"attributes"`
}

// request checks the body and makes the engine's request of it.
func (in *quoteRequest) request() (*engine.Request, error) {
	var f faults
	out := &engine.Request{Select: engine.SelectBest}
	if in.Select.given {
		out.Select = in.Select.value
		f.add(checkID(out.Select), at{name: "select"})
	}
	customer, order := at{name: "customer"}, at{name: "order"}
	if in.Customer.required(&f, customer) {
		out.Customer = engine.Customer{ID: in.Customer.value.ID, Attributes: string(in.Customer.value.Attributes)}
		f.add(checkID(out.Customer.ID), at{&customer, "id", 0})
	}
	if in.Order.required(&f, order) {
		out.Order = in.Order.value.check(&f, order)
	}
	return out, f.err()
}

func (in *orderIn) check(f *faults, here at) engine.Order {
	f.add(checkID(in.ID), at{&here, "id", 0})
	f.add(checkText(in.Type, 1, maxTypeBytes), at{&here, "type", 0})
	currency, err := money.CurrencyOf(in.Currency)
	if in.Currency == "" {
		err = errRequired
	}
	f.add(err, at{&here, "currency", 0})
	if err != nil {
		return engine.Order{} // amounts mean nothing without a currency
	}
	out := engine.Order{
		ID: in.ID, Type: in.Type, Currency: currency, Attributes: string(in.Attributes),
		Discounts: checkAmounts(f, at{&here, "discounts", 0}, in.Discounts, currency, aboveZero),
		Charges:   checkAmounts(f, at{&here, "charges", 0}, in.Charges, currency, zeroToo),
		SubOrders: make([]engine.SubOrder, 0, len(in.SubOrders)),
	}
	subOrders := at{&here, "sub_orders", 0}
	f.add(notEmpty(len(in.SubOrders)), subOrders)
	ids, lineIDs, lines := make(unique, len(in.SubOrders)), make(unique), 0
	for s := range in.SubOrders {
		sub, place := &in.SubOrders[s], at{&subOrders, "", s}
		f.add(ids.check(sub.ID), at{&place, "id", 0})
		out.SubOrders = append(out.SubOrders, sub.check(f, place, currency, lineIDs))
		lines += len(sub.Lines)
	}
	if lines > engine.MaxLines {
		f.add(fmt.Errorf("has %d lines in all; the most is %d", lines, engine.MaxLines), subOrders)
	}
	return out
}

func (in *subOrderIn) check(f *faults, here at, currency money.Currency, lineIDs unique) engine.SubOrder {
	lines := at{&here, "lines", 0}
	f.add(notEmpty(len(in.Lines)), lines)
	out := engine.SubOrder{ID: in.ID, Lines: make([]engine.Line, 0, len(in.Lines))}
	for l := range in.Lines {
		line, place := &in.Lines[l], at{&lines, "", l}
		f.add(lineIDs.check(line.ID), at{&place, "id", 0})
		out.Lines = append(out.Lines, line.check(f, place, currency))
	}
	return out
}

func (in *lineIn) check(f *faults, here at, currency money.Currency) engine.Line {
	product, sold := at{&here, "product", 0}, &in.Product.value
	if in.Product.required(f, product) {
		f.add(checkID(sold.ID), at{&product, "id", 0})
		f.add(checkText(sold.Type, 1, maxTypeBytes), at{&product, "type", 0})
	}
	price, err := money.ParseUnitPrice(string(in.UnitPrice))
	if in.UnitPrice == "" {
		err = errRequired
	}
	f.add(err, at{&here, "unit_price", 0})
	if in.Quantity < 1 || in.Quantity > engine.MaxQuantity {
		f.add(fmt.Errorf("must be a whole number from 1 to %d", engine.MaxQuantity), at{&here, "quantity", 0})
	}
	return engine.Line{
		ID:        in.ID,
		Product:   engine.Product{ID: sold.ID, Type: sold.Type, Attributes: string(sold.Attributes)},
		UnitPrice: price, Quantity: in.Quantity,
		Discounts: checkAmounts(f, at{&here, "discounts", 0}, in.Discounts, currency, aboveZero),
	}
}

// Which amounts may be zero (Contract §3): charges, not discounts.
const (
	aboveZero = false
	zeroToo   = true
)

func checkAmounts(f *faults, here at, in list[amountIn], currency money.Currency, zero bool) []engine.NamedAmount {
	if len(in) == 0 {
		return nil
	}
	ids := make(unique, len(in))
	out := make([]engine.NamedAmount, 0, len(in))
	for i, item := range in {
		place := at{&here, "", i}
		f.add(ids.check(item.ID), at{&place, "id", 0})
		amount, err := parseAmount(item.Amount, currency, zero)
		f.add(err, at{&place, "amount", 0})
		out = append(out, engine.NamedAmount{ID: item.ID, Amount: amount})
	}
	return out
}

func parseAmount(text number, currency money.Currency, zero bool) (money.Amount, error) {
	if text == "" {
		return 0, errRequired
	}
	amount, err := currency.Parse(string(text))
	if err == nil && amount == 0 && !zero {
		err = errors.New("must be above zero")
	}
	return amount, err
}

var errRequired = errors.New("is required")

func notEmpty(n int) error {
	if n == 0 {
		return errors.New("must have at least one element")
	}
	return nil
}

// unique finds repeated ids.
type unique map[string]struct{}

func (u unique) check(id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	if _, ok := u[id]; ok {
		return fmt.Errorf("%q stands here already; ids must differ", id)
	}
	u[id] = struct{}{}
	return nil
}
