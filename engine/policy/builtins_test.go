// What a policy may call (Contract §8): nothing that reaches outside, is random, reads the clock or outruns a deadline.
package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// forbidden are calls that type-check with stock OPA.
var forbidden = strings.Split(`http.send({"method": "get", "url": "http://127.0.0.1/"})
net.lookup_ip_addr("localhost")
opa.runtime()
rand.intn("x", 2)
uuid.rfc4122("x")
time.now_ns()
trace("x")
rego.parse_module("x.rego", "package x")
providers.aws.sign_req({}, {}, 1)
bits.lsh(1, 99999999999)
units.parse("1e999999999")
units.parse_bytes("1e999999999")
net.cidr_expand("0.0.0.0/0")
net.cidr_merge(["0.0.0.0/0"])
regex.find_n("a", "b", -1)
regex.find_all_string_submatch_n("a", "b", -1)
regex.globs_match("a.*", "a.*")
regex.replace("a", "b", "c")
regex.split("a", "b")
regex.template_match("{a}", "b", "{", "}")
glob.match("*", [], "a")
graph.reachable_paths({}, {"a"})
graph.reachable({}, {"a"})
graphql.is_valid("a", "b")
json.match_schema({}, {})
json.patch([], [])
object.subset([], [])
object.union_n([])
array.flatten([])
product([1])
strings.render_template("", {})
yaml.unmarshal("a: 1")
io.jwt.decode("x")
crypto.x509.parse_certificates("x")`, "\n")

func TestForbiddenFunctionsAreUnknown(t *testing.T) {
	t.Parallel()
	for _, call := range forbidden {
		name, _, _ := strings.Cut(call, "(")
		t.Run(name, func(t *testing.T) {
			if slices.Contains(allowed, name) {
				t.Fatal("allowed")
			}
			if _, ok := ast.BuiltinMap[name]; !ok {
				t.Fatal("stock OPA does not know it either: the test says nothing")
			}
			_, err := Load(t.Context(), Folder("test", folder(map[string]string{"order/x.rego": denial("order", "_ = "+call)})), Options{Timeout: patience, Memo: true}, time.Now())
			var refused *RefusedError
			if !errors.As(err, &refused) || len(refused.Faults) != 1 {
				t.Fatal(err)
			}
			want := Fault{File: "order/x.rego", Line: 4, Column: 6, Message: "rego_type_error: undefined function " + name}
			if refused.Faults[0] != want {
				t.Errorf("%+v, want %+v", refused.Faults[0], want)
			}
		})
	}
}

func TestAllowedFunctionsExist(t *testing.T) {
	t.Parallel()
	for _, name := range allowed {
		if _, ok := ast.BuiltinMap[name]; !ok {
			t.Errorf("OPA has no %s", name)
		}
	}
	if c := capabilities(); len(c.Builtins) != len(allowed) || c.AllowNet == nil || len(c.AllowNet) != 0 {
		t.Errorf("%d builtins of %d allowed, network %v", len(c.Builtins), len(allowed), c.AllowNet)
	}
	if stock := ast.CapabilitiesForThisVersion(); len(stock.Builtins) <= len(allowed) {
		t.Error("the list cuts down OPA's own")
	}
}

// Whatever outcome, it comes: each evaluation here meets about a megabyte, as a request may bring it, with what is
// still allowed and takes longest. One that its deadline cannot stop makes this test run into its own.
func TestADeadlineStopsWhatIsAllowed(t *testing.T) {
	t.Parallel()
	facts := &Facts{Order: &Order{Attributes: fmt.Sprintf(`{"s":%q,"half":%q,"words":[%s"a"]}`,
		strings.Repeat("a", 300_000), strings.Repeat("a", 150_000)+"b", strings.Repeat(`"a",`, 10_000))}}
	const s, half, words = "input.order.attributes.s", "input.order.attributes.half", "input.order.attributes.words"
	for _, condition := range []string{
		"replace(" + s + `, "a", ` + s + `) == ""`,
		"strings.replace_n({\"a\": " + s + "}, " + s + `) == ""`,
		"some x in numbers.range(1, 1000000000); x < 0",
		"count(split(" + s + `, "")) < 0`,
		"strings.count(" + s + ", " + half + ") < 0",
		"json.marshal([" + s + " | some _ in " + words + `]) == ""`,
		"strings.any_prefix_match([" + s + " | some _ in " + words + "], [" + half + "])",
		"walk(input, [_, 1])",
		"$\"{[" + s + " | some _ in " + words + `]}" == ""`,
		"some x in " + words + "; some y in " + words + "; x != y",
	} {
		d := loaded(t, patience, map[string]string{"order/x.rego": denial("order", condition)}).decisions[OrderDeny]
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := d.evaluate(ctx, d.fields, facts); err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "operands of at most") {
			t.Errorf("%s: %v", condition, err)
		}
		cancel()
	}
}
