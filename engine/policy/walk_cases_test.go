// Odd policies, each with what its order.deny looks at. Found by reading, not by running: "" is all of input.
package policy

// oddPolicy is a text of package order that follows "package order", and more files where it needs them.
type oddPolicy struct {
	name, text string
	more       map[string]string
	looksAt    []string
}

const hit = `{"code": "c", "message": "m"}`

var oddPolicies = append(append([]oddPolicy{
	{"a plain reference", `deny contains ` + hit + ` if input.order.type == "sample"`, nil, []string{"order.type"}},
	{"brackets", `deny contains ` + hit + ` if input["order"]["type"] == "sample"`, nil, []string{"order.type"}},
	{"a negated alias", "deny contains " + hit + " if {\n\tx := input.order\n\tnot x.discounted\n}", nil, []string{"order"}},
	{"an alias of an alias of everything", "deny contains " + hit + " if {\n\tx := input\n\ty := x.order\n\ty.type == \"sample\"\n}", nil, []string{""}},
	{"an alias by unification", "deny contains " + hit + " if {\n\tx = input.order\n\tx.type = \"sample\"\n}", nil, []string{"order"}},
	{"a renamed import", "import input.order as o\n\ndeny contains " + hit + ` if o.type == "sample"`, nil, []string{"order.type"}},
	{"a negation of a reference", `deny contains ` + hit + ` if not input.coupon.owned`, nil, []string{"coupon.owned"}},
	{"a rule under a partial object", "_flags[name] := input.order.type if some name in [\"a\", \"b\"]\n\ndeny contains " + hit + ` if _flags.a == "sample"`,
		nil, []string{"order.type"}},
	{"a partial object with a key from input", "_by[input.customer.id] := input.order.type\n\ndeny contains " + hit + ` if _by["c-1"] == "sample"`,
		nil, []string{"customer.id", "order.type"}},
	{"a ref head with a variable in the middle", "_by[input.customer.id].kind := input.order.type\n\ndeny contains " + hit + ` if _by["c-1"].kind == "sample"`,
		nil, []string{"customer.id", "order.type"}},
	{"a ref head that contains", "_by[input.order.type] contains input.customer.id\n\ndeny contains " + hit + ` if "c-1" in _by.sample`,
		nil, []string{"customer.id", "order.type"}},
	{"a constant ref head", "_a.b.c := input.order.type\n\n_a.b.d := input.now\n\ndeny contains " + hit + ` if _a.b.c == "sample"`, nil, []string{"order.type"}},
	{"a sibling that can raise a conflict", "_p.a := 1\n\n_p[x] := 2 if x := input.order.type\n\ndeny contains " + hit + ` if _p.a == 1`, nil, []string{"order.type"}},
	{"a complete rule with two values", "_t := 1 if input.order.type == \"sample\"\n\n_t := 2 if input.customer.id == \"c-1\"\n\ndeny contains " + hit + ` if _t == 1`,
		nil, []string{"customer.id", "order.type"}},
	{"a default rule", "default _late := false\n\n_late if input.now > 1500000000\n\ndeny contains " + hit + ` if not _late`, nil, []string{"now"}},
	{"an else chain", "_k := 1 if {\n\tinput.order.type == \"a\"\n} else := 2 if {\n\tinput.customer.blocklisted\n} else := 3 if input.coupon.owned\n\ndeny contains " +
		hit + ` if _k == 2`, nil, []string{"coupon.owned", "customer.blocklisted", "order.type"}},
	{"an else whose value is from input", "_k := 1 if {\n\tinput.order.type == \"a\"\n} else := input.customer.id\n\ndeny contains " + hit + ` if _k == "c-1"`,
		nil, []string{"customer.id", "order.type"}},
	{"with on a leaf", "_in if input.order.type == \"sample\"\n\ndeny contains " + hit + ` if _in with input.order.type as input.line.product.type`,
		nil, []string{"line.product.type", "order.type"}},
	{"with on an object by an alias", "_in if input.order.type == \"sample\"\n\ndeny contains " + hit + " if {\n\tx := input.line.product\n\t_in with input.order as x\n}",
		nil, []string{"line.product", "order"}},
	{"with on input as a whole", "_in if input.order.type == \"c-1\"\n\ndeny contains " + hit + ` if _in with input as {"order": {"type": input.customer.id}}`,
		nil, []string{""}},
	{"with on data", "_in if \"sample\" in data.order.words\n\ndeny contains " + hit + ` if _in with data.order.words as [input.order.type]`, nil, []string{"order.type"}},
	{"with on a builtin", "_fake(_) := input.line.quantity\n\ndeny contains " + hit + ` if count([]) == 2 with count as _fake`, nil, []string{"line.quantity"}},
	{"with on a function", "_f(x) := x\n\n_g(_) := input.now\n\ndeny contains " + hit + ` if _f(1) == 0 with _f as _g`, nil, []string{"now"}},
	{"a composite set key", "_s contains [input.order.type, input.customer.id]\n\ndeny contains " + hit + ` if _s[["sample", "c-1"]]`, nil, []string{"customer.id", "order.type"}},
	{"a composite key with a reference inside", "_s contains [\"sample\", \"c-1\"]\n\ndeny contains " + hit + ` if _s[[input.order.type, input.customer.id]]`,
		nil, []string{"customer.id", "order.type"}},
	{"a composite object key", "_o[{\"kind\": input.order.type}] := 1\n\ndeny contains " + hit + ` if _o[{"kind": "sample"}] == 1`, nil, []string{"order.type"}},
	{"a set asked with a key from input", "_s contains x if some x in [\"sample\", \"a\"]\n\ndeny contains " + hit + ` if _s[input.order.type]`, nil, []string{"order.type"}},
	{"a value of the head", `deny contains {"code": input.order.type, "message": "m"}`, nil, []string{"order.type"}},
	{"a string interpolation", `deny contains {"code": "c", "message": $"an {input.order.type} of {input.customer.id}"}`, nil, []string{"customer.id", "order.type"}},
	{"an interpolation of what may be missing", `deny contains {"code": "c", "message": $"<{input.coupon.attributes.a}>"}`, nil, []string{"coupon.attributes.a"}},
	{"a print", "deny contains " + hit + " if {\n\tprint(input.coupon.kind)\n\tinput.now > 0\n}", nil, []string{"now"}},
	{"a rule that nothing asks", "_unused := input.line.id\n\ndeny contains " + hit + ` if input.now > 0`, nil, []string{"now"}},
	{"a condition after what never holds", "deny contains " + hit + " if {\n\tdata.order.nowhere\n\tinput.coupon.id\n}", nil, []string{"coupon.id"}},
}, oddFunctions...), oddReferences...)

