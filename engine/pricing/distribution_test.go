package pricing_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/money"
	"scrip/engine/pricing"
)

type amounts = []money.Amount

const (
	most  = money.Amount(math.MaxInt64)
	least = money.Amount(math.MinInt64)
)

func TestApportion(t *testing.T) {
	for _, c := range []struct {
		name    string
		total   money.Amount
		weights amounts
		want    amounts
	}{
		{"the contract's example", 625, amounts{2470, 10029}, amounts{124, 501}},
		{"everything to the only one", 5, amounts{9}, amounts{5}},
		{"nothing to share", 0, amounts{3, 4}, amounts{0, 0}},
		{"nobody to share with", 0, nil, amounts{}},
		{"nothing by no weight", 0, amounts{0, 0}, amounts{0, 0}},
		{"in proportion", 6, amounts{100, 200, 300}, amounts{1, 2, 3}},
		{"the largest remainder gets the unit", 10, amounts{10, 11, 12}, amounts{3, 3, 4}},
		{"a later but larger remainder comes first", 1, amounts{1, 2}, amounts{0, 1}},
		{"a tie goes to the earlier", 1, amounts{5, 5}, amounts{1, 0}},
		{"ties go to the earlier one by one", 2, amounts{5, 5, 5}, amounts{1, 1, 0}},
		{"no weight, no share", 3, amounts{0, 5, 0, 5}, amounts{0, 2, 0, 1}},
		{"the whole sum gives everyone their weight", 12, amounts{3, 0, 9}, amounts{3, 0, 9}},
		{"products beyond 64 bits", most, amounts{most - 1, 1}, amounts{most - 1, 1}},
		{"fractions that differ in the last bit only", most - 1, amounts{most/2 + 1, most / 2}, amounts{most / 2, most / 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := pricing.Apportion(c.total, c.weights)
			if err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("got %v, %v, want %v", got, err, c.want)
			}
			checkApportioned(t, c.total, c.weights, got)
		})
	}
}

func TestTiesOfManyGoToTheEarlier(t *testing.T) {
	for _, pattern := range []amounts{{7}, {7, 3}, {1, 2, 3}, {9, 0, 9, 4}} {
		weights := slices.Repeat(pattern, 50)
		total := money.Amount(added(weights).Int64() / 3)
		got, err := pricing.Apportion(total, weights)
		if err != nil {
			t.Fatal(err)
		}
		checkApportioned(t, total, weights, got)
	}
}

func TestWhatCannotBeApportioned(t *testing.T) {
	for _, c := range []struct {
		name    string
		total   money.Amount
		weights amounts
	}{
		{"more than the weights", 10, amounts{4, 5}},
		{"something to nobody", 1, nil},
		{"a negative total", -1, amounts{4, 5}},
		{"the least total", least, amounts{4, 5}},
		{"a negative weight", 3, amounts{-5, 10}},
		{"a negative weight and nothing to share", 0, amounts{-5, 10}},
		{"negative weights only", least, amounts{least}},
		{"weights that cancel out", 0, amounts{least, most, 1}},
		{"weights beyond 64 bits", 1, amounts{most, 1}},
		{"weights below 64 bits", 1, amounts{least, -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := pricing.Apportion(c.total, c.weights); got != nil || !errors.Is(err, money.ErrOverflow) {
				t.Errorf("got %v, %v, want an error", got, err)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name string
		part money.Amount
		caps amounts
		want amounts
	}{
		{"the contract's sub-order S2", 501, amounts{30, 9999}, amounts{30, 471}},
		{"equally", 9, amounts{10, 10, 10}, amounts{3, 3, 3}},
		{"one unit more to the earliest", 8, amounts{10, 10, 10}, amounts{3, 3, 2}},
		{"less than a unit each", 2, amounts{10, 10, 10}, amounts{1, 1, 0}},
		{"nothing", 0, amounts{10, 10}, amounts{0, 0}},
		{"nothing to nobody", 0, nil, amounts{}},
		{"a full line leaves its rest to the others", 9, amounts{1, 10, 10}, amounts{1, 4, 4}},
		{"one filled line lets another fill", 12, amounts{2, 4, 10}, amounts{2, 4, 6}},
		{"filled by the share exactly", 9, amounts{3, 10, 10}, amounts{3, 3, 3}},
		{"filled by the whole part of the share", 10, amounts{3, 10, 10}, amounts{3, 4, 3}},
		{"a cap just above the share may get the odd unit", 7, amounts{4, 10}, amounts{4, 3}},
		{"a cap just above the share may miss the odd unit", 7, amounts{10, 4}, amounts{4, 3}},
		{"odd units go by the order of the request, not by size", 5, amounts{9, 0, 8, 7}, amounts{2, 0, 2, 1}},
		{"free lines take no part", 5, amounts{0, 10, 0}, amounts{0, 5, 0}},
		{"everything", 6, amounts{3, 1, 2}, amounts{3, 1, 2}},
		{"caps beyond 64 bits together", most, amounts{most, most}, amounts{most/2 + 1, most / 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := pricing.Split(c.part, c.caps)
			if err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("got %v, %v, want %v", got, err, c.want)
			}
			checkSplit(t, c.part, c.caps, got)
		})
	}
}

func TestWhatCannotBeSplit(t *testing.T) {
	for _, c := range []struct {
		name string
		part money.Amount
		caps amounts
	}{
		{"more than the caps", 10, amounts{4, 5}},
		{"something over free lines", 1, amounts{0, 0}},
		{"something over nobody", 1, nil},
		{"a negative part", -1, amounts{4, 5}},
		{"the least over nobody", least, nil},
		{"a negative cap", 3, amounts{-5, 10}},
		{"a negative cap and nothing to share", 0, amounts{-5, 10}},
		{"the least cap", most, amounts{least, most}},
		{"the least everywhere", least, amounts{least, least}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := pricing.Split(c.part, c.caps); got != nil || !errors.Is(err, money.ErrOverflow) {
				t.Errorf("got %v, %v, want an error", got, err)
			}
		})
	}
}

// extremes are amounts around all the edges there are.
var extremes = rapid.OneOf(
	rapid.SampledFrom(amounts{least, least + 1, -1, 0, 1, 2, most / 3, most / 2, most - 1, most}),
	rapid.Custom(func(t *rapid.T) money.Amount { return money.Amount(rapid.Int64().Draw(t, "any")) }),
)

func TestApportionAndSplitNeverPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total, list := extremes.Draw(t, "total"), rapid.SliceOfN(extremes, 0, 8).Draw(t, "list")
		apportionOrFail(t, total, list)
		splitOrFail(t, total, list)
	})
}

func TestApportionAndSplitOfWhatFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		highest := rapid.SampledFrom([]int64{1, 3, 100, int64(most / 40)}).Draw(t, "highest")
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) money.Amount {
			return money.Amount(rapid.Int64Range(0, highest).Draw(t, "amount"))
		}), 0, 40).Draw(t, "list")
		total := money.Amount(rapid.Int64Range(0, added(list).Int64()).Draw(t, "total"))
		apportionOrFail(t, total, list)
		splitOrFail(t, total, list)
	})
}

// apportionOrFail: an answer exactly when nothing is negative and the total is
// within a sum that fits.
func apportionOrFail(t fataler, total money.Amount, weights amounts) {
	shares, err := pricing.Apportion(total, weights)
	sum := added(weights)
	possible := !negative(append(weights, total)...) && sum.IsInt64() && big.NewInt(int64(total)).Cmp(sum) <= 0
	switch {
	case possible != (err == nil):
		t.Fatalf("apportion %d by %v: possible is %v, got %v", total, weights, possible, err)
	case err == nil:
		checkApportioned(t, total, weights, shares)
	case !errors.Is(err, money.ErrOverflow) || shares != nil:
		t.Fatalf("apportion %d by %v: %v with %v", total, weights, err, shares)
	}
}

// splitOrFail: an answer exactly when nothing is negative and the caps hold the
// part.
func splitOrFail(t fataler, part money.Amount, caps amounts) {
	shares, err := pricing.Split(part, caps)
	possible := !negative(append(caps, part)...) && big.NewInt(int64(part)).Cmp(added(caps)) <= 0
	switch {
	case possible != (err == nil):
		t.Fatalf("split %d over %v: possible is %v, got %v", part, caps, possible, err)
	case err == nil:
		checkSplit(t, part, caps, shares)
	case !errors.Is(err, money.ErrOverflow) || shares != nil:
		t.Fatalf("split %d over %v: %v with %v", part, caps, err, shares)
	}
}

// packed and unpacked carry a list through a fuzzer: eight bytes an amount.
func packed(list ...money.Amount) (raw []byte) {
	for _, a := range list {
		raw = binary.BigEndian.AppendUint64(raw, uint64(a))
	}
	return raw
}

func unpacked(raw []byte) (list amounts) {
	const bound = 64 // amounts; more would only slow the fuzzer
	for len(raw) >= 8 && len(list) < bound {
		list = append(list, money.Amount(binary.BigEndian.Uint64(raw)))
		raw = raw[8:]
	}
	return list
}

func seed(f *testing.F) {
	f.Add(int64(625), packed(2470, 10029))
	f.Add(int64(501), packed(30, 9999))
	f.Add(int64(2), packed(5, 5, 5))
	f.Add(int64(0), packed())
	f.Add(int64(3), packed(-5, 10))
	f.Add(int64(most), packed(most, most))
	f.Add(int64(most), packed(most-1, 1))
	f.Add(int64(least), packed(least, most, 1))
}

// FuzzApportion: an error or a fair answer, never a panic.
func FuzzApportion(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, total int64, raw []byte) {
		apportionOrFail(t, money.Amount(total), unpacked(raw))
	})
}

// FuzzSplit: an error or an equal answer, never a panic.
func FuzzSplit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, part int64, raw []byte) {
		splitOrFail(t, money.Amount(part), unpacked(raw))
	})
}
