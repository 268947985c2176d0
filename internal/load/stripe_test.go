package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// shares are those of all tasks of some groups.
func shares(groups ...ShareGroup) []Share {
	var all []Share
	for g, group := range groups {
		for i := range group.Tasks {
			all = append(all, Share{Groups: groups, Group: g, Index: i})
		}
	}
	return all
}

// randomGroups has small and large, equal and very different weights.
func randomGroups(r *rand.Rand) []ShareGroup {
	groups := make([]ShareGroup, 1+r.IntN(5))
	for i := range groups {
		weight := uint64(1 + r.IntN(5))
		switch r.IntN(4) {
		case 0:
			weight = 1 + r.Uint64N(1000)
		case 1:
			weight = 1 + r.Uint64N(1_000_000)
		}
		groups[i] = ShareGroup{Tasks: 1 + r.IntN(6), Weight: weight}
	}
	return groups
}

func TestEveryUnitHasOneOwner(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		groups := randomGroups(r)
		const n = 2000
		owner := make([]int, n)
		for task, s := range shares(groups...) {
			last := int64(-1)
			for j := int64(0); ; j++ {
				unit := s.At(j)
				if unit <= last {
					t.Fatalf("%v: task %d has unit %d after unit %d", groups, task, unit, last)
				}
				if last = unit; unit >= n {
					break
				}
				if owner[unit] != 0 {
					t.Fatalf("%v: unit %d belongs to tasks %d and %d", groups, unit, owner[unit]-1, task)
				}
				owner[unit] = task + 1
			}
		}
		for unit, task := range owner {
			if task == 0 {
				t.Fatalf("%v: unit %d belongs to nobody", groups, unit)
			}
		}
	}
}

func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		groups := randomGroups(r)
		all := shares(groups...)
		for _, n := range []int64{0, 1, 2, 7, r.Int64N(1000), r.Int64N(1e6), r.Int64N(1e12), r.Int64N(1e17)} {
			sum := int64(0)
			for _, s := range all {
				count := s.Count(n)
				sum += count
				if count > 0 && s.At(count-1) >= n || s.At(count) < n {
					t.Fatalf("%v: of %d units task %+v has %d, but its units there are %d and %d", groups, n, s, count, s.At(count-1), s.At(count))
				}
			}
			if sum != n {
				t.Fatalf("%v: the shares of %d add up to %d", groups, n, sum)
			}
		}
	}
}

// TestSharesAreFair: a task is never far from its part by weight.
func TestSharesAreFair(t *testing.T) {
	t.Parallel()
	groups := []ShareGroup{{2, 300}, {3, 100}, {1, 7}}
	all := shares(groups...)
	for n := int64(0); n < 5000; n++ {
		for _, s := range all {
			part := float64(n) * float64(groups[s.Group].Weight) / s.TotalWeight()
			if count := float64(s.Count(n)); math.Abs(count-part) > 3 {
				t.Fatalf("of %d units task %d/%d has %.0f, its part by weight is %.2f", n, s.Group, s.Index, count, part)
			}
		}
	}
}

func TestStripe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		share Share
		want  string
	}{
		{Share{}, "[0 1 2 3 4 5]"}, // the only task
		{Share{Groups: []ShareGroup{{3, 9}}, Index: 1}, "[1 4 7 10 13 16]"},
		{Share{Groups: []ShareGroup{{1, 2}, {1, 1}}}, "[0 2 3 5 6 8]"},
		{Share{Groups: []ShareGroup{{1, 2}, {1, 1}}, Group: 1}, "[1 4 7 10 13 16]"},
		{Share{Groups: []ShareGroup{{2, 0}, {2, 1}}, Group: 1, Index: 1}, "[1 3 5 7 9 11]"},
	} {
		var got []int64
		for j := range int64(6) {
			got = append(got, test.share.At(j))
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%+v: got units %v, want %s", test.share, got, test.want)
		}
	}
}

func TestTaskWithoutWeightHasNothing(t *testing.T) {
	t.Parallel()
	s := Share{Groups: []ShareGroup{{2, 0}, {2, 1}}}
	if got := s.Count(math.MaxInt64); got != 0 {
		t.Errorf("got %d units, want none", got)
	}
	if got := s.At(0); got != math.MaxInt64 {
		t.Errorf("first unit is %d, want never", got)
	}
}

// TestStripeDoesNotOverflow: the largest plans' numbers stay in order.
func TestStripeDoesNotOverflow(t *testing.T) {
	t.Parallel()
	groups := []ShareGroup{{5000, maxWeight}, {5000, 1}, {1, maxWeight - 1}}
	for _, s := range shares(groups...)[4990:5010] {
		last := int64(-1)
		for _, j := range []int64{0, 1, 1000, 1e9, 1e15, math.MaxInt64 / 2, math.MaxInt64} {
			unit := s.At(j)
			if unit < last || unit < j {
				t.Errorf("group %d: unit %d of the task is %d of the run, after %d", s.Group, j, unit, last)
			}
			last = unit
		}
		if count := s.Count(math.MaxInt64); count < 0 {
			t.Errorf("group %d: count is %d", s.Group, count)
		}
	}
}

// TestWeightsAreExact: weights from shares over tasks are to each other as the
// shares are, and stay within bounds when that takes too large numbers.
func TestWeightsAreExact(t *testing.T) {
	t.Parallel()
	got := stripeGroups([]fraction64{{600_000, 3}, {400_000, 2}}, []int{3, 2})
	if want := "[{3 1} {2 1}]"; fmt.Sprint(got) != want {
		t.Errorf("60%% over 3 and 40%% over 2 tasks: got %v, want %s", got, want)
	}
	got = stripeGroups([]fraction64{{600_000, 2}, {400_000, 1}}, []int{2, 1})
	if want := "[{2 3} {1 4}]"; fmt.Sprint(got) != want {
		t.Errorf("60%% over 2 and 40%% over 1 task: got %v, want %s", got, want)
	}
	var weights []fraction64
	var tasks []int
	for _, prime := range []int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71} {
		weights, tasks = append(weights, fraction64{50_000, uint64(prime)}), append(tasks, prime)
	}
	groups := stripeGroups(weights, tasks)
	sum := int64(0)
	for i, g := range groups {
		part := float64(g.Weight) * float64(g.Tasks) / Share{Groups: groups}.TotalWeight()
		if g.Weight > maxWeight || math.Abs(part-0.05) > 1e-9 {
			t.Errorf("region of %d tasks: weight %d, part %v, want 5 %%", tasks[i], g.Weight, part)
		}
	}
	for _, s := range shares(groups...) {
		sum += s.Count(1_000_003)
	}
	if sum != 1_000_003 {
		t.Errorf("the shares of 1000003 add up to %d", sum)
	}
}

func BenchmarkShareAt(b *testing.B) {
	s := Share{Groups: []ShareGroup{{50, 3}, {20, 7}, {30, 2}, {100, 1}}, Group: 2, Index: 7}
	b.ReportAllocs()
	for j := int64(0); b.Loop(); j++ {
		s.At(j)
	}
}

func BenchmarkShareCount(b *testing.B) {
	s := Share{Groups: []ShareGroup{{50, 3}, {20, 7}, {30, 2}, {100, 1}}, Group: 2, Index: 7}
	for b.Loop() {
		s.Count(1e9)
	}
}
