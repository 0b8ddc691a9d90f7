# METADATA
# title: May a gift card of this amount be issued?
# description: |
#   Asked once for all cards of one issue. Every reason in `deny` stands; an empty set allows.
#
#   What to edit lies beside this file, in data.json:
#     amount_range  from which amount to which one cards are issued, both included, in whole units of the currency:
#                   by currency code, and `default` for every currency that is not named
#
#   An amount that cannot be held against a range, because either is missing or is not what it should be, is denied.
# schemas:
#   - input: schema.giftcard.issue.input
# custom:
#   rule: cards.1, contract.7
package giftcard.issue

# METADATA
# title: A gift card's amount lies within a range
# description: The range is data, so that another one is an edit there and not here.
# custom:
#   rule: cards.1
deny contains reason if {
	not _in_range
	reason := {"code": "gift_card.amount", "message": _message}
}

# METADATA
# title: The amount lies within the range
# description: An amount that is no number is outside every range, for in Rego it is more or less than all of them.
# custom:
#   rule: cards.1
_in_range if {
	_sound_range
	input.amount_minor >= _range.from * _minor_units[input.digits]
	input.amount_minor <= _range.to * _minor_units[input.digits]
}

# METADATA
# title: The range of the currency
# description: None if the ranges, or the default among them, are lost.
# custom:
#   rule: cards.1
_range := object.get(data.giftcard.issue.amount_range, input.currency, data.giftcard.issue.amount_range["default"])

# METADATA
# title: The range is one of whole units
# description: Parts of a unit are not for the data, so that no fraction is ever multiplied here.
# custom:
#   rule: cards.1
_sound_range if {
	every bound in [_range.from, _range.to] {
		is_number(bound)
		floor(bound) == bound
	}
}

# METADATA
# title: How many minor units are one unit, by the currency's digits
# description: No currency has more than four.
# custom:
#   rule: contract.7
_minor_units := [1, 10, 100, 1000, 10000]

# METADATA
# title: What the customer reads where the range is not known
# description: Without it there would be no reason then, and so no denial.
# custom:
#   rule: cards.1
default _message := "A gift card cannot be issued for this amount."

# METADATA
# title: What the customer reads names the range
# description: As it stands in the data, in the currency's unit.
# custom:
#   rule: cards.1
_message := sprintf("Gift cards are issued from %d to %d %s.", [_range.from, _range.to, input.currency]) if _sound_range