var oddFunctions = []oddPolicy{
	{"a function of a part", "_f(x) if x.type == \"sample\"\n\ndeny contains " + hit + ` if _f(input.order)`, nil, []string{"order"}},
	{"a function that looks for itself", "_f(_) := input.now\n\ndeny contains " + hit + ` if _f(1) == 0`, nil, []string{"now"}},
	{"a function by patterns", "_f(\"sample\") := 1\n\n_f(\"a\") := input.now\n\ndeny contains " + hit + ` if _f(input.order.type) >= 1`, nil, []string{"now", "order.type"}},
	{"a function with an else", "_f(x) := 1 if {\n\tx == \"a\"\n} else := input.line.quantity\n\ndeny contains " + hit + ` if _f(input.order.type) == 2`,
		nil, []string{"line.quantity", "order.type"}},
	{"an array comprehension", `deny contains ` + hit + ` if count([1 | input.order.type == "sample"]) == 1`, nil, []string{"order.type"}},
	{"a set comprehension", `deny contains ` + hit + ` if {x | some x in input.order.attributes.list; x == "a"} != set()`, nil, []string{"order.attributes.list"}},
	{"an object comprehension", `deny contains ` + hit + ` if {k: v | some k, v in input.order.attributes; v == 1} != {}`, nil, []string{"order.attributes"}},
	{"a comprehension in the head", `deny contains {"code": "c", "message": "m", "all": [x | x := input.line.id]}`, nil, []string{"line.id"}},
	{"every over references", "deny contains " + hit + " if {\n\tevery x in [input.order.type, input.customer.id] { x != \"sample\" }\n}", nil, []string{"customer.id", "order.type"}},
	{"every over an object", "deny contains " + hit + " if {\n\tevery k, v in input.order.attributes { k != v }\n}", nil, []string{"order.attributes"}},
	{"every with a look inside", "deny contains " + hit + " if {\n\tevery x in [\"a\", \"b\"] { x != input.order.type }\n}", nil, []string{"order.type"}},
	{"walk over input", "deny contains " + hit + " if {\n\twalk(input, [_, v])\n\tv == \"sample\"\n}", nil, []string{""}},
	{"walk over a part", "deny contains " + hit + " if {\n\twalk(input.order, [_, v])\n\tv == \"sample\"\n}", nil, []string{"order"}},
	{"object.get of input", `deny contains ` + hit + ` if object.get(input, ["order", "type"], "none") == "none"`, nil, []string{""}},
	{"object.get of a part", `deny contains ` + hit + ` if object.get(input.order, "type", "none") == "sample"`, nil, []string{"order"}},
	{"json.filter of input", `deny contains ` + hit + ` if json.filter(input, ["order/type"]).order.type == "sample"`, nil, []string{""}},
	{"bare input", `deny contains ` + hit + ` if count(input) == 5`, nil, []string{""}},
	{"input compared", `deny contains ` + hit + ` if input != {}`, nil, []string{""}},
	{"input in an array", "deny contains " + hit + " if {\n\tsome x in [input]\n\tx.order.type == \"sample\"\n}", nil, []string{""}},
	{"destructuring", "deny contains " + hit + " if {\n\t[x, y] := [input.order.type, input.customer.id]\n\tx == y\n}", nil, []string{"customer.id", "order.type"}},
	{"membership", `deny contains ` + hit + ` if input.order.type in input.order.attributes.list`, nil, []string{"order.attributes.list", "order.type"}},
	{"metadata", "# METADATA\n# title: deny\ndeny contains {\"code\": rego.metadata.rule().title, \"message\": \"m\"} if input.now > 0", nil, []string{"now"}},
}

