package pricing_test

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/money"
	"scrip/engine/pricing"
)

func TestRefundsByQuantityAreRoundedCumulatively(t *testing.T) {
	for name, c := range map[string]struct {
		paid     money.Amount
		quantity int64
		units    []int64
		want     []money.Amount
	}{
		"thirds of ten cents":       {10, 3, []int64{1, 1, 1}, []money.Amount{3, 4, 3}},
		"two at once":               {10, 3, []int64{2, 1}, []money.Amount{7, 3}},
		"half a unit rounds up":     {5, 2, []int64{1, 1}, []money.Amount{3, 2}},
		"the last unit settles":     {100, 7, []int64{6, 1}, []money.Amount{86, 14}},
		"a line that was free":      {0, 2, []int64{1, 1}, []money.Amount{0, 0}},
		"more units than money":     {1, 3, []int64{1, 1, 1}, []money.Amount{0, 1, 0}},
		"as large as lines can get": {999_999_999_999_999, 1_000_000, []int64{999_999, 1}, []money.Amount{999_998_999_999_999, 1_000_000_000}},
	} {
		t.Run(name, func(t *testing.T) {
			line := pricing.Refundable{Paid: c.paid, Quantity: c.quantity}
			for i, units := range c.units {
				var got money.Amount
				var err error
				if line, got, err = line.RefundUnits(units); err != nil || got != c.want[i] {
					t.Errorf("refund %d: %d, %v; want %d", i, got, err, c.want[i])
				}
			}
			if line.Left() != 0 {
				t.Errorf("%d are left", line.Left())
			}
			if _, _, err := line.RefundUnits(1); !errors.Is(err, pricing.ErrExceedsPaid) {
				t.Errorf("one more: %v", err)
			}
		})
	}
}

func TestRefundsByAmountAndByQuantityShareTheMoney(t *testing.T) {
	line := pricing.Refundable{Paid: 1000, Quantity: 4}
	line, err := line.RefundAmount(600)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []money.Amount{250, 150, 0, 0} { // units left, but no money
		var got money.Amount
		if line, got, err = line.RefundUnits(1); err != nil || got != want {
			t.Errorf("unit %d: %d, %v; want %d", i, got, err, want)
		}
	}
	if _, err := line.RefundAmount(1); !errors.Is(err, pricing.ErrExceedsPaid) {
		t.Error(err)
	}
}

func TestRefundsThatAreNone(t *testing.T) {
	line := pricing.Refundable{Paid: 10, Quantity: 2}
	for _, units := range []int64{0, -1, 3} {
		if after, got, err := line.RefundUnits(units); !errors.Is(err, pricing.ErrExceedsPaid) || got != 0 || after != line {
			t.Errorf("%d units: %d, %v", units, got, err)
		}
	}
	for _, amount := range []money.Amount{0, -1, 11} {
		if after, err := line.RefundAmount(amount); !errors.Is(err, pricing.ErrExceedsPaid) || after != line {
			t.Errorf("%d: %v", amount, err)
		}
	}
	broken := pricing.Refundable{Paid: -1, Quantity: 2}
	if _, _, err := broken.RefundUnits(1); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("a line that was paid less than nothing: %v", err)
	}
}

// However a line is refunded, never more than was paid, and what was given by
// quantity is what the contract's formula says.
func TestRefundsFollowTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := pricing.Refundable{
			Paid:     money.Amount(rapid.Int64Range(0, 100_000).Draw(t, "paid")),
			Quantity: rapid.Int64Range(1, 20).Draw(t, "quantity"),
		}
		paid, n := line.Paid, line.Quantity
		var byQuantity, byAmount money.Amount
		var units int64
		for range rapid.IntRange(1, 15).Draw(t, "refunds") {
			if rapid.Bool().Draw(t, "by amount") {
				amount := money.Amount(rapid.Int64Range(1, 30_000).Draw(t, "amount"))
				after, err := line.RefundAmount(amount)
				if (err == nil) != (amount <= paid-byQuantity-byAmount) {
					t.Fatalf("%d of %+v: %v", amount, line, err)
				}
				if err == nil {
					line, byAmount = after, byAmount+amount
				}
				continue
			}
			more := rapid.Int64Range(1, 5).Draw(t, "units")
			after, got, err := line.RefundUnits(more)
			if (err == nil) != (units+more <= n) {
				t.Fatalf("%d units of %+v: %v", more, line, err)
			}
			if err != nil {
				continue
			}
			line, units = after, units+more
			// floor(2 paid k + n / 2n) is paid k / n rounded half up.
			exact := new(big.Int).Mul(big.NewInt(2*int64(paid)), big.NewInt(units))
			exact.Add(exact, big.NewInt(n)).Div(exact, big.NewInt(2*n))
			want := min(money.Amount(exact.Int64()), paid-byAmount)
			if got < 0 || byQuantity+got != want {
				t.Fatalf("%d units in all gave %d, want %d", units, byQuantity+got, want)
			}
			byQuantity = want
		}
		if line.Left() != paid-byQuantity-byAmount || line.Left() < 0 {
			t.Fatalf("%d are left of %+v", line.Left(), line)
		}
	})
}

func TestPaidIsPayableLessThePartOfTheOrdersOwnDiscounts(t *testing.T) {
	order := pricing.Order{
		Lines:     []pricing.Line{{Original: 1000}, {Original: 500, Discounts: 100}, {Original: 300}},
		SubOrders: []int{3}, Discounts: 100,
	}
	paid, err := order.Paid([]money.Amount{100, 0, 0}) // payable 900, 400, 300: parts 56.25, 25, 18.75
	if want := []money.Amount{844, 375, 281}; err != nil || !slices.Equal(paid, want) {
		t.Errorf("%v, %v; want %v", paid, err, want)
	}
	order.Discounts = 0
	if paid, err = order.Paid([]money.Amount{0, 0, 0}); err != nil || !slices.Equal(paid, []money.Amount{1000, 400, 300}) {
		t.Errorf("%v, %v", paid, err)
	}
	order.Discounts = 1701
	if _, err := order.Paid([]money.Amount{0, 0, 0}); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("discounts above what is payable: %v", err)
	}
}
