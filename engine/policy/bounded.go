package policy

import (
	"fmt"
	"regexp"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Some builtins that authors cannot do without take time or memory in the
// product of two lengths, or more, and a deadline cannot stop them. They are
// available on short operands: together at most so many bytes. That is far
// more than a code, a name or a message needs; beyond it they are an error,
// and so a denial.
const (
	pairBytes = 4 << 10  // one operand searched for, or put in, at every place of another
	joinBytes = 8 << 10  // a separator between many parts
	textBytes = 64 << 10 // one pass, but a result that may grow
)

var bounded = map[string]int{
	"regex.match": pairBytes, "replace": pairBytes, "strings.replace_n": pairBytes, "sprintf": pairBytes,
	"indexof": pairBytes, "indexof_n": pairBytes, "strings.count": pairBytes,
	"trim": pairBytes, "trim_left": pairBytes, "trim_right": pairBytes,
	"strings.any_prefix_match": textBytes, "strings.any_suffix_match": textBytes,
	"concat": joinBytes,
	"split":  textBytes, "json.marshal": textBytes, "json.filter": textBytes, "json.remove": textBytes,
	"internal.template_string": textBytes, "format_int": pairBytes,
}

// The bounds are put around the implementations that this process has: OPA
// looks builtins up by name, and nothing else here evaluates Rego.
func init() {
	for name, most := range bounded {
		original := topdown.GetBuiltin(name)
		topdown.RegisterBuiltinFunc(name, func(c topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
			if !fit(operands, most) || name == "sprintf" && widens(operands) {
				return fmt.Errorf("%s takes operands of at most %d bytes together here", name, most)
			}
			return original(c, operands, iter)
		})
	}
}

// wide is a verb of a format that asks for a hundred characters or more.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*(\*|\d{3})`)

func widens(operands []*ast.Term) bool {
	format, ok := operands[0].Value.(ast.String)
	return ok && wide.MatchString(string(format))
}

// fit reports whether operands are at most so many bytes. It looks at no more
// of them than that: values in Rego may share parts and be far larger than the
// memory they take.
func fit(operands []*ast.Term, most int) bool {
	left := most
	var take func(*ast.Term) bool // false: go on
	take = func(t *ast.Term) (over bool) {
		const item = 2 // bytes of a bracket or a comma and a digit
		left -= item
		switch v := t.Value.(type) {
		case ast.String:
			left -= len(v)
		case ast.Number:
			left -= len(v)
		case *ast.Array:
			over = v.Until(take)
		case ast.Set:
			over = v.Until(take)
		case ast.Object:
			over = v.Until(func(key, value *ast.Term) bool { return take(key) || take(value) })
		}
		return over || left < 0
	}
	for _, operand := range operands {
		if take(operand) {
			return false
		}
	}
	return true
}
