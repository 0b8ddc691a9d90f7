package wallet.topup_test

import data.wallet.topup

# A top-up that earns 1 percent. Each test below changes one thing in it.
_plain := {
	"amount_minor": 10000,
	"digits": 2,
	"currency": "USD",
	"wallet": {"cash_minor": 700, "gift_minor": 5000, "bonus_minor": 7},
	"now": 1767225600,
}

_tiers := [{"from": 0, "percent": "0"}, {"from": 100, "percent": "1"}, {"from": 500, "percent": "2"}]

_plans := {"default": _tiers, "JPY": [{"from": 0, "percent": "0.5"}, {"from": 10000, "percent": "1.2500"}]}

# The bonus under plans of the tests' own: to edit data.json breaks no test here.
_percent := percent if {
	percent := topup.bonus_percent with data.wallet.topup.bonus_plan as _plans
}

_none if not topup.bonus_percent

test_plain_top_up_earns_its_tier if _percent == "1" with input as _plain

test_only_three_fields_are_looked_at if {
	_percent == "1" with input as {"amount_minor": 10000, "digits": 2, "currency": "USD"}
}

# A tier is reached by its amount exactly, in the minor units of each currency.

test_tiers_are_reached_to_the_minor_unit[name] if {
	some name, top_up in {
		"the least there is": [2, 1, "0"],
		"one minor unit below a hundred": [2, 9999, "0"],
		"a hundred": [2, 10000, "1"],
		"one minor unit below five hundred": [2, 49999, "1"],
		"five hundred": [2, 50000, "2"],
		"as much as there may be": [2, 999999999999999, "2"],
		"no digits, below a hundred": [0, 99, "0"],
		"no digits, a hundred": [0, 100, "1"],
		"one digit, a hundred": [1, 1000, "1"],
		"three digits, below five hundred": [3, 499999, "1"],
		"four digits, five hundred": [4, 5000000, "2"],
	}
	_percent == top_up[2] with input as {"amount_minor": top_up[1], "digits": top_up[0], "currency": "XXX"}
}

test_named_currency_has_its_own_plan[amount] if {
	some amount, percent in {1: "0.5", 500: "0.5", 9999: "0.5", 10000: "1.2500"}
	_percent == percent with input as {"amount_minor": amount, "digits": 0, "currency": "JPY"}
}

test_order_of_the_tiers_does_not_matter if {
	tiers := [_tiers[2], _tiers[0], _tiers[1]]
	topup.bonus_percent == "1" with input as _plain with data.wallet.topup.bonus_plan as {"default": tiers}
}

test_tier_may_earn_less_than_a_lower_one if {
	tiers := [{"from": 0, "percent": "10"}, {"from": 100, "percent": "9"}]
	topup.bonus_percent == "9" with input as _plain with data.wallet.topup.bonus_plan as {"default": tiers}
}

test_any_percentage_is_taken_as_it_stands[percent] if {
	some percent in ["0.0", "0.0001", "99.9999", "100", "100.0000"]
	topup.bonus_percent == percent with input as _plain
		with data.wallet.topup.bonus_plan as {"default": [{"from": 0, "percent": percent}]}
}

# There is no answer rather than a wrong one.

test_amount_that_is_no_number_has_no_bonus[amount] if {
	some amount in [null, "10000", [10000]]
	_none with input as _plain with input.amount_minor as amount with data.wallet.topup.bonus_plan as _plans
}

test_less_than_nothing_has_no_bonus if {
	_none with input as _plain with input.amount_minor as -1 with data.wallet.topup.bonus_plan as _plans
}

test_digits_of_no_currency_have_no_bonus[digits] if {
	some digits in [null, "2", -1, 5]
	_none with input as _plain with input.digits as digits with data.wallet.topup.bonus_plan as _plans
}

test_missing_fact_has_no_bonus[path] if {
	some path in ["amount_minor", "digits", "currency"]
	_none with input as json.remove(_plain, [path]) with data.wallet.topup.bonus_plan as _plans
}

test_nothing_known_has_no_bonus[facts] if {
	some facts in [{}, null, [], "10000"]
	_none with input as facts with data.wallet.topup.bonus_plan as _plans
}

test_lost_plan_has_no_bonus[plans] if {
	some plans in [
		null, [], {}, {"USD": _tiers}, {"default": null}, {"default": []}, {"default": _tiers[0]},
		{"default": _tiers, "USD": null}, {"default": _tiers, "USD": []},
	]
	_none with input as _plain with data.wallet.topup.bonus_plan as plans
}

test_plan_that_begins_above_the_amount_has_no_bonus if {
	_none with input as _plain with data.wallet.topup.bonus_plan as {"default": [{"from": 101, "percent": "1"}]}
}

# Passed over, a lower tier would be earned.
test_broken_tier_has_no_bonus[tier] if {
	some tier in [
		null, {"from": 100}, {"percent": "1"}, {"from": "100", "percent": "1"}, {"from": null, "percent": "1"},
		{"from": 99.5, "percent": "1"}, {"from": -1, "percent": "1"},
	]
	_none with input as _plain with data.wallet.topup.bonus_plan as {"default": [_tiers[0], tier]}
}

test_broken_percentage_has_no_bonus[percent] if {
	some percent in [
		null, 1, "", "1%", "-1", "01", ".5", "1.", "1.00000", "1e1",
		"100.0001", "101", "1\n",
	]
	_none with input as _plain with data.wallet.topup.bonus_plan as {"default": [{"from": 0, "percent": percent}]}
}

# Of data.json as it is now, whoever edited it.
test_data_are_plans_that_say_what_every_amount_earns if {
	data.wallet.topup.bonus_plan["default"]
	every currency, plan in data.wallet.topup.bonus_plan {
		is_array(plan)
		some tier in plan
		tier.from == 0
		every tier in plan {
			topup.bonus_percent == tier.percent with input as {"amount_minor": tier.from, "digits": 0, "currency": currency}
		}
	}
}
