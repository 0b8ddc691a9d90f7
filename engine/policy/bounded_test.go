// Builtins that take the product of two lengths work on short operands and fail at once on long ones.
package policy

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestShortOperandsAreWorkedOn(t *testing.T) {
	t.Parallel()
	for _, condition := range []string{
		`sprintf("%s has %d of %v, %.2f %05d", ["a", 3, {"x": [1]}, 1.5, 7]) == "a has 3 of {\"x\": [1]}, 1.50 00007"`,
		`concat("-", ["a", "b"]) == "a-b"`,
		`regex.match("^[A-Z]{2}-\\d+$", "SZ-12")`,
		`replace("a.b.c", ".", "/") == "a/b/c"`,
		`strings.replace_n({"a": "b"}, "aa") == "bb"`,
		`split("a,b", ",") == ["a", "b"]`,
		`indexof("abc", "c") == 2`,
		`trim("xax", "x") == "a"`,
		`json.marshal({"a": [1]}) == "{\"a\":[1]}"`,
	} {
		d := loaded(t, patience, map[string]string{"order/x.rego": denial("order", condition)}).decisions[OrderDeny]
		if value, err := d.evaluate(t.Context(), d.fields, &Facts{}); err != nil || strings.Count(value.String(), "code") != 1 {
			t.Errorf("%s: %v, %v", condition, value, err)
		}
	}
}

// Each of these would hold a processor for seconds or take gigabytes: the values double with every step and share
// their parts, so they are cheap to make and not to look at.
func TestLongOperandsFailAtOnce(t *testing.T) {
	t.Parallel()
	var doubling strings.Builder
	doubling.WriteString("package order\nimport rego.v1\nx0 := \"aaaaaaaaaaaaaaaa\"\ny0 := [1]\n")
	for i := range 28 {
		fmt.Fprintf(&doubling, "y%d := [y%d, y%d]\n", i+1, i, i)
		if i < 9 {
			fmt.Fprintf(&doubling, "x%d := concat(\"\", [x%d, x%d])\n", i+1, i, i) // 8 KiB
		}
	}
	for _, call := range []string{
		`sprintf(x8, [1])`, `sprintf("%1000000d", [1])`, `sprintf("%*d", [1000000, 1])`, `sprintf("%v", [y28])`,
		`json.marshal(y28)`, `$"{y28}"`, `replace(x8, "a", x8)`, `strings.replace_n({"a": x8}, x8)`,
		`concat("", [x9, x9])`, `regex.match("(x?a?){100}b$", x8)`, `indexof(x8, "b")`, `trim(x8, x8)`,
	} {
		d := loaded(t, patience, map[string]string{
			"order/x.rego": doubling.String() + `deny contains {"code": "c", "message": "m"} if [` + call + `]` + "\n",
		}).decisions[OrderDeny]
		if _, err := d.evaluate(context.Background(), d.fields, &Facts{}); err == nil || !strings.Contains(err.Error(), "operands of at most") {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	for name, deny := range map[string]string{
		"too many":          `deny contains {"code": "c", "message": format_int(i, 10)} if some i in numbers.range(1, 101)`,
		"a long code":       `deny contains {"code": json.marshal(numbers.range(1, 60)), "message": "m"}`,
		"without end":       `deny contains {"code": numbers.range(1, 100000), "message": "m"}`,
		"a message of 2 KB": `deny contains {"code": "c", "message": json.marshal(numbers.range(1, 700))}`,
	} {
		s := loaded(t, patience, map[string]string{"order/x.rego": "package order\nimport rego.v1\n" + deny + "\n"})
		if reasons, err := s.OrderDenials(t.Context(), &Facts{}); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: %d reasons, %v", name, len(reasons), err)
		}
	}
}
