# METADATA
# title: Which campaigns give a new customer a coupon?
# description: |
#   Asked once, when a customer registers. The answer is a set of campaign ids. A campaign that does not exist,
#   or is paused, ended or exhausted, is skipped, so it may be named here ahead of time.
#
#   What to edit lies beside this file, in data.json:
#     welcome_campaigns  ids of the campaigns that greet every new customer
#
#   What the coupon is worth is said by the campaign, not here.
# schemas:
#   - input: schema.grant.input
# custom:
#   rule: coupons.9
package grant

# METADATA
# title: Every newly registered customer gets a welcome coupon
# description: Whoever it is; no field of the customer is looked at.
# custom:
#   rule: coupons.9
campaigns contains id if some id in data.grant.welcome_campaigns
