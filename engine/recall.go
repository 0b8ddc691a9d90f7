package engine

import (
	"encoding/binary"
	"errors"

	"scrip/engine/money"
)

// requestOf reads a request back as [digest.request] wrote it. Content that is
// none, however it came to be, is an error and never a panic.
func requestOf(content string) (*Request, error) {
	p := parts{rest: content}
	r := &Request{Customer: Customer{ID: p.text(), Attributes: p.text()}, Select: p.text()}
	r.Order.ID, r.Order.Type = p.text(), p.text()
	currency, err := money.CurrencyOf(p.text())
	r.Order.Currency = currency
	r.Order.Attributes = p.text()
	r.Order.Discounts, r.Order.Charges = p.amounts(), p.amounts()
	for range p.count() {
		sub := SubOrder{ID: p.text()}
		for range p.count() {
			line := Line{ID: p.text(), Product: Product{ID: p.text(), Type: p.text(), Attributes: p.text()}}
			line.UnitPrice, line.Quantity, line.Discounts = money.UnitPriceOf(p.number()), p.number(), p.amounts()
			sub.Lines = append(sub.Lines, line)
		}
		r.Order.SubOrders = append(r.Order.SubOrders, sub)
	}
	if p.broken || len(p.rest) > 0 || err != nil {
		return nil, errContent
	}
	return r, nil
}

var errContent = errors.New("the content of a quote cannot be read")

// parts reads what a digest collected. Once it is broken everything is zero.
type parts struct {
	rest   string
	broken bool
}

func (p *parts) number() int64 {
	head := p.rest[:min(len(p.rest), binary.MaxVarintLen64)]
	n, size := binary.Varint([]byte(head))
	if size <= 0 {
		p.broken, p.rest = true, ""
		return 0
	}
	p.rest = p.rest[size:]
	return n
}

// count is a number of things of at least a byte each.
func (p *parts) count() int {
	n := p.number()
	if n < 0 || n > int64(len(p.rest)) {
		p.broken, p.rest = true, ""
		return 0
	}
	return int(n)
}

func (p *parts) text() string {
	n := p.count()
	text := p.rest[:n]
	p.rest = p.rest[n:]
	return text
}

func (p *parts) amounts() (list []NamedAmount) {
	for range p.count() {
		list = append(list, NamedAmount{ID: p.text(), Amount: money.Amount(p.number())})
	}
	return list
}
