// What policies say of money: what gift cards may be worth, and what top-ups
// earn (Contract §7).
package machine

import (
	"testing"
	"testing/fstest"
)

// span is from so many units of a currency to so many.
type span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Those that are shipped, as the contract says them, and others, which small
// sums reach.
var (
	shippedCards = map[string]span{"default": {1, 5000}}
	shippedPlans = map[string][]tier{"default": {{0, "0"}, {100, "1"}, {500, "2"}}}
	otherCards   = map[string]span{"default": {1, 20}, "JPY": {50, 900}}
	otherPlans   = map[string][]tier{"default": {{0, "0"}, {3, "10"}, {9, "33.3333"}}, "JPY": {{0, "2.5"}, {300, "12.5"}}}
)

// cardRange is what a card may be worth, in minor units.
func (r *rules) cardRange(currency string) (least, most int64) {
	own, ok := r.cards[currency]
	if !ok {
		own = r.cards["default"]
	}
	one := scale(currency).Num().Int64()
	return own.From * one, own.To * one
}

func (r *rules) plan(currency string) []tier {
	if own, ok := r.plans[currency]; ok {
		return own
	}
	return r.plans["default"]
}

// editMoney writes them into a folder.
func (r *rules) editMoney(t *testing.T, root fstest.MapFS) {
	edit(t, root, "giftcard/issue/data.json", func(data map[string]any) { data["amount_range"] = r.cards })
	edit(t, root, "wallet/topup/data.json", func(data map[string]any) { data["bonus_plan"] = r.plans })
}
