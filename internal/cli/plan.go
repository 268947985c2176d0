package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// planTable draws a plan for people: the whole, its profile, each task.
func planTable(w io.Writer, p *load.Plan) error {
	rows := [][2]string{
		{"scenario", p.Scenario},
		{"engine", p.Engine},
		{"model", string(p.Model)},
		{"load", planLoad(p)},
		{"profile", profile(p)},
		{"late tasks", lateTasks(p.Start)},
		{"lost tasks", string(p.LostTasks)},
	}
	if p.Expected > 0 {
		rows = append(rows, [2]string{"expected", plural(int(p.Expected), cmp.Or(p.Arrival, load.ArrivalRequest))})
	}
	rows = append(rows, scriptRows(p)...)
	for _, c := range p.Criteria {
		rows = append(rows, [2]string{"criterion", c})
	}
	for _, d := range p.Data {
		rows = append(rows, [2]string{"data", fmt.Sprintf("%s: %s of %s, %s", d.Name, plural(d.Rows, "row"), d.File, d.Sharing)})
	}
	for _, r := range p.Regions {
		rows = append(rows, [2]string{"region", regionLine(r)})
		for _, q := range r.Capacity.Quotas {
			rows = append(rows, [2]string{"quota", quotaLine(r.Name, q)})
		}
	}
	for _, warning := range p.Warnings {
		rows = append(rows, [2]string{"warning", warning})
	}
	if err := facts(w, rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	var tasks [][]string
	for _, r := range p.Regions {
		for _, t := range r.Tasks {
			tasks = append(tasks, []string{t.Name, r.Name, dash(t.Users), rate(t.Rate), dash(int(t.Requests)), dash(int(t.Iterations)), rowsOf(t.Rows)})
		}
	}
	return columns(w, "TASK REGION USERS RATE REQUESTS ITERATIONS ROWS", tasks)
}

// lateTasks says how long the run waits for tasks, and what it does then.
func lateTasks(p load.StartPolicy) string {
	text := string(p.LateTasks)
	if p.Within > 0 {
		text += " after " + time.Duration(p.Within).String()
	}
	return text
}

// regionLine is a region's part, and what the region holds at this moment.
func regionLine(r load.PlanRegion) string {
	line := fmt.Sprintf("%s (%s): %s", r.Name, r.Driver, plural(len(r.Tasks), "task"))
	if free, known := r.Capacity.Free(); known {
		line += fmt.Sprintf(", %d of %d in use, %d free", r.Capacity.InUse, r.Capacity.Limit, free)
	}
	if r.Capacity.Note != "" {
		line += " (" + r.Capacity.Note + ")"
	}
	return line
}

// quotaLine is a provider's limit, in its own unit and in tasks.
func quotaLine(region string, q load.Quota) string {
	return fmt.Sprintf("%s: %s, %s of %s %s in use, room for %s", region, q.Name, number(q.InUse), number(q.Limit), q.Unit, plural(q.Tasks, "task"))
}

// profile writes the drawn load: "0 at 0s, 100 at 10s, 100 at 1m0s".
func profile(p *load.Plan) string {
	var points []string
	for _, point := range p.Profile.Points {
		points = append(points, fmt.Sprintf("%s at %s", number(point.Level), time.Duration(point.At)))
	}
	if p.Profile.Endless {
		points = append(points, "then on until a limit ends the run")
	}
	return strings.Join(points, ", ")
}

func rate(v float64) string {
	if v == 0 {
		return "-"
	}
	return number(v) + "/s"
}

func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func rowsOf(rows map[string]int) string {
	if len(rows) == 0 {
		return "-"
	}
	var parts []string
	for _, name := range sortedKeys(rows) {
		parts = append(parts, fmt.Sprintf("%s %d", name, rows[name]))
	}
	return strings.Join(parts, ", ")
}
