package report

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Times count in seconds from when the region's driver was asked.
var startColumns = []column[load.RegionStart]{
	{"tasks", 0, func(s load.RegionStart) string { return fmt.Sprint(s.Tasks) }},
	{"ready", 0, func(s load.RegionStart) string { return fmt.Sprint(s.Ready.Tasks) }},
	{"up s", 2, func(s load.RegionStart) string { return reached(s, s.Up) }},
	{"hello s", 3, func(s load.RegionStart) string { return reached(s, s.Hello) }},
	{"ready s", 0, func(s load.RegionStart) string { return reached(s, s.Ready) }},
	{"load s", 1, func(s load.RegionStart) string { return reached(s, s.Load) }},
	{"skew ms", 4, func(s load.RegionStart) string { return figure(s.SkewMS) }},
}

// reached is when the first and the last task came so far.
func reached(s load.RegionStart, r load.Reached) string {
	if r.Tasks == 0 || s.Asked.IsZero() {
		return "-"
	}
	since := func(at time.Time) string { return fmt.Sprintf("%.1f", max(0, at.Sub(s.Asked).Seconds())) }
	first, last := since(r.First), since(r.Last)
	if first == last {
		return first
	}
	return first + " to " + last
}

// provisioning says how long the tasks took to come up. Of one task alone there
// is nothing to compare.
func (p *page) provisioning(regions map[string]load.RegionStart) {
	tasks := 0
	var rows []row[load.RegionStart]
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		s := regions[name]
		tasks += s.Tasks
		rows = append(rows, row[load.RegionStart]{name, &s})
	}
	if tasks < 2 {
		return
	}
	p.title("Provisioning")
	table(p, "", startColumns, rows)
	for _, r := range rows {
		for _, why := range r.of.Why {
			p.item(r.name, why)
		}
	}
}
