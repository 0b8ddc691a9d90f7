// What is wrong with a folder is named with its place, all of it at once.
package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// schema is a schema that has order.type only.
const schema = `{"type":"object","properties":{"order":{"type":"object","properties":{"type":{"type":"string"}},"additionalProperties":false}},"additionalProperties":false}`

// checked is a rule whose input is held against a schema; its condition stands on line 7.
func checked(name, condition string) string {
	return "package order\n\n# METADATA\n# schemas:\n#   - input: schema." + name + "\ndeny contains {\"code\": \"c\", \"message\": \"m\"} if {\n\t" + condition + "\n}\n"
}

// faultCases are folders with the faults they are refused for, in order. A fault is given as far as it matters.
var faultCases = []struct {
	name   string
	files  map[string]string
	faults []string
}{
	{"a syntax error", map[string]string{"order/x.rego": "package order\n\ndeny contains ] if true\n"}, []string{
		"order/x.rego:3:15: rego_parse_error: unexpected ] token", "order/x.rego:3:15: rego_parse_error: unexpected ] token: expected rule key term"}},
	{"a file that is empty", map[string]string{"order/x.rego": "\n"}, []string{"order/x.rego: rego_parse_error: empty module"}},
	{"a file of comments", map[string]string{"order/x.rego": "# later\n"}, []string{"order/x.rego: rego_parse_error: empty module"}},
	{"a file that is no text", map[string]string{"order/x.rego": "package order\n# \xff\n"}, []string{"order/x.rego:2:1: rego_parse_error: illegal utf-8"}},
	{"Rego of before v1", map[string]string{"order/x.rego": "package order\n\ndeny[x] { x := 1 }\n"}, []string{
		"order/x.rego:3:1: rego_parse_error: `if` keyword is required", "order/x.rego:3:1: rego_parse_error: `contains` keyword is required"}},
	{"an unknown function", map[string]string{"order/x.rego": denial("order", "no_such_function(1)")}, []string{"order/x.rego:4:2: rego_type_error: undefined function no_such_function"}},
	{"an unsafe variable", map[string]string{"order/x.rego": "package order\n\ndeny contains x if true\n"}, []string{"order/x.rego:3:15: rego_unsafe_var_error: var x is unsafe"}},
	{"a type that cannot be", map[string]string{"order/x.rego": denial("order", `count(1) == 1`)}, []string{"order/x.rego:4:2: rego_type_error: count: invalid argument(s)"}},
	{"recursion", map[string]string{"order/x.rego": "package order\n\n_a if _b\n\n_b if _a\n"}, []string{
		"order/x.rego:3:1: rego_recursion_error:", "order/x.rego:5:1: rego_recursion_error:"}},
	{"strict: an unused variable", map[string]string{"order/x.rego": denial("order", "x := 1")}, []string{"order/x.rego:4:2: rego_compile_error: assigned var x unused"}},
	{"strict: an unused argument", map[string]string{"order/x.rego": "package order\n\n_f(x) := 1\n"}, []string{"order/x.rego:3:1: rego_compile_error: unused argument x"}},
	{"strict: an unused import", map[string]string{"order/x.rego": "package order\n\nimport data.product\n"}, []string{"order/x.rego:3:1: rego_compile_error: import data.product unused"}},
	{"strict: an import twice", map[string]string{"order/x.rego": "package order\n\nimport data.a.x\nimport data.b.x\n\n_y := x\n"}, []string{"order/x.rego:4:1: rego_compile_error: import must not shadow"}},
	{"strict: a shadowed input", map[string]string{"order/x.rego": denial("order", "input := 1\n\tinput == 1")}, []string{
		"order/x.rego:4:2: rego_compile_error: assigned var input unused", "order/x.rego:4:2: rego_compile_error: variables must not shadow input"}},
	{"strict: a deprecated function", map[string]string{"order/x.rego": denial("order", "any([true])")}, []string{"order/x.rego:4:2: rego_type_error: deprecated built-in function"}},
	{"schema: a misspelt field", map[string]string{"schemas/order/input.json": schema, "order/x.rego": checked("order.input", `input.order.tipe == "sample"`)},
		[]string{"order/x.rego:7:2: rego_type_error: undefined ref: input.order.tipe"}},
	{"schema: a misspelt field, told in YAML", map[string]string{"schemas/order/input.yaml": schema, "order/x.rego": checked("order.input", `input.oder.type == "sample"`)},
		[]string{"order/x.rego:7:2: rego_type_error: undefined ref: input.oder.type"}},
	{"schema: one that does not exist", map[string]string{"order/x.rego": checked("order.inptu", "true")}, []string{"order/x.rego:6:1: rego_type_error: undefined schema: schema.order.inptu"}},
	{"schema: one that is none", map[string]string{"schemas/order/input.json": `{"type": 12}`, "order/x.rego": checked("order.input", "true")},
		[]string{"order/x.rego:6:1: rego_type_error: unable to compile the schema"}},
	{"schema: one from the network", map[string]string{"schemas/order/input.json": `{"$ref": "http://127.0.0.1:1/x"}`, "order/x.rego": checked("order.input", "true")},
		[]string{`schemas/order/input.json:1:1: data_error: $ref "http://127.0.0.1:1/x": a schema may refer to its own definitions only, and they to none`}},
	{"schema: one from a file", map[string]string{"schemas/order/input.json": `{"properties": {"order": {"$ref": "file:///etc/passwd"}}}`, "order/x.rego": checked("order.input", "true")},
		[]string{`schemas/order/input.json:1:1: data_error: $ref "file:///etc/passwd": a schema may refer to its own definitions only, and they to none`}},
	{"schema: one that holds itself", map[string]string{"schemas/order/input.json": `{"$ref": "#"}`, "order/x.rego": checked("order.input", "true")},
		[]string{`schemas/order/input.json:1:1: data_error: $ref "#": a schema may refer to its own definitions only, and they to none`}},
	{"schema: one that holds itself by a definition", map[string]string{"schemas/order/input.json": `{"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}`, "order/x.rego": checked("order.input", "true")},
		[]string{`schemas/order/input.json:1:1: data_error: $ref "#/$defs/a": a schema may refer to its own definitions only, and they to none`}},
	{"schema: a syntax error", map[string]string{"schemas/order/input.json": "{\n  \"type\": object\n}\n"}, []string{"schemas/order/input.json:2:11: data_error: invalid character 'o'"}},
	{"a rule and data of one name", map[string]string{"order/data.json": `{"deny": []}`}, []string{"order/base.rego:3:1: rego_compile_error: conflicting rule for data path order/deny"}},
	{"a rule and data of one name from above", map[string]string{"x.json": `{"order": {"deny": []}}`}, []string{"order/base.rego:3:1: rego_compile_error: conflicting rule for data path order/deny"}},
	{"data: a syntax error", map[string]string{"order/data.json": "{\n  \"a\": 1,\n  \"b\": ]\n}\n"}, []string{"order/data.json:3:8: data_error: invalid character ']'"}},
	{"data: a missing comma", map[string]string{"order/data.json": "{\n\t\"a\": 1\n\t\"b\": 2\n}\n"}, []string{"order/data.json:3:2: data_error: invalid character '\"'"}},
	{"data: a comma too many", map[string]string{"order/data.json": "{\"a\": 1,}"}, []string{"order/data.json:1:9: data_error: invalid character '}'"}},
	{"data: the end too soon", map[string]string{"order/data.json": "{\n  \"a\": [1"}, []string{"order/data.json:2:9: data_error: unexpected end of JSON input"}},
	{"data: something after the end", map[string]string{"order/data.json": "{}\n{}"}, []string{"order/data.json:2:1: data_error: invalid character '{' after top-level value"}},
	{"data: empty", map[string]string{"order/data.json": " "}, []string{"order/data.json:1:1: data_error: unexpected end of JSON input"}},
	{"data: YAML under the name of JSON", map[string]string{"order/data.json": "a: 1"}, []string{"order/data.json:1:1: data_error: invalid character 'a'"}},
	{"data: broken YAML", map[string]string{"order/data.yaml": "a:\n\tb: 1\n"}, []string{"order/data.yaml:1:1: data_error: yaml: line 2: "}},
	{"data: a list", map[string]string{"order/data.json": "[1]"}, []string{"order/data.json:1:1: data_error: json: cannot unmarshal array"}},
	{"data: a number too big", map[string]string{"order/data.json": `{"x": [1e99999]}`}, []string{"order/data.json:1:1: data_error: invalid number: number too big"}},
	{"data: set twice", map[string]string{"order/a.json": `{"x":{"y":1}}`, "order/b.json": `{"x":{"y":1}}`}, []string{"order/b.json:1:1: data_error: data.order.x.y is set by another file"}},
	{"data: below what is no object", map[string]string{"order/a.json": `{"x":1}`, "order/x/b.json": `{"y":1}`}, []string{"order/x/b.json:1:1: data_error: data.order.x is set by another file"}},
	{"no decision", map[string]string{"order/base.rego": ""}, []string{`order/: decision data.order.deny is missing: no rule "deny" in package order`}},
	{"no decisions", map[string]string{"product/base.rego": "", "grant/base.rego": "package grant"}, []string{
		`product/: decision data.product.deny is missing`, `grant/: decision data.grant.campaigns is missing`}},
	{"no decision in a folder below", map[string]string{"giftcard/redeem/base.rego": "", "wallet/topup/base.rego": "package wallet.topup.bonus_percent\n\nx := 1\n"}, []string{
		`giftcard/redeem/: decision data.giftcard.redeem.deny is missing: no rule "deny" in package giftcard.redeem`,
		`wallet/topup/: decision data.wallet.topup.bonus_percent is missing: no rule "bonus_percent" in package wallet.topup`}},
	{"a package for a decision", map[string]string{"order/base.rego": "package order.deny\n\nx := 1\n"}, []string{`order/: decision data.order.deny is missing`}},
	{"a decision that is a function", map[string]string{"order/base.rego": "package order\n\ndeny(x) := x\n"}, []string{"order/base.rego:3:1: decision data.order.deny is a function; it must be a rule"}},
	{"a function and no decision", map[string]string{"order/base.rego": "package order\n\n\ndeny(x) := x\n", "coupon/base.rego": ""}, []string{
		"order/base.rego:4:1: decision data.order.deny is a function", "coupon/: decision data.coupon.deny is missing"}},
	{"several broken files", map[string]string{"order/x.rego": "package order\n\n}\n", "coupon/x.rego": "package\n", "product/data.json": "{]", "schemas/a.json": "]"}, []string{
		"coupon/x.rego:2:1: rego_parse_error: unexpected eof token", "order/x.rego:3:1: rego_parse_error: unexpected } token",
		"product/data.json:1:2: data_error:", "schemas/a.json:1:1: data_error:"}},
	{"several files with unknown functions", map[string]string{"order/x.rego": denial("order", "b(1)\n\ta(1)"), "coupon/x.rego": denial("coupon", "time.now_ns() > 0")}, []string{
		"coupon/x.rego:4:2: rego_type_error: undefined function time.now_ns", "order/x.rego:4:2: rego_type_error: undefined function b", "order/x.rego:5:2: rego_type_error: undefined function a"}},
}

func TestFaultsAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range faultCases {
		t.Run(c.name, func(t *testing.T) {
			s, err := Load(t.Context(), Folder("the source", folder(c.files)), Options{Timeout: patience, Memo: true}, time.Now())
			var refused *RefusedError
			if !errors.As(err, &refused) || s != nil {
				t.Fatalf("%v, want it refused for %q", err, c.faults)
			}
			var said []string
			for _, f := range refused.Faults {
				said = append(said, f.String())
			}
			if !slices.EqualFunc(said, c.faults, strings.HasPrefix) {
				t.Errorf("refused for\n%q, want\n%q", said, c.faults)
			}
			if want := "policies of the source are refused:\n  " + strings.Join(said, "\n  "); err.Error() != want {
				t.Errorf("says %q, want %q", err, want)
			}
		})
	}
}
