# METADATA
# title: What bonus does this top-up earn?
# description: |
#   Asked once a top-up; gift cards are not asked about, for they never earn a bonus. The answer is a percentage of the
#   whole top-up as decimal text, "0" for none; what that comes to in money is not worked out here.
#
#   What to edit lies beside this file, in data.json:
#     bonus_plan  tiers by currency code, and `default` for every currency that is not named: `percent` is earned from the
#                 amount `from` on, in whole units of the currency, up to the next tier. Each plan has a tier from 0; a
#                 percentage is a text between "0" and "100" with at most four fraction digits.
#
#   A plan or an amount that is missing or is not what it should be has no answer at all, and the top-up is refused
#   until it is mended: better none than one with a wrong bonus.
# schemas:
#   - input: schema.wallet.topup.input
# custom:
#   rule: cards.4, contract.7
package wallet.topup

# METADATA
# title: The percentage of the highest tier that the amount reaches
# description: |
#   The amount is a number, for in Rego a text or a list would reach every tier. Two tiers from one amount that do not
#   agree are an error.
# custom:
#   rule: contract.7
bonus_percent := reached[max(object.keys(reached))] if {
	_sound_plan
	is_number(input.amount_minor)
	reached := {tier.from: tier.percent |
		some tier in _plan
		input.amount_minor >= tier.from * _minor_units[input.digits]
	}
}

# METADATA
# title: The plan of the currency
# description: None if the plans, or the default among them, are lost.
# custom:
#   rule: contract.7
_plan := object.get(data.wallet.topup.bonus_plan, input.currency, data.wallet.topup.bonus_plan["default"])

# METADATA
# title: Every tier of the plan is what it should be
# description: A tier that is not would be passed over, and a lower one earned in its place.
# custom:
#   rule: contract.7
_sound_plan if {
	is_array(_plan)
	every tier in _plan {
		_whole_units(tier.from)
		_percentage(tier.percent)
	}
}

# METADATA
# title: A number of whole units, none or more
# description: Parts of a unit are not for the data, so that no fraction is ever multiplied here.
# custom:
#   rule: contract.7
_whole_units(from) if {
	is_number(from)
	from >= 0
	floor(from) == from
}

# METADATA
# title: A text from 0 to 100 with at most four fraction digits
# description: Text and not a number, so that nothing between here and the books rounds it.
# custom:
#   rule: contract.7
_percentage(percent) if {
	is_string(percent)
	regex.match(`^(100(\.0{1,4})?|[1-9]?[0-9](\.[0-9]{1,4})?)$`, percent)
}

# METADATA
# title: How many minor units are one unit, by the currency's digits
# description: No currency has more than four.
# custom:
#   rule: contract.7
_minor_units := [1, 10, 100, 1000, 10000]
