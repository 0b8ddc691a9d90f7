package policy

import (
	"context"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Many decisions look at an id only to see whether it is one of those that the
// policies or their data name: a blocklist, a list of products. To such a
// decision all ids that are named nowhere are alike, so the answer for one of
// them is the answer for all, and a customer who was never seen before costs a
// map lookup.
//
// Why that is exact: rename one text into another, neither of which the
// policies name, wherever the input has it. A decision that does nothing with
// texts but compare them for equality, use them as keys and pass them on goes
// through the very same steps, and its answer is the same but for the renamed
// text; an answer without that text is the same altogether. So it suffices
// that the rules call nothing that looks into a text (comparing), that a key
// tells named texts by what they are and the others by which of them are equal
// (appendKey), and that the answer names only named texts (names).

// vocabulary is every text that the policies name: in rules, in data, as
// members of the input document.
type vocabulary map[string]struct{}

func vocabularyOf(ctx context.Context, compiler *ast.Compiler, store storage.Store) (vocabulary, error) {
	v := make(vocabulary)
	learn := func(x any) {
		ast.WalkTerms(x, func(term *ast.Term) bool {
			if text, ok := term.Value.(ast.String); ok {
				v[string(text)] = struct{}{}
			}
			return false
		})
	}
	for _, module := range compiler.Modules {
		learn(module)
	}
	data, err := storage.ReadOne(ctx, store, storage.RootPath)
	if err != nil {
		return nil, err
	}
	value, ok := data.(ast.Value)
	if !ok {
		if value, err = ast.InterfaceToValue(data); err != nil {
			return nil, err
		}
	}
	learn(value)
	v.learnFields(document)
	return v, nil
}

func (v vocabulary) learnFields(fields []field) {
	for _, f := range fields {
		v[string(f.name.Value.(ast.String))] = struct{}{}
		v.learnFields(f.fields)
	}
}

// names reports whether a value has no other texts than these.
func (v vocabulary) names(value ast.Value) bool {
	all := true
	ast.WalkTerms(ast.NewTerm(value), func(term *ast.Term) bool { // a value that is a text is no term itself
		if text, ok := term.Value.(ast.String); ok && all {
			_, all = v[string(text)]
		}
		return !all
	})
	return all
}

// equivariant are the builtins that treat all texts alike, whatever stands in
// them.
var equivariant = strings.Fields(`
	assign eq equal neq internal.member_2 internal.member_3
	plus minus mul div rem abs ceil floor round
	and or intersection union set_diff
	object.get object.keys
	is_array is_boolean is_null is_number is_object is_set is_string type_name
`)

// orderings may be used where one side is a number in the rule's text: numbers
// come before all texts.
var orderings = []string{"lt", "lte", "gt", "gte"}

// comparing reports whether a decision does nothing with texts but compare
// them, so that it cannot tell one unnamed text from another. Arrays made of
// sets would show the order of texts.
func comparing(compiler *ast.Compiler, decision ast.Ref) bool {
	only := true
	reach(compiler, decision, func(rule *ast.Rule) {
		ast.NewGenericVisitor(func(x any) bool {
			switch x := x.(type) {
			case *ast.ArrayComprehension:
				only = false
			case ast.Call:
				only = only && treatsAlike(x[0], x[1:])
			case *ast.Expr:
				if x.IsCall() {
					only = only && treatsAlike(x.OperatorTerm(), x.Operands())
				}
				only = only && !slices.ContainsFunc(x.With, replacesFunction)
			}
			return !only
		}).Walk(rule)
	}, func(ast.Ref) {})
	return only
}

// treatsAlike reports whether a call is one of a rule, which is looked at
// itself, or of a builtin that treats all texts alike.
func treatsAlike(operator *ast.Term, operands []*ast.Term) bool {
	ref, ok := operator.Value.(ast.Ref)
	if !ok {
		return false
	}
	name := ref.String()
	isNumber := func(t *ast.Term) bool { _, ok := t.Value.(ast.Number); return ok }
	return ref.HasPrefix(ast.DefaultRootRef) || slices.Contains(equivariant, name) ||
		slices.Contains(orderings, name) && slices.ContainsFunc(operands, isNumber)
}

// replacesFunction reports whether `with` puts something else in place of what
// is neither input nor data.
func replacesFunction(w *ast.With) bool {
	ref, ok := w.Target.Value.(ast.Ref)
	return !ok || !ref.HasPrefix(ast.InputRootRef) && !ref.HasPrefix(ast.DefaultRootRef)
}

// maxStrangers bounds the unnamed texts of one key; there are not as many
// words in the input document.
const maxStrangers = 24

// naming writes the texts of one key: those of the vocabulary as they are, the
// others as the first, the second, … that was met.
type naming struct {
	vocabulary vocabulary
	strangers  [maxStrangers]string
	met        int
	opaque     bool // there are attributes, whose texts nobody knows
}

func (n *naming) append(key []byte, text string) []byte {
	if _, named := n.vocabulary[text]; named {
		return appendText(append(key, '='), text)
	}
	at := slices.Index(n.strangers[:n.met], text)
	if at < 0 {
		if n.met == maxStrangers {
			n.opaque = true
			return key
		}
		at = n.met
		n.strangers[at] = text
		n.met++
	}
	return append(key, '?', byte(at)) // #nosec G115 -- below maxStrangers
}
