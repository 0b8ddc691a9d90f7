package policy

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Facts is what a decision may be asked about: the input document of Contract
// §8. A part that is nil is not in the input. Attributes are JSON objects as
// text, "" for an empty one.
type Facts struct {
	Customer Customer
	Order    *Order
	Line     *Line
	Coupon   *Coupon
	Now      int64 // unix seconds
}

// Customer is who orders or registers. Registration leaves Blocklisted out.
type Customer struct {
	ID          string
	Blocklisted *bool
	Attributes  string
}

// Order is the order as a whole.
type Order struct {
	ID, Type, Currency string
	Discounted         bool // it has a discount of its own
	Attributes         string
}

// Line is one product line.
type Line struct {
	ID                string
	Quantity          int64
	Discounted        bool
	ProductID         string
	ProductType       string
	ProductAttributes string
}

// Coupon is a coupon with everything about it that takes exact money or the
// clock worked out.
type Coupon struct {
	ID, CampaignID  string
	Owned           bool
	Status          string // available, reserved, used, expired, revoked
	Window          string // pending, open, ended
	CurrencyMatches bool
	MinimumSpendMet *bool  // not in product.deny: the base rests on its answers
	Kind            string // percent, amount
	Attributes      string
}

// field is one place of the input document: either a leaf that is read from
// the facts, or an object of further fields.
type field struct {
	name   *ast.Term
	path   string // dotted, from the top
	read   func(*Facts) ast.Value
	exists func(*Facts) bool // nil: always
	fields []field
}

func leaf(name string, read func(*Facts) ast.Value) field {
	return field{name: ast.StringTerm(name), read: read}
}

func optional(name string, exists func(*Facts) bool, read func(*Facts) ast.Value) field {
	return field{name: ast.StringTerm(name), exists: exists, read: read}
}

func object(name string, exists func(*Facts) bool, fields ...field) field {
	return field{name: ast.StringTerm(name), exists: exists, fields: fields}
}

// document is the whole input, every decision's a part of it.
var document = withPaths("", []field{
	object("customer", nil,
		leaf("id", func(f *Facts) ast.Value { return ast.String(f.Customer.ID) }),
		optional("blocklisted",
			func(f *Facts) bool { return f.Customer.Blocklisted != nil },
			func(f *Facts) ast.Value { return ast.Boolean(*f.Customer.Blocklisted) }),
		leaf("attributes", func(f *Facts) ast.Value { return attributes(f.Customer.Attributes) })),
	object("order", func(f *Facts) bool { return f.Order != nil },
		leaf("id", func(f *Facts) ast.Value { return ast.String(f.Order.ID) }),
		leaf("type", func(f *Facts) ast.Value { return ast.String(f.Order.Type) }),
		leaf("currency", func(f *Facts) ast.Value { return ast.String(f.Order.Currency) }),
		leaf("discounted", func(f *Facts) ast.Value { return ast.Boolean(f.Order.Discounted) }),
		leaf("attributes", func(f *Facts) ast.Value { return attributes(f.Order.Attributes) })),
	object("line", func(f *Facts) bool { return f.Line != nil },
		leaf("id", func(f *Facts) ast.Value { return ast.String(f.Line.ID) }),
		leaf("quantity", func(f *Facts) ast.Value { return integer(f.Line.Quantity) }),
		leaf("discounted", func(f *Facts) ast.Value { return ast.Boolean(f.Line.Discounted) }),
		object("product", nil,
			leaf("id", func(f *Facts) ast.Value { return ast.String(f.Line.ProductID) }),
			leaf("type", func(f *Facts) ast.Value { return ast.String(f.Line.ProductType) }),
			leaf("attributes", func(f *Facts) ast.Value { return attributes(f.Line.ProductAttributes) }))),
	object("coupon", func(f *Facts) bool { return f.Coupon != nil },
		leaf("id", func(f *Facts) ast.Value { return ast.String(f.Coupon.ID) }),
		leaf("campaign_id", func(f *Facts) ast.Value { return ast.String(f.Coupon.CampaignID) }),
		leaf("owned", func(f *Facts) ast.Value { return ast.Boolean(f.Coupon.Owned) }),
		leaf("status", func(f *Facts) ast.Value { return ast.String(f.Coupon.Status) }),
		leaf("window", func(f *Facts) ast.Value { return ast.String(f.Coupon.Window) }),
		leaf("currency_matches", func(f *Facts) ast.Value { return ast.Boolean(f.Coupon.CurrencyMatches) }),
		optional("minimum_spend_met",
			func(f *Facts) bool { return f.Coupon.MinimumSpendMet != nil },
			func(f *Facts) ast.Value { return ast.Boolean(*f.Coupon.MinimumSpendMet) }),
		leaf("kind", func(f *Facts) ast.Value { return ast.String(f.Coupon.Kind) }),
		leaf("attributes", func(f *Facts) ast.Value { return attributes(f.Coupon.Attributes) })),
	leaf("now", func(f *Facts) ast.Value { return integer(f.Now) }),
})

func withPaths(above string, fields []field) []field {
	for i := range fields {
		fields[i].path = above + string(fields[i].name.Value.(ast.String))
		withPaths(fields[i].path+".", fields[i].fields)
	}
	return fields
}

func integer(n int64) ast.Value { return ast.Number(ast.IntNumberTerm(int(n)).Value.(ast.Number)) }

// attributes parses an attributes object. Its text was checked on the way in;
// one that is broken all the same, or that has a number too big for Rego, is nil.
func attributes(text string) ast.Value {
	if text == "" {
		return ast.NewObject()
	}
	value, err := ast.ValueFromReader(strings.NewReader(text))
	if err != nil {
		return nil
	}
	return value
}

// project keeps the fields that the given dependencies touch: those at, below
// or above one of them.
func project(fields []field, dependencies []string) (kept []field) {
	for _, f := range fields {
		switch {
		case anyCovers(dependencies, f.path):
			kept = append(kept, f)
		case len(f.fields) > 0 && anyBelow(dependencies, f.path):
			f.fields = project(f.fields, dependencies)
			kept = append(kept, f)
		case anyBelow(dependencies, f.path): // inside attributes
			kept = append(kept, f)
		}
	}
	return kept
}

// anyCovers reports whether a dependency is path or lies above it.
func anyCovers(dependencies []string, path string) bool {
	for _, d := range dependencies {
		if d == "" || d == path || strings.HasPrefix(path, d+".") {
			return true
		}
	}
	return false
}

func anyBelow(dependencies []string, path string) bool {
	for _, d := range dependencies {
		if strings.HasPrefix(d, path+".") {
			return true
		}
	}
	return false
}

// build makes the input document of the given fields. A part that cannot be
// read is an error: left out, it would look like one that nobody gave.
func build(fields []field, f *Facts) (value ast.Value, err error) {
	members := make([][2]*ast.Term, 0, len(fields))
	for _, field := range fields {
		if field.exists != nil && !field.exists(f) {
			continue
		}
		if field.read == nil {
			value, err = build(field.fields, f)
		} else if value = field.read(f); value == nil {
			err = fmt.Errorf("input.%s cannot be read", field.path)
		}
		if err != nil {
			return nil, err
		}
		members = append(members, ast.Item(field.name, ast.NewTerm(value)))
	}
	return ast.NewObject(members...), nil
}
