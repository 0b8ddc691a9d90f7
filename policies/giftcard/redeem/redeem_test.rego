package giftcard.redeem_test

import data.giftcard.redeem

# A card that may be redeemed. Each test below spoils one thing in it.
_usable := {
	"amount_minor": 5000,
	"digits": 2,
	"currency": "USD",
	"card": {"status": "active"},
	"now": 1767225600,
}

_codes := {reason.code | some reason in redeem.deny}

test_active_card_is_redeemed if _codes == set() with input as _usable

# The answer is remembered under the fields that the rules can see; more of them would make it slower.
test_only_the_status_is_looked_at if _codes == set() with input as {"card": {"status": "active"}}

test_other_statuses_are_denied_for_their_own_reason_alone[status] if {
	some status in ["redeemed", "revoked", "expired"]
	_codes == {concat(".", ["gift_card", status])} with input as _usable with input.card.status as status
}

test_unknown_status_counts_as_revoked[status] if {
	some status in [null, true, 0, "", "Active", "active ", "pending", ["active"], {"active": true}]
	_codes == {"gift_card.revoked"} with input as _usable with input.card.status as status
}

test_missing_status_counts_as_revoked[path] if {
	some path in ["card/status", "card"]
	_codes == {"gift_card.revoked"} with input as json.remove(_usable, [path])
}

test_nothing_known_is_denied[facts] if {
	some facts in [{}, null, [], {"card": null}]
	_codes == {"gift_card.revoked"} with input as facts
}

test_each_reason_is_a_code_and_a_message[status] if {
	some status in ["redeemed", "revoked", "expired"]
	reasons := redeem.deny with input as _usable with input.card.status as status
	every reason in reasons {
		reason == {"code": reason.code, "message": reason.message}
		is_string(reason.message)
		reason.message != ""
	}
}
