// The walk that finds what a decision looks at: on policies made to escape it, as lists and as the property that it is for.
package policy

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"scrip/engine/prove"
)

// files is the folder of an odd policy.
func (p *oddPolicy) files() map[string]string {
	files := map[string]string{"order/base.rego": "package order\n\n" + p.text + "\n"}
	maps.Copy(files, p.more)
	return files
}

func TestTheWalkFindsWhatADecisionLooksAt(t *testing.T) {
	t.Parallel()
	for _, p := range oddPolicies {
		t.Run(p.name, func(t *testing.T) {
			if found := loaded(t, patience, p.files()).Dependencies()[0]; found.Name != OrderDeny || !slices.Equal(found.DependsOn, p.looksAt) {
				t.Errorf("%s looks at %q, want %q", found.Name, found.DependsOn, p.looksAt)
			}
		})
	}
}

// What a decision answers on the part of the input that it looks at is what stock OPA answers on all of it.
func TestTheProjectionDecidesLikeTheWholeInput(t *testing.T) {
	t.Parallel()
	facts, inputs := manyFacts(prove.Count(usualFacts, 20_000))
	for _, p := range oddPolicies {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			projected := loaded(t, patience, p.files()).decisions[OrderDeny]
			whole := stock(t, p.files())
			answers := make(map[string]bool)
			for i := range facts {
				got, want := answer(projected.evaluate(t.Context(), projected.fields, facts[i])), whole(t.Context(), inputs[i])
				if got != want {
					t.Fatalf("%v: %v on the projection, %v on the whole input", inputs[i], got, want)
				}
				answers[got] = true
			}
			if len(answers) < 2 != slices.Contains(constant, p.name) {
				t.Errorf("%d answers: the facts do not try this policy", len(answers))
			}
		})
	}
}

func manyFacts(n int) (facts []*Facts, inputs []ast.Value) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // tests repeat
	for range n {
		f := random(r)
		facts = append(facts, f)
		inputs = append(inputs, ast.MustInterfaceToValue(contractInput(f)))
	}
	return facts, inputs
}

// constant names the odd policies that give one answer for all facts.
var constant = []string{
	"a condition after what never holds", "a name with a dot at the top", "a number first", "an empty name", "a field that does not exist",
	"below a leaf", "input compared",
}

// answer is a decision's value as text, or "failed".
func answer(value ast.Value, err error) string {
	if err != nil {
		return "failed"
	}
	return value.String()
}

// stock is order.deny asked of OPA as it comes.
func stock(t *testing.T, files map[string]string) func(context.Context, ast.Value) string {
	t.Helper()
	options := []func(*rego.Rego){rego.Query("data.order.deny"), rego.StrictBuiltinErrors(true), rego.GenerateJSON(asItIs)}
	read, err := readFolder(folder(files))
	if err != nil {
		t.Fatal(err)
	}
	data := make(map[string]any)
	for _, f := range read {
		if f.path == "order/data.json" {
			data["order"] = free(string(f.content))
			continue
		}
		options = append(options, rego.Module(f.path, string(f.content)))
	}
	query, err := rego.New(append(options, rego.Data(data))...).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, input ast.Value) string {
		results, err := query.Eval(ctx, rego.EvalParsedInput(input))
		if err != nil {
			return answer(nil, err)
		}
		return results[0].Expressions[0].Value.(*ast.Term).Value.String()
	}
}

func asItIs(term *ast.Term, _ *rego.EvalContext) (any, error) { return term, nil }