var oddReferences = []oddPolicy{
	{"a reference cut at a variable", `deny contains ` + hit + ` if input.order[_] == "sample"`, nil, []string{"order"}},
	{"a variable first", `deny contains ` + hit + ` if input[_].id == "c-1"`, nil, []string{""}},
	{"a number first", `deny contains ` + hit + ` if not input[0]`, nil, []string{""}},
	{"a reference inside a reference", `deny contains ` + hit + ` if input.order.attributes[input.order.type]`, nil, []string{"order.attributes", "order.type"}},
	{"an index into attributes", `deny contains ` + hit + ` if input.line.product.attributes.a[0].b == "a"`, nil, []string{"line.product.attributes.a"}},
	{"a name with a dot", `deny contains ` + hit + ` if input.order.attributes["a.b"] == 1`, nil, []string{"order.attributes"}},
	{"a name with a dot at the top", `deny contains ` + hit + ` if not input["order.type"]`, nil, []string{""}},
	{"an empty name", `deny contains ` + hit + ` if not input.order.attributes[""]`, nil, []string{"order.attributes."}},
	{"below a leaf", `deny contains ` + hit + ` if not input.order.type.x`, nil, []string{"order.type.x"}},
	{"a field that does not exist", `deny contains ` + hit + ` if not input.basket.size`, nil, []string{"basket.size"}},
	{"a part that may be missing", `deny contains ` + hit + ` if not input.coupon`, nil, []string{"coupon"}},
	{"a part and the whole above it", "deny contains " + hit + " if {\n\tinput.order.type == \"sample\"\n\tcount(input.order) > 3\n}", nil, []string{"order"}},
	{"base data by a key from input", `deny contains ` + hit + ` if data.order.kinds[input.order.type].hit`,
		map[string]string{"order/data.json": `{"kinds":{"sample":{"hit":true}}}`}, []string{"order.type"}},
	{"packages by a variable", "deny contains " + hit + " if {\n\tsome name in [\"a\", \"b\"]\n\tdata.lib[name].hit\n}", twoLibraries, []string{"customer.id", "now"}},
	{"one package by name", `deny contains ` + hit + ` if data.lib.a.hit`, twoLibraries, []string{"customer.id"}},
	{"all packages below", `deny contains ` + hit + ` if { count(data.lib) == 2; data.lib[_].hit }`, twoLibraries, []string{"customer.id", "now"}},
	{"an imported package", "import data.lib.b\n\ndeny contains " + hit + ` if not b.hit`, twoLibraries, []string{"now"}},
	{"reasons from another package", `deny contains r if some r in data.lib.kinds.reasons`,
		map[string]string{"lib/kinds.rego": "package lib.kinds\n\nreasons contains " + hit + " if input.line.product.type == \"sample\"\n"}, []string{"line.product.type"}},
	{"a package inside the package", `deny contains ` + hit + ` if data.order.inner.hit`,
		map[string]string{"order/inner/inner.rego": "package order.inner\n\nhit if input.coupon.kind == \"a\"\n"}, []string{"coupon.kind"}},
	{"a sum", `deny contains ` + hit + ` if input.amount_minor * 10 > input.digits`, nil, []string{"amount_minor", "digits"}},
	{"a currency", `deny contains ` + hit + ` if input.currency == "sample"`, nil, []string{"currency"}},
	{"digits and no sum", `deny contains ` + hit + ` if input.digits == 2`, nil, []string{"digits"}},
	{"a card", `deny contains ` + hit + ` if not input.card.status == "a"`, nil, []string{"card.status"}},
	{"a balance", `deny contains ` + hit + ` if input.wallet.cash_minor < input.wallet.gift_minor`, nil, []string{"wallet.cash_minor", "wallet.gift_minor"}},
	{"a wallet by an alias", "deny contains " + hit + " if {\n\tx := input.wallet\n\tx.bonus_minor == 1\n}", nil, []string{"wallet"}},
	{"another decision", `deny contains r if some r in data.product.deny`,
		map[string]string{"product/own.rego": denial("product", `input.line.discounted`)}, []string{"line.discounted"}},
	{"three rules away", "_a if _b\n\n_b if data.lib.c.d\n\ndeny contains " + hit + ` if _a`,
		map[string]string{"lib/c.rego": "package lib.c\n\nd if e\n\ne := input.order.currency == \"a\"\n"}, []string{"order.currency"}},
}

var twoLibraries = map[string]string{
	"lib/a.rego": "package lib.a\n\nhit if input.customer.id == \"c-1\"\n",
	"lib/b.rego": "package lib.b\n\nhit if input.now > 1500000000\n",
}
