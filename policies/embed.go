// Package policies is the folder of rules that come with scrip, built into the binary.
//
// The rules are Rego, not Go: which orders, products and coupons go together is decided here, while prices are
// worked out in package engine/pricing. Each decision of Contract §8 has a folder that is named like its Rego package:
//
//	order/            data.order.deny                   may this order use a coupon at all?
//	product/          data.product.deny                 may this line take part in it?
//	coupon/           data.coupon.deny                  may this coupon be used for it?
//	grant/            data.grant.campaigns              which campaigns greet a new customer?
//	giftcard/issue/   data.giftcard.issue.deny          may a card of this amount be issued?
//	giftcard/redeem/  data.giftcard.redeem.deny         may this card be redeemed?
//	wallet/topup/     data.wallet.topup.bonus_percent   what bonus does this top-up earn?
//	wallet/withdraw/  data.wallet.withdraw.deny         may this amount be withdrawn?
//	schemas/          the JSON Schema of each decision's input, against which the rules are type-checked
//
// In a decision's folder lie its rules (*.rego), the lists that they consult (data.json, found in Rego below the
// folder's name: data.order.blocklist) and their tests (*_test.rego). The stock opa tool works on the folder as it is:
//
//	opa test policies
//	opa check --strict --schema policies/schemas policies
//
// A copy of this folder, edited and named with --policies, replaces what is built in.
package policies

import "embed"

// FS holds the shipped rules, their data, tests and schemas, with paths relative to this folder
// ("order/order.rego"). The tests are taken along because they are run before any set of policies is activated.
//
//go:embed */*.rego */data.json */*/*.rego */*/data.json schemas/*/input.json schemas/*/*/input.json
var FS embed.FS
