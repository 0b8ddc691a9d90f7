package wallet.withdraw_test

import data.wallet.withdraw

# A withdrawal of all the cash there is. Each test below spoils one thing in it.
_plain := {
	"amount_minor": 10000,
	"digits": 2,
	"currency": "USD",
	"wallet": {"cash_minor": 10000, "gift_minor": 5000, "bonus_minor": 200},
	"now": 1767225600,
}

_codes := {reason.code | some reason in withdraw.deny}

test_all_the_cash_can_be_withdrawn if _codes == set() with input as _plain

test_part_of_the_cash_can_be_withdrawn[amount] if {
	some amount in [1, 9999]
	_codes == set() with input as _plain with input.amount_minor as amount
}

test_only_two_fields_are_looked_at if {
	_codes == set() with input as {"amount_minor": 10000, "wallet": {"cash_minor": 10000}}
}

test_more_than_the_cash_is_denied[amount] if {
	some amount in [10001, 15000, 999999999999999]
	_codes == {"wallet.not_withdrawable"} with input as _plain with input.amount_minor as amount
}

test_credit_cannot_be_withdrawn[credit] if {
	some credit in [{"gift_minor": 10000, "bonus_minor": 0}, {"gift_minor": 0, "bonus_minor": 10000}]
	_codes == {"wallet.not_withdrawable"} with input as _plain
		with input.wallet as object.union(credit, {"cash_minor": 9999})
}

test_empty_wallet_has_nothing_to_withdraw if {
	_codes == {"wallet.not_withdrawable"} with input as _plain
		with input.amount_minor as 1
		with input.wallet as {"cash_minor": 0, "gift_minor": 0, "bonus_minor": 0}
}

test_amount_that_is_no_number_is_denied[amount] if {
	some amount in [null, true, "", "1", [1], {"amount_minor": 1}]
	_codes == {"wallet.not_withdrawable"} with input as _plain with input.amount_minor as amount
}

test_cash_that_is_no_number_is_denied[cash] if {
	some cash in [null, true, "", "10000", [10000], {"cash_minor": 10000}]
	_codes == {"wallet.not_withdrawable"} with input as _plain with input.wallet.cash_minor as cash
}

test_missing_fact_is_denied[path] if {
	some path in ["amount_minor", "wallet/cash_minor", "wallet"]
	_codes == {"wallet.not_withdrawable"} with input as json.remove(_plain, [path])
}

test_nothing_known_is_denied[facts] if {
	some facts in [{}, null, [], {"wallet": null}]
	_codes == {"wallet.not_withdrawable"} with input as facts
}

test_reason_is_a_code_and_a_message if {
	reasons := withdraw.deny with input as {}
	every reason in reasons {
		reason == {"code": reason.code, "message": reason.message}
		is_string(reason.message)
		reason.message != ""
	}
}
