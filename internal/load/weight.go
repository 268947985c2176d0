package load

import (
	"math/big"
	"slices"
)

// microsPerUnit is how fine rates are when they are dealt out to tasks.
const microsPerUnit = 1e6

// fraction64 is a positive rational number.
type fraction64 struct{ top, bottom uint64 }

// maxWeight keeps the sum of all tasks' weights within 63 bits.
const maxWeight = 1 << 48

// stripeGroups makes groups of whole weights that are to each other as the
// fractions are. Exactly, unless that takes numbers beyond maxWeight, as with
// many regions of different odd numbers of tasks: then a region's part is right
// to a part in 10^12. What all tasks get adds up exactly in any case.
func stripeGroups(weights []fraction64, tasks []int) []ShareGroup {
	multiple := big.NewInt(1) // least common multiple of the bottoms
	for _, w := range weights {
		bottom := new(big.Int).SetUint64(max(1, w.bottom))
		gcd := new(big.Int).GCD(nil, nil, multiple, bottom)
		multiple.Mul(multiple, bottom.Div(bottom, gcd))
	}
	whole := make([]*big.Int, len(weights))
	divisor, largest := new(big.Int), new(big.Int)
	for i, w := range weights {
		whole[i] = new(big.Int).SetUint64(w.top)
		whole[i].Mul(whole[i], multiple)
		whole[i].Div(whole[i], new(big.Int).SetUint64(max(1, w.bottom)))
		divisor.GCD(nil, nil, divisor, whole[i])
		if whole[i].Cmp(largest) > 0 {
			largest = whole[i]
		}
	}
	groups := make([]ShareGroup, len(weights))
	for i := range weights {
		groups[i] = ShareGroup{Tasks: tasks[i], Weight: scaled(whole[i], divisor, largest)}
	}
	return groups
}

// scaled divides a weight by what all have in common and, when that is not
// enough, so that the largest of them is maxWeight.
func scaled(weight, divisor, largest *big.Int) uint64 {
	if weight.Sign() == 0 {
		return 0
	}
	limit := big.NewInt(maxWeight)
	if new(big.Int).Div(largest, divisor).Cmp(limit) <= 0 {
		return new(big.Int).Div(weight, divisor).Uint64()
	}
	scaled := new(big.Int).Mul(weight, limit)
	return max(1, scaled.Div(scaled, largest).Uint64())
}

// dealer hands out the shares of regions' tasks. Regions of equal weight are one
// group, so that a share is small however many regions there are: every task
// carries all groups.
type dealer struct {
	groups []ShareGroup
	group  []int // by region
	first  []int // by region: its first task's index in the group
}

func newDealer(regions []ShareGroup) dealer {
	var d dealer
	for _, region := range regions {
		g := slices.IndexFunc(d.groups, func(g ShareGroup) bool { return g.Weight == region.Weight })
		if g < 0 {
			g = len(d.groups)
			d.groups = append(d.groups, ShareGroup{Weight: region.Weight})
		}
		d.group, d.first = append(d.group, g), append(d.first, d.groups[g].Tasks)
		d.groups[g].Tasks += region.Tasks
	}
	return d
}

// share is that of a region's n-th task.
func (d *dealer) share(region, n int) Share {
	return Share{Groups: d.groups, Group: d.group[region], Index: d.first[region] + n}
}
