package pricing_test

import (
	"flag"
	"math/big"
	"os"
	"strconv"
	"testing"

	"scrip/engine/money"
	"scrip/engine/prove"
)

// TestMain sets how many cases a property runs; -rapid.checks still overrides.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", strconv.Itoa(prove.Count(1_000, 100_000))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// fataler is what the checks below need of a test, a fuzz or a property.
type fataler interface{ Fatalf(string, ...any) }

// added is the exact sum.
func added(amounts []money.Amount) *big.Int {
	total := new(big.Int)
	for _, a := range amounts {
		total.Add(total, big.NewInt(int64(a)))
	}
	return total
}

func negative(amounts ...money.Amount) bool {
	for _, a := range amounts {
		if a < 0 {
			return true
		}
	}
	return false
}

// level tells an equal split once more, as water that rises in vessels: the
// highest whole level that the part reaches everywhere, and one unit more for
// the earliest vessels with room above it.
func level(part money.Amount, caps []money.Amount) []money.Amount {
	filled := func(height money.Amount) *big.Int {
		total := new(big.Int)
		for _, c := range caps {
			total.Add(total, big.NewInt(int64(min(c, height))))
		}
		return total
	}
	low, high := money.Amount(0), part
	for low < high {
		middle := low + (high-low)/2 + (high-low)%2
		if filled(middle).Cmp(big.NewInt(int64(part))) <= 0 {
			low = middle
		} else {
			high = middle - 1
		}
	}
	shares := make([]money.Amount, len(caps))
	left := int64(part) - filled(low).Int64()
	for i, c := range caps {
		shares[i] = min(c, low)
		if c > low && left > 0 {
			shares[i]++
			left--
		}
	}
	return shares
}

// checkSplit: the part is within the bounds and shares add up to it; none is
// negative or above its cap; those not filled differ by at most one unit, the
// earlier never having less; and the water level tells the same.
func checkSplit(t fataler, part money.Amount, caps, shares []money.Amount) {
	if len(shares) != len(caps) || added(shares).Cmp(big.NewInt(int64(part))) != 0 {
		t.Fatalf("split %d over %v: %v do not add up", part, caps, shares)
	}
	first, last := money.Amount(-1), money.Amount(-1)
	for i, share := range shares {
		if share < 0 || share > caps[i] {
			t.Fatalf("split %d over %v: share %d of %v is out of its bounds", part, caps, i, shares)
		}
		if share == caps[i] {
			continue
		}
		if first < 0 {
			first, last = share, share
		}
		if share > last || first-share > 1 {
			t.Fatalf("split %d over %v: share %d of %v is uneven", part, caps, i, shares)
		}
		last = share
	}
	for i, want := range level(part, caps) {
		if shares[i] != want {
			t.Fatalf("split %d over %v: %v, but the water level gives line %d %d", part, caps, shares, i, want)
		}
	}
}

// checkApportioned: shares add up to the total; each is the floor of its exact
// share or one more, never above its weight; and who got one more had a larger
// fraction than who did not, or the same and stands earlier.
func checkApportioned(t fataler, total money.Amount, weights, shares []money.Amount) {
	if len(shares) != len(weights) || added(shares).Cmp(big.NewInt(int64(total))) != 0 {
		t.Fatalf("apportion %d by %v: %v do not add up", total, weights, shares)
	}
	sum, fractions, more := added(weights), make([]*big.Int, len(weights)), make([]bool, len(weights))
	for i, w := range weights {
		floor := new(big.Int).Mul(big.NewInt(int64(total)), big.NewInt(int64(w)))
		fractions[i] = new(big.Int)
		if sum.Sign() > 0 {
			floor.DivMod(floor, sum, fractions[i])
		}
		above := int64(shares[i]) - floor.Int64()
		more[i] = above == 1
		if above < 0 || above > 1 || shares[i] > w || more[i] && fractions[i].Sign() == 0 {
			t.Fatalf("apportion %d by %v: share %d of %v is off its quota", total, weights, i, shares)
		}
	}
	for i := range weights {
		for j := range weights {
			larger := fractions[i].Cmp(fractions[j])
			if more[j] && !more[i] && (larger > 0 || larger == 0 && i < j) {
				t.Fatalf("apportion %d by %v: in %v %d had the better claim than %d", total, weights, shares, i, j)
			}
		}
	}
}
