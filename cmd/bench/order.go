//go:build bench

// Orders as checkouts send them, and the places in them where each request
// puts numbers of its own.
package main

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// The digits of an order's and of a customer's id, and what stands for them in
// a template: both as wide, so that a request is stamped in place.
const (
	orderMark    = "ord-########"
	customerMark = "cus-@@@@@@@@"
	digits       = 8
)

func customerID(n int) string { return fmt.Sprintf("cus-%0*d", digits, n) }

// perSubOrder is how many lines a sub-order has.
const perSubOrder = 5

// productType makes one line in ten an excluded one: of 20 lines a supplier's
// product and a video.
func productType(line int) string {
	switch line % 20 {
	case 6:
		return "supplier"
	case 13:
		return "video"
	}
	return "ordinary"
}

// name is an id of 12 characters that looks like one of a shop's.
func name(prefix string, n int) string {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, prefix, n)
	return prefix + strings.ToUpper(strconv.FormatUint(h.Sum64()|1<<63, 36))[:12-len(prefix)]
}

// price is between 1.99 and 91.89, in cents.
func price(line int) int { return 199 + line*1370%8991 }

// orderBody is the body of POST /v1/quotes for a dropshipping order in USD.
func orderBody(lines int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"customer":{"id":"` + customerMark + `","attributes":{}},"order":{"id":"` + orderMark + `",` +
		`"type":"dropshipping","currency":"USD","discounts":[],"charges":[{"id":"shipping","amount":"4.99"}],"sub_orders":[`)
	for l := range lines {
		if l%perSubOrder == 0 {
			if l > 0 {
				b.WriteString(`]},`)
			}
			fmt.Fprintf(&b, `{"id":%q,"lines":[`, name("SUB", l))
		} else {
			b.WriteByte(',')
		}
		cents := price(l)
		fmt.Fprintf(&b, `{"id":%q,"product":{"id":%q,"type":%q},"unit_price":"%d.%02d","quantity":%d}`,
			name("L", l), name("SKU", l), productType(l), cents/100, cents%100, 1+l%3)
	}
	b.WriteString(`]}]},"select":"best"}`)
	return b.Bytes()
}

// template is a whole HTTP request, to be copied and stamped.
type template struct {
	wire            []byte
	order, customer int // where the digits stand
}

func newTemplate(path string, body []byte) template {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		path, len(body))
	wire := append([]byte(head), body...)
	return template{wire: wire, order: digitsAt(wire, orderMark), customer: digitsAt(wire, customerMark)}
}

// digitsAt is where a mark's digits are; the marks are in every body.
func digitsAt(text []byte, mark string) int {
	return bytes.Index(text, []byte(mark)) + len(mark) - digits
}

// stamp writes an order's and a customer's number into a copy of the wire.
func (t *template) stamp(wire []byte, order, customer int) {
	stamp(wire[t.order:], order)
	stamp(wire[t.customer:], customer)
}

func stamp(at []byte, n int) {
	for i := digits - 1; i >= 0; i-- {
		at[i] = byte('0' + n%10)
		n /= 10
	}
}

// quoteStamped is a body with its numbers in.
func quoteStamped(body []byte, order, customer int) []byte {
	out := bytes.Clone(body)
	stamp(out[digitsAt(body, orderMark):], order)
	stamp(out[digitsAt(body, customerMark):], customer)
	return out
}
