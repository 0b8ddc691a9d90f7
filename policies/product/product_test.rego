package product_test

import data.product

# A line that may take part in a coupon. Each test below spoils one thing in it.
_plain := {
	"customer": {"id": "c-1", "blocklisted": false, "attributes": {}},
	"order": {"id": "o-1", "type": "dropshipping", "currency": "USD", "discounted": false, "attributes": {}},
	"line": {
		"id": "l-1",
		"quantity": 2,
		"discounted": false,
		"product": {"id": "p-1", "type": "ordinary", "attributes": {}},
	},
	"now": 1767225600,
}

_supplier := {"code": "product.supplier", "message": "Coupons cannot be used for supplier products."}

# The codes of the rules that these tests are about, under lists of the tests' own: neither an edit of data.json nor a
# rule more breaks a test here.
_codes := codes if {
	reasons := product.deny with data.product.ordinary_types as ["ordinary"]
		with data.product.excluded_types as {"supplier": _supplier}
	codes := {reason.code | some reason in reasons} & {"product.supplier", "product.not_ordinary", "product.other_discount"}
}

test_ordinary_line_is_eligible if _codes == set() with input as _plain

# The answer is remembered under the fields that the rules can see; more of them would make it slower.
test_only_two_fields_are_looked_at if {
	_codes == set() with input as {"line": {"discounted": false, "product": {"type": "ordinary"}}}
}

# Kinds that are excluded by name

test_excluded_kind_is_denied if _codes == {"product.supplier"} with input as _plain with input.line.product.type as "supplier"

test_each_kind_in_data_is_denied_for_its_own_reason_alone[kind] if {
	some kind, reason in data.product.excluded_types
	product.deny == {reason} with input as _plain with input.line.product.type as kind
}

test_author_excludes_another_kind if {
	reason := {"code": "product.fragile", "message": "Coupons cannot be used for fragile products."}
	product.deny == {reason} with input as _plain
		with input.line.product.type as "fragile"
		with data.product.excluded_types as {"fragile": reason}
}

test_kind_in_both_lists_is_denied if {
	product.deny == {_supplier} with input as _plain
		with input.line.product.type as "supplier"
		with data.product.ordinary_types as ["ordinary", "supplier"]
		with data.product.excluded_types as {"supplier": _supplier}
}

# product.not_ordinary

test_other_kinds_are_denied[kind] if {
	some kind in ["fragile", "Ordinary", "ordinary ", "Supplier", "code"]
	_codes == {"product.not_ordinary"} with input as _plain with input.line.product.type as kind
}

test_kind_that_is_no_word_is_denied[kind] if {
	some kind in [null, true, 0, "", ["ordinary"], {"ordinary": true}]
	_codes == {"product.not_ordinary"} with input as _plain with input.line.product.type as kind
}

test_missing_kind_is_denied[path] if {
	some path in ["line/product/type", "line/product"]
	_codes == {"product.not_ordinary"} with input as json.remove(_plain, [path])
}

test_author_admits_another_kind if {
	product.deny == set() with input as _plain
		with input.line.product.type as "fragile"
		with data.product.ordinary_types as ["ordinary", "fragile"]
		with data.product.excluded_types as {}
}

test_no_kind_is_admitted_by_a_lost_list[list] if {
	some list in [null, [], "ordinary", {}]
	product.deny[_].code == "product.not_ordinary" with input as _plain
		with data.product.ordinary_types as list
		with data.product.excluded_types as list
}

# product.other_discount

test_discounted_line_is_denied if {
	_codes == {"product.other_discount"} with input as _plain with input.line.discounted as true
}

test_discounted_that_is_no_flag_is_denied[flag] if {
	some flag in [null, 0, 1, "", "false", "no", [], {}]
	_codes == {"product.other_discount"} with input as _plain with input.line.discounted as flag
}

test_missing_discounted_is_denied if {
	_codes == {"product.other_discount"} with input as json.remove(_plain, ["line/discounted"])
}

test_discount_of_the_order_is_not_one_of_the_line if {
	_codes == set() with input as _plain with input.order.discounted as true
}

# All together

test_reasons_add_up if {
	_codes == {"product.supplier", "product.other_discount"} with input as _plain
		with input.line.product.type as "supplier"
		with input.line.discounted as true
}

test_nothing_known_is_denied[facts] if {
	some facts in [{}, null, [], {"line": null}]
	_codes == {"product.not_ordinary", "product.other_discount"} with input as facts
}

test_each_reason_is_a_code_and_a_message if {
	reasons := product.deny with input as {}
	every reason in reasons { _reason(reason) }
}

# Of data.json as it is now, whoever edited it.
test_data_are_words_and_reasons if {
	is_array(data.product.ordinary_types)
	every word in data.product.ordinary_types { is_string(word) }
	is_object(data.product.excluded_types)
	every reason in data.product.excluded_types { _reason(reason) }
}

_reason(reason) if {
	reason == {"code": reason.code, "message": reason.message}
	is_string(reason.code)
	is_string(reason.message)
	reason.code != ""
	reason.message != ""
}
