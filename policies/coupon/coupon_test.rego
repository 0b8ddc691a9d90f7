package coupon_test

import data.coupon

# A coupon that may be used. Each test below spoils one thing in it.
_usable := {
	"customer": {"id": "c-1", "blocklisted": false, "attributes": {}},
	"order": {"id": "o-1", "type": "dropshipping", "currency": "USD", "discounted": false, "attributes": {}},
	"coupon": {
		"id": "cpn_1",
		"campaign_id": "welcome",
		"owned": true,
		"status": "available",
		"window": "open",
		"currency_matches": true,
		"minimum_spend_met": true,
		"kind": "percent",
		"attributes": {},
	},
	"now": 1767225600,
}

# The codes of the rules that these tests are about: a rule more breaks no test here.
_codes := {reason.code | some reason in coupon.deny} & {
	"coupon.not_started", "coupon.expired", "coupon.owner", "coupon.status",
	"coupon.currency", "coupon.minimum_spend",
}

_not_flags := [null, 0, 1, "", "true", "yes", [], {}]

test_usable_coupon_is_applicable if _codes == set() with input as _usable

# The answer is remembered under the fields that the rules can see; more of them would make it slower.
test_only_five_fields_are_looked_at if {
	_codes == set() with input as {"coupon": {
		"owned": true,
		"status": "available",
		"window": "open",
		"currency_matches": true,
		"minimum_spend_met": true,
	}}
}

test_kind_of_coupon_does_not_matter[kind] if {
	some kind in ["percent", "amount"]
	_codes == set() with input as _usable with input.coupon.kind as kind
}

# coupon.not_started and coupon.expired

test_pending_coupon_is_denied if _codes == {"coupon.not_started"} with input as _usable with input.coupon.window as "pending"

test_ended_coupon_is_denied if _codes == {"coupon.expired"} with input as _usable with input.coupon.window as "ended"

test_unknown_window_counts_as_ended[window] if {
	some window in [null, true, 0, "", "Open", "closed", ["open"], {"open": true}]
	_codes == {"coupon.expired"} with input as _usable with input.coupon.window as window
}

test_missing_window_counts_as_ended if {
	_codes == {"coupon.expired"} with input as json.remove(_usable, ["coupon/window"])
}

# coupon.owner

test_coupon_of_another_customer_is_denied if {
	_codes == {"coupon.owner"} with input as _usable with input.coupon.owned as false
}

test_owned_that_is_no_flag_is_denied[flag] if {
	some flag in _not_flags
	_codes == {"coupon.owner"} with input as _usable with input.coupon.owned as flag
}

test_missing_owned_is_denied if _codes == {"coupon.owner"} with input as json.remove(_usable, ["coupon/owned"])

# coupon.status

test_other_statuses_are_denied[status] if {
	some status in ["reserved", "used", "expired", "revoked", "Available", "lost", ""]
	_codes == {"coupon.status"} with input as _usable with input.coupon.status as status
}

test_status_that_is_no_word_is_denied[status] if {
	some status in [null, true, 0, ["available"], {"available": true}]
	_codes == {"coupon.status"} with input as _usable with input.coupon.status as status
}

test_missing_status_is_denied if _codes == {"coupon.status"} with input as json.remove(_usable, ["coupon/status"])

test_expired_coupon_that_has_ended_is_told_once if {
	_codes == {"coupon.expired"} with input as _usable
		with input.coupon.status as "expired"
		with input.coupon.window as "ended"
}

test_other_statuses_are_told_beside_the_end[status] if {
	some status in ["reserved", "used", "revoked"]
	_codes == {"coupon.status", "coupon.expired"} with input as _usable
		with input.coupon.status as status
		with input.coupon.window as "ended"
}

test_expired_status_is_denied_whatever_the_window[window] if {
	some window, codes in {
		"pending": {"coupon.status", "coupon.not_started"},
		"open": {"coupon.status"},
		"closed": {"coupon.status", "coupon.expired"},
	}
	_codes == codes with input as _usable
		with input.coupon.status as "expired"
		with input.coupon.window as window
}

# coupon.currency

test_coupon_in_another_currency_is_denied if {
	_codes == {"coupon.currency"} with input as _usable with input.coupon.currency_matches as false
}

test_currency_matches_that_is_no_flag_is_denied[flag] if {
	some flag in _not_flags
	_codes == {"coupon.currency"} with input as _usable with input.coupon.currency_matches as flag
}

test_missing_currency_matches_is_denied if {
	_codes == {"coupon.currency"} with input as json.remove(_usable, ["coupon/currency_matches"])
}

# coupon.minimum_spend

test_coupon_below_its_minimum_is_denied if {
	_codes == {"coupon.minimum_spend"} with input as _usable with input.coupon.minimum_spend_met as false
}

test_minimum_spend_met_that_is_no_flag_is_denied[flag] if {
	some flag in _not_flags
	_codes == {"coupon.minimum_spend"} with input as _usable with input.coupon.minimum_spend_met as flag
}

test_missing_minimum_spend_met_is_denied if {
	_codes == {"coupon.minimum_spend"} with input as json.remove(_usable, ["coupon/minimum_spend_met"])
}

test_other_currency_is_the_only_reason_about_amounts[met] if {
	some met in [true, false, null]
	_codes == {"coupon.currency"} with input as _usable
		with input.coupon.currency_matches as false
		with input.coupon.minimum_spend_met as met
}

test_unknown_currency_is_the_only_reason_about_amounts if {
	_codes == {"coupon.currency"} with input as json.remove(_usable, [
		"coupon/currency_matches",
		"coupon/minimum_spend_met",
	])
}

# All together

test_reasons_add_up if {
	_codes == {"coupon.not_started", "coupon.owner", "coupon.status", "coupon.minimum_spend"} with input as _usable
		with input.coupon.window as "pending"
		with input.coupon.owned as false
		with input.coupon.status as "used"
		with input.coupon.minimum_spend_met as false
}

test_nothing_known_is_denied[facts] if {
	some facts in [{}, null, [], {"coupon": null}]
	_codes == {"coupon.expired", "coupon.owner", "coupon.status", "coupon.currency"} with input as facts
}

test_each_reason_is_a_code_and_a_message if {
	of_unknown := coupon.deny with input as {}
	of_known := coupon.deny with input as _usable
		with input.coupon.window as "pending"
		with input.coupon.minimum_spend_met as false
	every reason in of_unknown | of_known {
		reason == {"code": reason.code, "message": reason.message}
		is_string(reason.message)
		reason.message != ""
	}
}
