package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowed lists the builtins a policy may call: pure functions of input and
// data that finish in time linear in the size of what they are given. What
// reaches outside, is random or reads the clock is not on it (http.send,
// rand.intn, time.now_ns, opa.runtime, …), nor what a deadline cannot stop: a
// few bytes of bits.lsh, units.parse, net.cidr_expand or regex.find_n can keep
// a processor busy for minutes, and so can what takes the product of two
// lengths. Of the latter, those that authors cannot do without are available
// on short operands (see bounded.go); glob.match, json.patch, object.subset,
// graph.reachable, product, array.flatten and object.union_n are not.
var allowed = strings.Fields(`
	assign eq equal neq gt gte lt lte internal.member_2 internal.member_3
	plus minus mul div rem abs ceil floor round numbers.range numbers.range_step
	and or intersection union set_diff
	count max min sum sort all any
	array.concat array.reverse array.slice
	object.filter object.get object.keys object.remove object.union
	concat contains endswith format_int indexof indexof_n lower replace split sprintf startswith
	strings.any_prefix_match strings.any_suffix_match strings.count strings.replace_n strings.reverse
	substring trim trim_left trim_prefix trim_right trim_space trim_suffix upper
	internal.template_string internal.print internal.test_case
	is_array is_boolean is_null is_number is_object is_set is_string type_name to_number
	json.filter json.is_valid json.marshal json.remove json.unmarshal
	base64.decode base64.encode base64.is_valid hex.decode hex.encode
	regex.is_valid regex.match
	net.cidr_contains net.cidr_intersects net.cidr_is_valid
	semver.compare semver.is_valid
	crypto.md5 crypto.sha1 crypto.sha256
	time.add_date time.clock time.date time.diff time.format time.parse_duration_ns
	time.parse_ns time.parse_rfc3339_ns time.weekday
	walk
	rego.metadata.chain rego.metadata.rule
`)

// capabilities is what policies are compiled with: this OPA less every builtin
// that is not allowed, and no network for schemas.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return !slices.Contains(allowed, b.Name)
	})
	c.AllowNet = []string{}
	return c
}
