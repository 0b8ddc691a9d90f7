package httpapi

import (
	"strings"

	"github.com/go-json-experiment/json"

	"scrip/engine"
	"scrip/engine/money"
)

// Nearly every request for a quote is plain: all of it right, no text escaped.
// readPlain reads such a body in one pass straight into the engine's request,
// for a third of what the JSON library takes. Whatever is not plain, faulty or
// merely unusual, it leaves to the library and the checks of quote_request.go,
// which know what to say about it. So all that must hold here is: what is
// accepted is accepted there too, as the same request. A fuzz target holds it.

// readPlain makes the engine's request of a plain body; not ok if it is not
// one.
func readPlain(body []byte) (request *engine.Request, ok bool) {
	p := plainReader{in: body}
	request = p.request()
	p.space()
	if p.odd || p.at < len(p.in) {
		return nil, false
	}
	return request, true
}

// plainReader reads JSON from in. Once something is odd it stays so, and all
// loops end.
type plainReader struct {
	in    []byte
	at    int
	odd   bool
	texts strings.Builder // what ids and types are copied into, a chunk at a time
	kind  string          // the product type read last; the next is often the same
	lines []engine.Line   // of all sub-orders
}

func (p *plainReader) request() *engine.Request {
	r := &engine.Request{Select: engine.SelectBest}
	var seen members
	p.open('{')
	for first := true; p.more('}', &first); {
		switch string(p.name()) {
		case "customer":
			p.once(&seen, 1)
			p.customer(&r.Customer)
		case "order":
			p.once(&seen, 2)
			p.order(&r.Order)
		case "select":
			p.once(&seen, 4)
			r.Select = p.id()
		default:
			p.odd = true
		}
	}
	p.need(seen, 1|2)
	return r
}

func (p *plainReader) customer(c *engine.Customer) {
	var seen members
	p.open('{')
	for first := true; p.more('}', &first); {
		switch string(p.name()) {
		case "id":
			p.once(&seen, 1)
			c.ID = p.id()
		case "attributes":
			p.once(&seen, 2)
			c.Attributes = p.attributes()
		default:
			p.odd = true
		}
	}
	p.need(seen, 1)
}

func (p *plainReader) order(o *engine.Order) {
	var seen members
	p.open('{')
	for first := true; p.more('}', &first); {
		switch string(p.name()) {
		case "id":
			p.once(&seen, 1)
			o.ID = p.id()
		case "type":
			p.once(&seen, 2)
			o.Type = p.id() // type words have the bounds of ids
		case "currency":
			p.once(&seen, 4)
			var err error
			o.Currency, err = money.CurrencyOf(string(p.quoted()))
			p.odd = p.odd || err != nil
		case "sub_orders":
			p.once(&seen, 8)
			o.SubOrders = p.subOrders()
		case "attributes":
			p.once(&seen, 16)
			o.Attributes = p.attributes()
		case "discounts":
			p.once(&seen, 32)
			o.Discounts = p.amounts()
		case "charges":
			p.once(&seen, 64)
			o.Charges = p.amounts()
		default:
			p.odd = true
		}
	}
	p.need(seen, 1|2|4|8)
	p.settle(o)
}

func (p *plainReader) subOrders() []engine.SubOrder {
	list := make([]engine.SubOrder, 0, 4)
	const lineBytes = 96 // about as short as lines are
	p.lines = make([]engine.Line, 0, min(len(p.in)/lineBytes+1, engine.MaxLines))
	p.open('[')
	for first := true; p.more(']', &first); {
		list = append(list, p.subOrder())
	}
	p.odd = p.odd || len(list) == 0 || len(p.lines) > engine.MaxLines ||
		repeats(len(list), func(i int) string { return list[i].ID }) ||
		repeats(len(p.lines), func(i int) string { return p.lines[i].ID })
	return list
}

