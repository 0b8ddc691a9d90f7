// The distribution of a deduction: over sub-orders in proportion, over the
// lines of a sub-order equally (Contract §4, steps 4 and 5).

package oracle

import (
	"math/big"
	"sort"
)

// apportion is step 4: d in proportion to the sub-orders' eligible originals,
// all in minor units. Floors first, then one unit each to the largest
// fractional remainders, ties to the earlier sub-order.
func apportion(d *big.Int, eligible []*big.Int) []*big.Int {
	total := new(big.Int)
	for _, e := range eligible {
		total.Add(total, e)
	}
	shares := make([]*big.Int, len(eligible))
	remainders := make([]*big.Rat, len(eligible))
	byRemainder := make([]int, len(eligible))
	left := new(big.Int).Set(d)
	for i, e := range eligible {
		exactShare := new(big.Rat)
		if total.Sign() > 0 {
			exactShare.SetFrac(new(big.Int).Mul(d, e), total)
		}
		shares[i] = floor(exactShare)
		remainders[i] = new(big.Rat).Sub(exactShare, new(big.Rat).SetInt(shares[i]))
		byRemainder[i] = i
		left.Sub(left, shares[i])
	}
	sort.SliceStable(byRemainder, func(a, b int) bool {
		return remainders[byRemainder[a]].Cmp(remainders[byRemainder[b]]) > 0
	})
	for _, i := range byRemainder {
		if left.Sign() > 0 {
			shares[i].Add(shares[i], big.NewInt(1))
			left.Sub(left, big.NewInt(1))
		}
	}
	require(left.Sign() == 0, "%s minor units found no sub-order", left)
	return shares
}

// splitEqually is step 5: part over lines with these originals, in minor
// units, none above its own. Lines whose original is at most the equal share
// are filled; what is left is split equally over the rest, and so on. When it
// does not divide, the earliest lines get one unit more.
func splitEqually(part *big.Int, originals []*big.Int) []*big.Int {
	shares := make([]*big.Int, len(originals))
	left := new(big.Int).Set(part)
	rest := make([]int, len(originals))
	for i := range originals {
		rest[i] = i
	}
	for len(rest) > 0 {
		equal := new(big.Rat).SetFrac(left, big.NewInt(int64(len(rest))))
		var open []int
		for _, i := range rest {
			if new(big.Rat).SetInt(originals[i]).Cmp(equal) <= 0 {
				shares[i] = new(big.Int).Set(originals[i])
				left.Sub(left, shares[i])
			} else {
				open = append(open, i)
			}
		}
		if len(open) == len(rest) {
			break
		}
		rest = open
	}
	if len(rest) == 0 {
		require(left.Sign() == 0, "%s minor units found no line", left)
		return shares
	}
	each, odd := new(big.Int).QuoRem(left, big.NewInt(int64(len(rest))), new(big.Int))
	for _, i := range rest {
		shares[i] = new(big.Int).Set(each)
		if odd.Sign() > 0 {
			shares[i].Add(shares[i], big.NewInt(1))
			odd.Sub(odd, big.NewInt(1))
		}
	}
	return shares
}
