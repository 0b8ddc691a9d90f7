package order_test

import data.order

# An order that may use a coupon. Each test below spoils one thing in it.
_plain := {
	"customer": {"id": "c-1", "blocklisted": false, "attributes": {}},
	"order": {"id": "o-1", "type": "dropshipping", "currency": "USD", "discounted": false, "attributes": {}},
	"now": 1767225600,
}

# The codes of the rules that these tests are about, under lists of the tests' own: neither an edit of data.json nor a
# rule more breaks a test here.
_codes := codes if {
	reasons := order.deny with data.order.allowed_types as ["dropshipping"]
		with data.order.blocklist as ["c-13"]
	codes := {reason.code | some reason in reasons} & {"order.type", "order.other_discount", "customer.blocklisted"}
}

_not_flags := [null, 0, 1, "", "false", "no", [], {}]

_not_words := [null, true, 0, "", ["dropshipping"], {"dropshipping": true}]

test_plain_order_is_allowed if _codes == set() with input as _plain

# The answer is remembered under the fields that the rules can see; more of them would make it slower.
test_only_four_fields_are_looked_at if {
	_codes == set() with input as {
		"customer": {"id": "c-1", "blocklisted": false},
		"order": {"type": "dropshipping", "discounted": false},
	}
}

# order.type

test_other_types_are_denied[type] if {
	some type in ["sample", "wholesale", "preorder", "service", "pod", "gift", "Dropshipping", "dropshipping "]
	_codes == {"order.type"} with input as _plain with input.order.type as type
}

test_type_that_is_no_word_is_denied[type] if {
	some type in _not_words
	_codes == {"order.type"} with input as _plain with input.order.type as type
}

test_missing_type_is_denied if _codes == {"order.type"} with input as json.remove(_plain, ["order/type"])

test_author_allows_another_type if {
	order.deny == set() with input as _plain
		with input.order.type as "wholesale"
		with data.order.allowed_types as ["dropshipping", "wholesale"]
		with data.order.blocklist as []
}

test_no_type_is_allowed_by_a_lost_list[list] if {
	some list in [null, [], "dropshipping", {}]
	order.deny[_].code == "order.type" with input as _plain with data.order.allowed_types as list
}

# order.other_discount

test_discounted_order_is_denied if {
	_codes == {"order.other_discount"} with input as _plain with input.order.discounted as true
}

test_discounted_that_is_no_flag_is_denied[flag] if {
	some flag in _not_flags
	_codes == {"order.other_discount"} with input as _plain with input.order.discounted as flag
}

test_missing_discounted_is_denied if {
	_codes == {"order.other_discount"} with input as json.remove(_plain, ["order/discounted"])
}

# customer.blocklisted

test_customer_blocked_by_the_operator_is_denied if {
	_codes == {"customer.blocklisted"} with input as _plain with input.customer.blocklisted as true
}

test_customer_blocked_by_the_policy_is_denied if {
	_codes == {"customer.blocklisted"} with input as _plain with input.customer.id as "c-13"
}

test_customer_blocked_twice_is_told_once if {
	_codes == {"customer.blocklisted"} with input as _plain
		with input.customer.id as "c-13"
		with input.customer.blocklisted as true
}

test_blocklist_compares_whole_ids[id] if {
	some id in ["c-1", "c-130", "C-13", " c-13"]
	_codes == set() with input as _plain with input.customer.id as id
}

test_blocklisted_that_is_no_flag_is_denied[flag] if {
	some flag in _not_flags
	_codes == {"customer.blocklisted"} with input as _plain with input.customer.blocklisted as flag
}

test_customer_id_that_is_no_text_is_denied[id] if {
	some id in [null, false, 13, ["c-1"], {"id": "c-1"}]
	_codes == {"customer.blocklisted"} with input as _plain with input.customer.id as id
}

test_missing_customer_fact_is_denied[path] if {
	some path in ["customer/blocklisted", "customer/id", "customer"]
	_codes == {"customer.blocklisted"} with input as json.remove(_plain, [path])
}

test_author_blocks_a_customer if {
	codes := {reason.code | some reason in order.deny} with input as _plain
		with data.order.allowed_types as ["dropshipping"]
		with data.order.blocklist as ["c-0", "c-1"]
	codes == {"customer.blocklisted"}
}

test_everybody_is_blocked_by_a_lost_list[list] if {
	some list in [null, "", "c-13", {}, {"c-13": true}]
	order.deny[_].code == "customer.blocklisted" with input as _plain with data.order.blocklist as list
}

# All together

test_reasons_add_up if {
	_codes == {"order.type", "order.other_discount", "customer.blocklisted"} with input as _plain
		with input.order.type as "sample"
		with input.order.discounted as true
		with input.customer.blocklisted as true
}

test_nothing_known_is_denied[facts] if {
	some facts in [{}, null, [], {"customer": null, "order": null}]
	_codes == {"order.type", "order.other_discount", "customer.blocklisted"} with input as facts
}

test_each_reason_is_a_code_and_a_message if {
	reasons := order.deny with input as {}
	every reason in reasons {
		reason == {"code": reason.code, "message": reason.message}
		is_string(reason.message)
		reason.message != ""
	}
}

# Of data.json as it is now, whoever edited it.
test_data_are_lists_of_words if {
	_words(data.order.allowed_types)
	_words(data.order.blocklist)
}

_words(list) if {
	is_array(list)
	every word in list { is_string(word) }
}
