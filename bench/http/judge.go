//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

// side is one generator of a comparison.
type side struct {
	name string
	turn func() (turn, error)
}

// found is all turns of the sides of a comparison: by name, in order.
type found struct {
	turns map[string][]turn
	lost  map[string]error // sides that could not be measured
}

// inTurns lets the sides load one after the other, again and again, so that
// whatever else the machine does meets all of them.
func (b *bench) inTurns(sides []side) found {
	f := found{turns: map[string][]turn{}, lost: map[string]error{}}
	for n := range b.runs {
		for _, s := range sides {
			if f.lost[s.name] != nil || b.Err() != nil {
				continue
			}
			t, err := s.turn()
			if err != nil {
				f.lost[s.name] = err
				progress("  %s: not measured: %v", s.name, err)
				if s.name == ours {
					return f // there is nothing to compare with
				}
				continue
			}
			progress("  %d/%d %-8s %10.3g s of CPU each (%.3g steady), %8.5g a second, %.2f of a core, %4d MiB", n+1, b.runs, s.name, t.each, t.steady, t.rate, t.core, t.peak>>20)
			f.turns[s.name] = append(f.turns[s.name], t)
		}
	}
	return f
}

const ours = "onrush"

// spread is a median with its range.
type spread struct{ least, median, most float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	slices.Sort(values)
	n := len(values)
	return spread{values[0], (values[(n-1)/2] + values[n/2]) / 2, values[n-1]}
}

func (s spread) String() string { return fmt.Sprintf("%.2f [%.2f to %.2f]", s.median, s.least, s.most) }

// of is the spread of one figure of a side's turns.
func (f found) of(name string, figure func(turn) float64) spread {
	var values []float64
	for _, t := range f.turns[name] {
		values = append(values, figure(t))
	}
	return spreadOf(values)
}

func each(t turn) float64   { return t.each }
func steady(t turn) float64 { return t.steady }

// ratios is how much more CPU the best of the peers took than we, turn by turn.
func (f found) ratios(peers []string, cost func(turn) float64) spread {
	var values []float64
	for i, t := range f.turns[ours] {
		best := 0.0
		for _, peer := range peers {
			if turns := f.turns[peer]; i < len(turns) && (best == 0 || cost(turns[i]) < best) {
				best = cost(turns[i])
			}
		}
		if best > 0 {
			values = append(values, best/cost(t))
		}
	}
	return spreadOf(values)
}

// judge says of each goal of a row whether it was met: by the CPU time from start
// to end, with the steady part's ratio beside it. unit says for what the CPU time
// stands, and scale makes its figure one that can be read.
func (b *bench) judge(r row, f found, unit string, scale float64) error {
	if err := f.lost[ours]; err != nil {
		return err
	}
	b.Say(r.name+": "+r.what, "%s %s of CPU, %d MiB, %.4g a second on %.2f of a core",
		number(f.of(ours, each).median*scale), unit, peak(f.turns[ours])>>20, f.of(ours, func(t turn) float64 { return t.rate }).median, f.of(ours, func(t turn) float64 { return t.core }).median)
	for _, g := range r.goals {
		what, want := "  against "+g.peer, fmt.Sprintf("≥ %g x", g.ratio)
		peers := g.of
		if peers == nil {
			peers = []string{g.peer}
		}
		peers = slices.DeleteFunc(slices.Clone(peers), func(name string) bool { return !b.wants(name) })
		if len(peers) == 0 {
			continue
		}
		var lost, costs []string
		for _, peer := range peers {
			if err := f.lost[peer]; err != nil {
				lost = append(lost, peer+": "+oneLine(err))
				continue
			}
			costs = append(costs, fmt.Sprintf("%s %s, %d MiB", number(f.of(peer, each).median*scale), unit, peak(f.turns[peer])>>20))
		}
		if len(lost) == len(peers) {
			b.Say(what, "not measured: %s", strings.Join(lost, "; "))
			continue
		}
		ratio, mid := f.ratios(peers, each), ""
		if r.size == 0 {
			mid = fmt.Sprintf(", steady %.2f", f.ratios(peers, steady).median)
		}
		text := fmt.Sprintf("%s x%s (%s)", ratio, mid, strings.Join(append(costs, lost...), "; "))
		if g.ratio == 0 {
			b.Say(what, "%s", text)
			continue
		}
		b.Judge(ratio.median >= g.ratio, what, want, "%s", text)
	}
	return nil
}

func number(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func peak(turns []turn) int64 {
	most := int64(0)
	for _, t := range turns {
		most = max(most, t.peak)
	}
	return most
}
