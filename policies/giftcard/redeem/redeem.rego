# METADATA
# title: May this gift card be redeemed?
# description: |
#   Asked once a number and its code are right, never before. Every reason in `deny` stands; an empty set allows.
#
#   Nothing to edit beside this file: whether a card has reached its expiry is worked out from its own date before this
#   is asked. A status that is missing or unknown denies.
# schemas:
#   - input: schema.giftcard.redeem.input
# custom:
#   rule: cards.2, cards.3, contract.7
package giftcard.redeem

# METADATA
# title: Each card is used once
# description: No helper is negated here, because `gift_card.revoked` catches a status that is missing or unknown.
# custom:
#   rule: cards.2
deny contains reason if {
	input.card.status == "redeemed"
	reason := {"code": "gift_card.redeemed", "message": "This gift card has already been redeemed."}
}

# METADATA
# title: A card cannot be redeemed after its expiry date
# description: No helper is negated here either, for the same reason.
# custom:
#   rule: cards.3
deny contains reason if {
	input.card.status == "expired"
	reason := {"code": "gift_card.expired", "message": "This gift card has expired."}
}

# METADATA
# title: A revoked card cannot be redeemed
# description: Nor can one of which it is not known that it is active; it counts as revoked.
# custom:
#   rule: contract.7
deny contains reason if {
	not _not_revoked
	reason := {
		"code": "gift_card.revoked",
		"message": "This gift card is no longer valid. Please contact customer service.",
	}
}

# METADATA
# title: The card is active, or is denied for another reason
# description: The three words that say so; any other, or none, does not.
# custom:
#   rule: contract.7
_not_revoked if input.card.status in {"active", "redeemed", "expired"}
