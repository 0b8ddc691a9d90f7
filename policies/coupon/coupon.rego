# METADATA
# title: May this coupon be used for this order?
# description: |
#   Asked per coupon. Every reason in `deny` stands; an empty set makes the coupon applicable.
#
#   Nothing to edit beside this file: amounts and dates belong to the coupon itself. The facts that need exact
#   money or the clock (is its time now, is its minimum spend met) arrive already worked out; these rules decide
#   what follows from them. A fact that is missing or of the wrong type denies, under the rule that needed it.
# schemas:
#   - input: schema.coupon.input
# custom:
#   rule: contract.3, contract.4, contract.4.3
package coupon

# METADATA
# title: A coupon is not used before its start
# description: No helper is negated here, because `coupon.expired` catches a window that is missing or unknown.
# custom:
#   rule: contract.3
deny contains reason if {
	input.coupon.window == "pending"
	reason := {"code": "coupon.not_started", "message": "This coupon is not valid yet."}
}

# METADATA
# title: A coupon is not used after its end
# description: A window that is neither pending nor open counts as ended.
# custom:
#   rule: contract.3
deny contains reason if {
	not _end_ahead
	reason := {"code": "coupon.expired", "message": "This coupon has expired."}
}

# METADATA
# title: The coupon's end is still ahead
# description: The two words that say so; any other, or none, does not.
# custom:
#   rule: contract.3
_end_ahead if input.coupon.window in {"pending", "open"}

# METADATA
# title: A coupon is used by its owner
# description: Coupons are personal, those of other customers cannot be used.
# custom:
#   rule: contract.4
deny contains reason if {
	not _owned
	reason := {"code": "coupon.owner", "message": "This coupon belongs to another account."}
}

# METADATA
# title: The customer owns the coupon
# description: Compared with `true` itself, for the bare field would also hold for the word "no".
# custom:
#   rule: contract.4
_owned if input.coupon.owned == true

# METADATA
# title: Only an available coupon is used
# description: One that is used, held for another order or revoked is not.
# custom:
#   rule: contract.4
deny contains reason if {
	not _status_fits
	reason := {
		"code": "coupon.status",
		"message": "This coupon is not available: it was already used, is held for another order, or was withdrawn.",
	}
}

# METADATA
# title: The coupon is available
# description: The only status in which a coupon can be used.
# custom:
#   rule: contract.4
_status_fits if input.coupon.status == "available"

# METADATA
# title: The status says no more than that the coupon has ended
# description: Then `coupon.expired` has told the customer already; once is enough.
# custom:
#   rule: contract.4
_status_fits if {
	input.coupon.status == "expired"
	input.coupon.window == "ended"
}

# METADATA
# title: A coupon with a currency fits orders in that currency only
# description: There is no conversion between currencies.
# custom:
#   rule: contract.4.3
deny contains reason if {
	not _currency_matches
	reason := {"code": "coupon.currency", "message": "This coupon is for orders in another currency."}
}

# METADATA
# title: The coupon fits the order's currency
# description: True too for a coupon without a currency. Compared with `true` itself, as ownership is.
# custom:
#   rule: contract.4.3
_currency_matches if input.coupon.currency_matches == true

# METADATA
# title: The products reach the coupon's minimum spend
# description: |
#   Only lines that are eligible for this coupon count. In another currency the amounts cannot be compared, so
#   `coupon.currency` is then the only reason about amounts.
# custom:
#   rule: contract.4.3
deny contains reason if {
	_currency_matches
	not _minimum_spend_met
	reason := {
		"code": "coupon.minimum_spend",
		"message": "The products that this coupon applies to do not reach its minimum spend.",
	}
}

# METADATA
# title: The minimum spend is met
# description: True too for a coupon without a minimum. Compared with `true` itself, as ownership is.
# custom:
#   rule: contract.4.3
_minimum_spend_met if input.coupon.minimum_spend_met == true
