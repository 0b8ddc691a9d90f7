# METADATA
# title: May this order use a coupon at all?
# description: |
#   Asked once an order, before any line or coupon. Every reason in `deny` stands; an empty set allows.
#
#   What to edit lies beside this file, in data.json:
#     allowed_types  the order types that take coupons
#     blocklist      ids of customers who may not use coupons, besides those that the operator blocks
#
#   Each rule denies what it cannot see to be right: it negates a helper that must hold. A field that
#   is missing or of the wrong type makes the helper fail, and so the order is denied.
# schemas:
#   - input: schema.order.input
# custom:
#   rule: coupons.1, coupons.4, coupons.7
package order

# METADATA
# title: Only some order types take coupons
# description: Coupons are for dropshipping orders, no other type.
# custom:
#   rule: coupons.4
deny contains reason if {
	not _type_allowed
	reason := {"code": "order.type", "message": "Coupons cannot be used with this type of order."}
}

# METADATA
# title: The order's type takes coupons
# description: The list is data, so that a new type is an edit there and not here.
# custom:
#   rule: coupons.4
_type_allowed if input.order.type in data.order.allowed_types

# METADATA
# title: A coupon is not combined with a discount of the order
# description: An order that has a discount of its own takes no coupon, whatever its lines are.
# custom:
#   rule: coupons.1
deny contains reason if {
	not _undiscounted
	reason := {
		"code": "order.other_discount",
		"message": "This order already has a discount, and coupons cannot be combined with other discounts.",
	}
}

# METADATA
# title: The order has no discount of its own
# description: Compared with `false` itself, for `not input.order.discounted` would also hold when the field is missing.
# custom:
#   rule: coupons.1
_undiscounted if input.order.discounted == false

# METADATA
# title: Customers in the blocklist cannot use coupons
# description: One reason for both blocklists, the operator's and the policy's; the customer is not told which.
# custom:
#   rule: coupons.7
deny contains reason if {
	not _in_good_standing
	reason := {
		"code": "customer.blocklisted",
		"message": "Coupons are not available for this account. Please contact customer service.",
	}
}

# METADATA
# title: The customer is in neither blocklist
# description: |
#   The operator's list arrives as `input.customer.blocklisted`, the policy's own is data. The two type checks
#   keep the last line honest: without an id, or without a list, it would hold for everybody.
# custom:
#   rule: coupons.7
_in_good_standing if {
	input.customer.blocklisted == false
	is_string(input.customer.id)
	is_array(data.order.blocklist)
	not input.customer.id in data.order.blocklist
}
