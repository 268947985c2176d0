package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"onrush.dev/onrush/internal/load"
)

// column is one column of figures. When the page is too narrow, columns with
// the greatest rank go first; rank 0 stays.
type column[T any] struct {
	title string
	rank  int
	text  func(T) string
}

// row is a name with what its figures come from; a row without is a heading.
type row[T any] struct {
	name string
	of   *T
}

// The columns of latency share their unit: it stands in the title once.
var figureColumns = []column[load.Figures]{
	{"requests", 0, func(f load.Figures) string { return count(f.Requests) }},
	{"per s", 0, func(f load.Figures) string { return figure(f.RequestsPerSecond) }},
	{"failures", 0, func(f load.Figures) string { return count(f.Failures) }},
	{"%", 3, func(f load.Figures) string { return shareNumber(f.Failures, f.Requests) }},
	{"mean ms", 5, func(f load.Figures) string { return latencyOf(f, f.LatencyMS.Mean) }},
	{"p50 ms", 0, func(f load.Figures) string { return latencyOf(f, f.LatencyMS.P50) }},
	{"p90", 6, func(f load.Figures) string { return latencyOf(f, f.LatencyMS.P90) }},
	{"p95", 0, func(f load.Figures) string { return latencyOf(f, f.LatencyMS.P95) }},
	{"p99", 1, func(f load.Figures) string { return latencyOf(f, f.LatencyMS.P99) }},
	{"p99.9", 4, func(f load.Figures) string { return latencyOf(f, f.LatencyMS.P999) }},
	{"max", 2, func(f load.Figures) string { return latencyOf(f, f.LatencyMS.Max) }},
	{"received", 7, func(f load.Figures) string { return size(float64(f.BytesReceived)) }},
}

var distributionColumns = []column[load.Latency]{
	{"count", 1, func(l load.Latency) string { return count(l.Count) }},
	{"min ms", 4, func(l load.Latency) string { return figure(l.Min) }},
	{"mean", 2, func(l load.Latency) string { return figure(l.Mean) }},
	{"stddev", 3, func(l load.Latency) string { return figure(l.StdDev) }},
	{"p50", 0, func(l load.Latency) string { return figure(l.P50) }},
	{"p90", 0, func(l load.Latency) string { return figure(l.P90) }},
	{"p95", 0, func(l load.Latency) string { return figure(l.P95) }},
	{"p99", 0, func(l load.Latency) string { return figure(l.P99) }},
	{"p99.9", 0, func(l load.Latency) string { return figure(l.P999) }},
	{"max", 0, func(l load.Latency) string { return figure(l.Max) }},
}

func latencyOf(f load.Figures, v float64) string {
	if f.LatencyMS.Count == 0 {
		return "-"
	}
	return figure(v)
}

// distributions writes what is behind the total's latency.
func (p *page) distributions(t *load.Figures) {
	if t.LatencyMS.Count == 0 {
		return
	}
	rows := []row[load.Latency]{{"latency", &t.LatencyMS}}
	for _, r := range []row[load.Latency]{
		{"service", t.ServiceMS},
		{"first byte", t.FirstByteMS},
		{"body", t.BodyMS},
		{"connect", t.ConnectMS},
		{"  dns", t.DNSMS},
		{"  tcp", t.TCPMS},
		{"  tls", t.TLSMS},
		{"lag", t.LagMS},
	} {
		if r.of != nil {
			rows = append(rows, r)
		}
	}
	table(p, "", distributionColumns, rows)
}

// Most rows of a kind; the others are in the JSON form.
const (
	mostRows     = 50
	mostTaskRows = 20
)

// figures writes the regions, labels and tasks under one another.
func (p *page) figures(r *load.Report) {
	var rows []row[load.Figures]
	add := func(title string, m map[string]load.Figures, most int) {
		if len(m) == 0 {
			return
		}
		rows = append(rows, row[load.Figures]{name: title})
		keys := slices.Sorted(maps.Keys(m))
		if len(keys) > most {
			slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(m[b].LatencyMS.P95, m[a].LatencyMS.P95) })
			rows[len(rows)-1].name = fmt.Sprintf("%s (the %d with the highest p95 of %d)", title, most, len(keys))
			keys = keys[:most]
		}
		for _, k := range keys {
			f := m[k]
			rows = append(rows, row[load.Figures]{name: "  " + k, of: &f})
		}
	}
	tasks := make(map[string]load.Figures, len(r.Tasks))
	for name, t := range r.Tasks {
		tasks[name] = t.Figures
	}
	add("Regions", r.Regions, mostRows)
	add("Labels", r.Labels, mostRows)
	add("Tasks", tasks, mostTaskRows)
	if len(rows) > 0 {
		table(p, "  ", figureColumns, rows)
	}
}

// gap is how far columns are apart.
const gap = 2

// table lays rows out in the page's width. What is too much comes first from
// names of more than a third of it, then from columns by their rank.
func table[T any](p *page, lead string, columns []column[T], rows []row[T]) {
	columns = slices.Clone(columns)
	name := 0
	for _, r := range rows {
		if r.of != nil {
			name = max(name, utf8.RuneCountInString(r.name))
		}
	}
	name = max(name+2, indent)
	cells, widths := layOut(columns, rows)
	fit := func(least int) { // takes from the name what is too much
		name = max(min(name, least), name-max(0, room(name, widths)-p.width))
	}
	for fit(max(indent, p.width/3)); room(name, widths) > p.width; {
		worst, rank := 0, 0
		for i, c := range columns {
			if c.rank > rank {
				worst, rank = i, c.rank
			}
		}
		if rank == 0 {
			fit(indent)
			break
		}
		columns = slices.Delete(columns, worst, worst+1)
		cells, widths = layOut(columns, rows)
	}
	p.line("\n%s", p.paint.dim(strings.Repeat(" ", name)+join(titles(columns), widths)))
	for i, r := range rows {
		if r.of == nil {
			if i > 0 {
				p.line("")
			}
			p.line("%s", p.paint.bold(cut(r.name, p.width)))
			continue
		}
		label := cut(r.name, name-2)
		if lead == "" {
			label = "  " + cut(r.name, name-2)
		}
		p.line("%s%s%s", label, strings.Repeat(" ", name-utf8.RuneCountInString(label)), join(cells[i], widths))
	}
}

func titles[T any](columns []column[T]) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.title
	}
	return out
}

// layOut renders all cells and says how wide each column is.
func layOut[T any](columns []column[T], rows []row[T]) (cells [][]string, widths []int) {
	cells, widths = make([][]string, len(rows)), make([]int, len(columns))
	for c, column := range columns {
		widths[c] = utf8.RuneCountInString(column.title)
		for i, r := range rows {
			if r.of == nil {
				continue
			}
			text := column.text(*r.of)
			cells[i] = append(cells[i], text)
			widths[c] = max(widths[c], utf8.RuneCountInString(text))
		}
	}
	return cells, widths
}

// room is how wide a table is.
func room(name int, widths []int) int {
	for _, w := range widths {
		name += w + gap
	}
	return name - gap
}

// join sets the cells of a line, to the right.
func join(cells []string, widths []int) string {
	var b strings.Builder
	for i, text := range cells {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)) + text)
	}
	return b.String()
}
