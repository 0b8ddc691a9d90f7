# METADATA
# title: May this amount be withdrawn?
# description: |
#   Asked once a withdrawal. Every reason in `deny` stands; an empty set allows.
#
#   Nothing to edit beside this file: only cash is paid out, and the books hold to that whatever is written here. An
#   amount or a balance that is missing or is no number denies.
# schemas:
#   - input: schema.wallet.withdraw.input
# custom:
#   rule: cards.1, contract.7
package wallet.withdraw

# METADATA
# title: Only cash can be withdrawn
# description: The credit of gift cards and bonuses pays orders and nothing else.
# custom:
#   rule: cards.1
deny contains reason if {
	not _cash_covers
	reason := {
		"code": "wallet.not_withdrawable",
		"message": "This is more than can be withdrawn: gift card and bonus credit can only be used to pay for orders.",
	}
}

# METADATA
# title: The wallet's cash covers the amount
# description: Both are numbers, for in Rego a text or a list would compare as more than every number.
# custom:
#   rule: cards.1
_cash_covers if {
	is_number(input.amount_minor)
	is_number(input.wallet.cash_minor)
	input.amount_minor <= input.wallet.cash_minor
}