func (p *plainReader) subOrder() (sub engine.SubOrder) {
	var seen members
	p.open('{')
	for first := true; p.more('}', &first); {
		switch string(p.name()) {
		case "id":
			p.once(&seen, 1)
			sub.ID = p.id()
		case "lines":
			p.once(&seen, 2)
			start := len(p.lines)
			p.open('[')
			for first := true; p.more(']', &first) && len(p.lines) <= engine.MaxLines; {
				p.lines = append(p.lines, engine.Line{})
				p.line(&p.lines[len(p.lines)-1])
			}
			sub.Lines = p.lines[start:len(p.lines):len(p.lines)]
			p.odd = p.odd || len(sub.Lines) == 0
		default:
			p.odd = true
		}
	}
	p.need(seen, 1|2)
	return sub
}

func (p *plainReader) line(l *engine.Line) {
	var seen members
	p.open('{')
	for first := true; p.more('}', &first); {
		switch string(p.name()) {
		case "id":
			p.once(&seen, 1)
			l.ID = p.id()
		case "product":
			p.once(&seen, 2)
			p.product(&l.Product)
		case "unit_price":
			p.once(&seen, 4)
			l.UnitPrice = p.price()
		case "quantity":
			p.once(&seen, 8)
			l.Quantity = p.quantity()
		case "discounts":
			p.once(&seen, 16)
			l.Discounts = p.amounts()
		default:
			p.odd = true
		}
	}
	p.need(seen, 1|2|4|8)
}

func (p *plainReader) product(sold *engine.Product) {
	var seen members
	p.open('{')
	for first := true; p.more('}', &first); {
		switch string(p.name()) {
		case "id":
			p.once(&seen, 1)
			sold.ID = p.id()
		case "type":
			p.once(&seen, 2)
			sold.Type = p.productType()
		case "attributes":
			p.once(&seen, 4)
			sold.Attributes = p.attributes()
		default:
			p.odd = true
		}
	}
	p.need(seen, 1|2)
}

// amounts reads discounts or charges. Their currency may stand behind them, so
// they are kept in millionths until settle.
func (p *plainReader) amounts() (list []engine.NamedAmount) {
	p.open('[')
	for first := true; p.more(']', &first); {
		var item engine.NamedAmount
		var seen members
		p.open('{')
		for first := true; p.more('}', &first); {
			switch string(p.name()) {
			case "id":
				p.once(&seen, 1)
				item.ID = p.id()
			case "amount":
				p.once(&seen, 2)
				item.Amount = money.Amount(p.price().Millionths())
			default:
				p.odd = true
			}
		}
		p.need(seen, 1|2)
		list = append(list, item)
	}
	p.odd = p.odd || repeats(len(list), func(i int) string { return list[i].ID })
	return list
}

// settle makes minor units of amounts, now that the currency is known.
func (p *plainReader) settle(o *engine.Order) {
	if p.odd {
		return
	}
	p.inMinorUnits(o.Currency, o.Charges, zeroToo)
	p.inMinorUnits(o.Currency, o.Discounts, aboveZero)
	for i := range p.lines {
		p.inMinorUnits(o.Currency, p.lines[i].Discounts, aboveZero)
	}
}

func (p *plainReader) inMinorUnits(c money.Currency, list []engine.NamedAmount, zero bool) {
	unit := money.Amount(1_000_000)
	for range c.Digits() {
		unit /= 10
	}
	for i := range list {
		amount := &list[i].Amount
		p.odd = p.odd || *amount%unit != 0 || *amount == 0 && !zero
		*amount /= unit
	}
}

// repeats reports whether an id stands twice in a list. Short lists, which
// most are, need no map.
func repeats(n int, id func(int) string) bool {
	const short = 32
	if n <= short {
		for i := 1; i < n; i++ {
			for j := range i {
				if id(i) == id(j) {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[string]struct{}, n)
	for i := range n {
		seen[id(i)] = struct{}{}
	}
	return len(seen) < n
}

// attributes reads a free object, with the library unless it is empty.
func (p *plainReader) attributes() string {
	p.space()
	start := p.at
	if p.at += extent(p.in[p.at:]); p.at == start {
		p.odd = true
		return ""
	}
	raw := p.in[start:p.at]
	if string(raw) == "{}" {
		return ""
	}
	var a attributes
	p.odd = p.odd || json.Unmarshal(raw, &a) != nil
	return string(a)
}
