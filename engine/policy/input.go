package policy

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// field is one place of the input document: either a leaf that is read from
// the facts, or an object of further fields.
type field struct {
	name   *ast.Term
	path   string            // dotted, from the top
	exists func(*Facts) bool // nil: always
	read   func(*Facts) ast.Value
	write  func([]byte, *Facts) []byte // what read reads, as text for a key
	text   func(*Facts) string         // of a word, in place of write
	open   func(*Facts) string         // of attributes, beside write
	fields []field
}

func object(name string, exists func(*Facts) bool, fields ...field) field {
	return field{name: ast.StringTerm(name), exists: exists, fields: fields}
}

func words(name string, of func(*Facts) string) field {
	return field{
		name: ast.StringTerm(name),
		read: func(f *Facts) ast.Value { return ast.String(of(f)) },
		text: of,
	}
}

func flag(name string, of func(*Facts) bool) field {
	return field{
		name:  ast.StringTerm(name),
		read:  func(f *Facts) ast.Value { return ast.Boolean(of(f)) },
		write: func(key []byte, f *Facts) []byte { return strconv.AppendBool(key, of(f)) },
	}
}

// known is a flag that is left out where nobody knows it.
func known(name string, of func(*Facts) *bool) field {
	f := flag(name, func(f *Facts) bool { return *of(f) })
	f.exists = func(f *Facts) bool { return of(f) != nil }
	return f
}

func whole(name string, of func(*Facts) int64) field {
	return field{
		name:  ast.StringTerm(name),
		read:  func(f *Facts) ast.Value { return integer(of(f)) },
		write: func(key []byte, f *Facts) []byte { return strconv.AppendInt(key, of(f), 10) },
	}
}

// part is a field that is there with the part of the facts that it is read
// from.
func part(exists func(*Facts) bool, f field) field {
	f.exists = exists
	return f
}

func openObject(name string, of func(*Facts) string) field {
	return field{
		name:  ast.StringTerm(name),
		read:  func(f *Facts) ast.Value { return attributes(of(f)) },
		write: func(key []byte, f *Facts) []byte { return appendText(key, of(f)) },
		open:  of,
	}
}

func appendText(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}

// document is the whole input, every decision's a part of it.
var document = withPaths("", []field{
	object("customer", func(f *Facts) bool { return f.Sum == nil },
		words("id", func(f *Facts) string { return f.Customer.ID }),
		known("blocklisted", func(f *Facts) *bool { return f.Customer.Blocklisted }),
		openObject("attributes", func(f *Facts) string { return f.Customer.Attributes })),
	object("order", func(f *Facts) bool { return f.Order != nil },
		words("id", func(f *Facts) string { return f.Order.ID }),
		words("type", func(f *Facts) string { return f.Order.Type }),
		words("currency", func(f *Facts) string { return f.Order.Currency }),
		flag("discounted", func(f *Facts) bool { return f.Order.Discounted }),
		openObject("attributes", func(f *Facts) string { return f.Order.Attributes })),
	object("line", func(f *Facts) bool { return f.Line != nil },
		words("id", func(f *Facts) string { return f.Line.ID }),
		whole("quantity", func(f *Facts) int64 { return f.Line.Quantity }),
		flag("discounted", func(f *Facts) bool { return f.Line.Discounted }),
		object("product", nil,
			words("id", func(f *Facts) string { return f.Line.ProductID }),
			words("type", func(f *Facts) string { return f.Line.ProductType }),
			openObject("attributes", func(f *Facts) string { return f.Line.ProductAttributes }))),
	object("coupon", func(f *Facts) bool { return f.Coupon != nil },
		words("id", func(f *Facts) string { return f.Coupon.ID }),
		words("campaign_id", func(f *Facts) string { return f.Coupon.CampaignID }),
		flag("owned", func(f *Facts) bool { return f.Coupon.Owned }),
		words("status", func(f *Facts) string { return f.Coupon.Status }),
		words("window", func(f *Facts) string { return f.Coupon.Window }),
		flag("currency_matches", func(f *Facts) bool { return f.Coupon.CurrencyMatches }),
		known("minimum_spend_met", func(f *Facts) *bool { return f.Coupon.MinimumSpendMet }),
		words("kind", func(f *Facts) string { return f.Coupon.Kind }),
		openObject("attributes", func(f *Facts) string { return f.Coupon.Attributes })),
	part(hasSum, whole("amount_minor", func(f *Facts) int64 { return f.Sum.AmountMinor })),
	part(hasSum, whole("digits", func(f *Facts) int64 { return int64(f.Sum.Digits) })),
	part(hasSum, words("currency", func(f *Facts) string { return f.Sum.Currency })),
	object("card", func(f *Facts) bool { return f.Card != nil },
		words("status", func(f *Facts) string { return f.Card.Status })),
	object("wallet", func(f *Facts) bool { return f.Wallet != nil },
		whole("cash_minor", func(f *Facts) int64 { return f.Wallet.CashMinor }),
		whole("gift_minor", func(f *Facts) int64 { return f.Wallet.GiftMinor }),
		whole("bonus_minor", func(f *Facts) int64 { return f.Wallet.BonusMinor })),
	whole("now", func(f *Facts) int64 { return f.Now }),
})

func hasSum(f *Facts) bool { return f.Sum != nil }

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

// appendKey writes what the given fields are, so that two facts with the same
// key have the same input, or, with a naming, inputs that differ only in texts
// that the policies do not name.
func appendKey(key []byte, fields []field, f *Facts, n *naming) []byte {
	for i := range fields {
		field := &fields[i]
		switch {
		case field.exists != nil && !field.exists(f):
			key = append(key, '-')
		case field.text != nil && n != nil:
			key = n.append(append(key, '+'), field.text(f))
		case field.text != nil:
			key = appendText(append(key, '+'), field.text(f))
		case field.write != nil:
			key = field.write(append(key, '+'), f)
			if n != nil && field.open != nil && field.open(f) != "" {
				n.opaque = true
			}
		default:
			key = appendKey(append(key, '+'), field.fields, f, n)
		}
	}
	return key
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
