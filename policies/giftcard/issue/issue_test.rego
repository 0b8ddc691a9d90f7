package giftcard.issue_test

import data.giftcard.issue

# A card that may be issued. Each test below spoils one thing in it.
_plain := {"amount_minor": 5000, "digits": 2, "currency": "USD", "now": 1767225600}

_ranges := {"default": {"from": 1, "to": 5000}, "JPY": {"from": 100, "to": 500000}}

# All reasons, under ranges of the tests' own: to edit data.json breaks no test here.
_reasons := reasons if {
	reasons := issue.deny with data.giftcard.issue.amount_range as _ranges
}

_outside(from_to) := {{"code": "gift_card.amount", "message": sprintf("Gift cards are issued %s.", [from_to])}}

_unknown := {{"code": "gift_card.amount", "message": "A gift card cannot be issued for this amount."}}

test_plain_card_is_issued if _reasons == set() with input as _plain

test_only_three_fields_are_looked_at if {
	_reasons == set() with input as {"amount_minor": 5000, "digits": 2, "currency": "USD"}
}

# The bounds are taken in, in the minor units of each currency.

test_bounds_are_included[name] if {
	some name, card in {
		"one dollar": ["USD", 2, 100],
		"five thousand dollars": ["USD", 2, 500000],
		"one dinar": ["KWD", 3, 1000],
		"five thousand units of account": ["CLF", 4, 50000000],
		"one won": ["KRW", 0, 1],
		"five thousand of a single digit": ["XXX", 1, 50000],
	}
	_reasons == set() with input as {"amount_minor": card[2], "digits": card[1], "currency": card[0]}
}

test_one_minor_unit_beyond_a_bound_is_denied[name] if {
	some name, card in {
		"below one dollar": ["USD", 2, 99],
		"above five thousand dollars": ["USD", 2, 500001],
		"below one dinar": ["KWD", 3, 999],
		"above five thousand units of account": ["CLF", 4, 50000001],
		"no won": ["KRW", 0, 0],
		"above five thousand of a single digit": ["XXX", 1, 50001],
	}
	reasons := _reasons with input as {"amount_minor": card[2], "digits": card[1], "currency": card[0]}
	reasons == _outside(sprintf("from 1 to 5000 %s", [card[0]]))
}

test_less_than_nothing_is_denied if {
	_reasons == _outside("from 1 to 5000 USD") with input as _plain with input.amount_minor as -5000
}

# A currency that is named has its own range and no other.

test_named_currency_has_its_own_range[amount] if {
	some amount in [100, 5001, 500000]
	_reasons == set() with input as {"amount_minor": amount, "digits": 0, "currency": "JPY"}
}

test_default_is_not_the_range_of_a_named_currency[amount] if {
	some amount in [1, 99, 500001]
	_reasons == _outside("from 100 to 500000 JPY") with input as {"amount_minor": amount, "digits": 0, "currency": "JPY"}
}

test_author_narrows_the_range if {
	reasons := issue.deny with input as _plain with data.giftcard.issue.amount_range as {"default": {"from": 10, "to": 49}}
	reasons == _outside("from 10 to 49 USD")
}

# What is missing, or is not what it should be, denies.

test_amount_that_is_no_number_is_denied[amount] if {
	some amount in [null, "5000", [5000]]
	_reasons == _outside("from 1 to 5000 USD") with input as _plain with input.amount_minor as amount
}

test_digits_of_no_currency_are_denied[digits] if {
	some digits in [null, "2", -1, 5]
	_reasons == _outside("from 1 to 5000 USD") with input as _plain with input.digits as digits
}

test_missing_fact_is_denied[path] if {
	some path in ["amount_minor", "digits"]
	_reasons == _outside("from 1 to 5000 USD") with input as json.remove(_plain, [path])
}

test_missing_currency_has_no_range if _reasons == _unknown with input as json.remove(_plain, ["currency"])

test_nothing_known_is_denied[facts] if {
	some facts in [{}, null, [], {"amount_minor": null, "digits": null}]
	_reasons == _unknown with input as facts
}

test_nothing_is_issued_by_a_lost_range[ranges] if {
	some ranges in [
		null, [], {}, {"USD": {"from": 1, "to": 5000}}, {"default": null}, {"default": {"from": 1}},
		{"default": {"to": 5000}}, {"default": {"from": 1, "to": 5000}, "USD": null},
	]
	issue.deny == _unknown with input as _plain with data.giftcard.issue.amount_range as ranges
}

test_nothing_is_issued_by_a_broken_bound[bound] if {
	some bound in [null, "1", 0.5]
	every range in [{"from": bound, "to": 5000}, {"from": 1, "to": bound}] {
		issue.deny == _unknown with input as _plain with data.giftcard.issue.amount_range as {"default": range}
	}
}

# Of data.json as it is now, whoever edited it.
test_data_are_ranges_of_whole_units if {
	data.giftcard.issue.amount_range["default"]
	every range in data.giftcard.issue.amount_range {
		is_number(range.from)
		is_number(range.to)
		floor(range.from) == range.from
		floor(range.to) == range.to
		range.from <= range.to
	}
}
