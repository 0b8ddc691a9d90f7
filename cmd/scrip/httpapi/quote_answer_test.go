package httpapi

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"scrip/engine"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

// quoteAsStructs is the answer told a second time, by reflection.
func quoteAsStructs(q *engine.Quote) any {
	money := func(a money.Amount) string { return q.Currency.Format(a) }
	reasons := func(list []refusal.Reason) []refusal.Reason { return append([]refusal.Reason{}, list...) }
	var coupon any
	if q.Selection.CouponID != "" {
		coupon = q.Selection.CouponID
	}
	subOrders := []any{}
	for _, s := range q.SubOrders {
		lines := []any{}
		for _, l := range s.Lines {
			lines = append(lines, map[string]any{
				"id": l.ID, "original": money(l.Original), "other_discounts": money(l.OtherDiscounts),
				"coupon_discount": money(l.CouponDiscount), "payable": money(l.Payable),
				"eligible": l.Eligible, "exclusions": reasons(l.Exclusions),
			})
		}
		subOrders = append(subOrders, map[string]any{"id": s.ID, "coupon_discount": money(s.CouponDiscount), "lines": lines})
	}
	coupons := []any{}
	for _, c := range q.Coupons {
		coupons = append(coupons, map[string]any{
			"id": c.ID, "campaign_id": c.CampaignID, "applicable": c.Applicable,
			"discount": money(c.Discount), "reasons": reasons(c.Reasons),
		})
	}
	return map[string]any{
		"id": q.ID, "created_at": q.CreatedAt, "expires_at": q.ExpiresAt, "policy_revision": q.PolicyRevision,
		"customer_id": q.CustomerID, "order_id": q.OrderID, "currency": q.Currency.Code(),
		"selection": map[string]any{"coupon_id": coupon, "by": q.Selection.By},
		"totals": map[string]string{
			"original": money(q.Totals.Original), "eligible": money(q.Totals.Eligible),
			"other_discounts": money(q.Totals.OtherDiscounts), "coupon_discount": money(q.Totals.CouponDiscount),
			"charges": money(q.Totals.Charges), "payable": money(q.Totals.Payable),
		},
		"sub_orders": subOrders, "coupons": coupons, "denials": reasons(q.Denials),
	}
}

func TestQuotesEncodeAsReflectionWould(t *testing.T) {
	amount := rapid.Custom(func(t *rapid.T) money.Amount {
		return money.Amount(rapid.Int64Range(0, int64(money.Limit)).Draw(t, "amount"))
	})
	reasons := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) refusal.Reason {
		return refusal.Reason{Code: rapid.String().Draw(t, "code"), Message: rapid.String().Draw(t, "message")}
	}), 0, 3)
	line := rapid.Custom(func(t *rapid.T) engine.LinePrice {
		return engine.LinePrice{
			ID: rapid.String().Draw(t, "id"), Original: amount.Draw(t, "o"), OtherDiscounts: amount.Draw(t, "d"),
			CouponDiscount: amount.Draw(t, "c"), Payable: amount.Draw(t, "p"),
			Eligible: rapid.Bool().Draw(t, "e"), Exclusions: reasons.Draw(t, "x"),
		}
	})
	subOrder := rapid.Custom(func(t *rapid.T) engine.SubOrderPrice {
		return engine.SubOrderPrice{ID: rapid.String().Draw(t, "id"), CouponDiscount: amount.Draw(t, "c"),
			Lines: rapid.SliceOfN(line, 0, 3).Draw(t, "lines")}
	})
	coupon := rapid.Custom(func(t *rapid.T) engine.CouponResult {
		return engine.CouponResult{ID: rapid.String().Draw(t, "id"), CampaignID: rapid.String().Draw(t, "campaign"),
			Applicable: rapid.Bool().Draw(t, "a"), Discount: amount.Draw(t, "d"), Reasons: reasons.Draw(t, "r")}
	})
	rapid.Check(t, func(t *rapid.T) {
		currency, err := money.CurrencyOf(rapid.SampledFrom([]string{"USD", "JPY", "KWD", "CLF"}).Draw(t, "currency"))
		if err != nil {
			t.Fatal(err)
		}
		q := &engine.Quote{
			ID: rapid.String().Draw(t, "id"), PolicyRevision: rapid.String().Draw(t, "revision"),
			CreatedAt:  time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "created")).UTC(),
			ExpiresAt:  time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "expires")).UTC(),
			CustomerID: rapid.String().Draw(t, "customer"), OrderID: rapid.String().Draw(t, "order"), Currency: currency,
			Selection: engine.Selection{CouponID: rapid.String().Draw(t, "coupon"), By: engine.ByDefault},
			SubOrders: rapid.SliceOfN(subOrder, 0, 3).Draw(t, "sub-orders"),
			Coupons:   rapid.SliceOfN(coupon, 0, 3).Draw(t, "coupons"), Denials: reasons.Draw(t, "denials"),
		}
		q.Totals.Original, q.Totals.Eligible, q.Totals.Payable = amount.Draw(t, "t1"), amount.Draw(t, "t2"), amount.Draw(t, "t3")
		q.Totals.OtherDiscounts, q.Totals.CouponDiscount, q.Totals.Charges = amount.Draw(t, "t4"), amount.Draw(t, "t5"), amount.Draw(t, "t6")
		want, err := json.Marshal(quoteAsStructs(q))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := normal(t, appendQuote(nil, q)), normal(t, want); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

// normal is JSON with sorted members.
func normal(t *rapid.T, body []byte) string {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}
