# METADATA
# title: May this line take part in a coupon?
# description: |
#   Asked per line of an order. Every reason in `deny` stands; an empty set makes the line eligible.
#
#   What to edit lies beside this file, in data.json:
#     ordinary_types  the product types that coupons are for
#     excluded_types  the product types that are excluded by name, each with the reason that the customer reads
#
#   A type in neither list is not ordinary and so excluded too; a type in both is excluded.
#
#   These rules look at two fields only, so lines that agree in them share one remembered answer. A rule that
#   needs more should name the full path (`input.line.quantity`, never `x := input.line`) to keep it so.
# schemas:
#   - input: schema.product.input
# custom:
#   rule: coupons.1, coupons.4, coupons.5
package product

# METADATA
# title: Some kinds of product are excluded by name
# description: The whole reason, code and message, comes from the data; a new kind is an edit there and not here.
# custom:
#   rule: coupons.5
deny contains data.product.excluded_types[input.line.product.type]

# METADATA
# title: Coupons are for ordinary products only
# description: Catches every other kind, known or not, and a product without a type.
# custom:
#   rule: coupons.4
deny contains reason if {
	not _ordinary
	not _excluded_by_name
	reason := {"code": "product.not_ordinary", "message": "Coupons can be used for ordinary products only."}
}

# METADATA
# title: The product is an ordinary one
# description: The list is data, so that a new type is an edit there and not here.
# custom:
#   rule: coupons.4
_ordinary if input.line.product.type in data.product.ordinary_types

# METADATA
# title: The product's kind has a reason of its own
# description: Then that reason says it better than the general one.
# custom:
#   rule: coupons.5
_excluded_by_name if data.product.excluded_types[input.line.product.type]

# METADATA
# title: A coupon is not combined with a discount of the line
# description: A line that has a discount already takes no part; the other lines of its order still may.
# custom:
#   rule: coupons.1
deny contains reason if {
	not _undiscounted
	reason := {
		"code": "product.other_discount",
		"message": "This product is already discounted, and coupons cannot be combined with other discounts.",
	}
}

# METADATA
# title: The line has no discount of its own
# description: Compared with `false` itself, for `not input.line.discounted` would also hold when the field is missing.
# custom:
#   rule: coupons.1
_undiscounted if input.line.discounted == false
