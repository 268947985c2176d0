package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// runsGetCmd is `onrush runs get`.
type runsGetCmd struct {
	remote
	output
	ID string `arg:"" name:"run" help:"The run's id."`
}

// Run implements the command.
func (c *runsGetCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	run, err := api.Run(env.Context, c.ID)
	if err != nil {
		return err
	}
	if c.JSON || c.Output != "table" {
		return c.print(env.Out, run, nil)
	}
	tasks, err := api.Tasks(env.Context, c.ID)
	if err != nil {
		return err
	}
	return runTable(env.Out, run, tasks)
}

func runTable(w io.Writer, r load.Run, tasks []load.Task) error {
	rows := [][2]string{
		{"run", r.ID},
		{"scenario", r.Scenario},
		{"note", r.Note},
		{"status", fmt.Sprintf("%s since %s", r.Status, r.Since.Local().Format(time.DateTime))},
		{"outcome", string(r.Outcome)},
		{"verdict", string(r.Verdict)},
		{"cause", strings.Join(r.Cause, ": ")},
		{"started by", r.By},
		{"created", r.Created.Local().Format(time.DateTime)},
		{"started", when(r.Started)},
		{"ended", when(r.Ended)},
	}
	if r.Plan != nil {
		rows = append(rows, [2]string{"load", planLoad(r.Plan)})
	}
	if err := facts(w, rows); err != nil {
		return err
	}
	if len(tasks) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	var lines [][]string
	for _, t := range tasks {
		lines = append(lines, []string{t.Name, t.Region, string(t.Status), fmt.Sprint(t.Sent), orDash(t.Reason)})
	}
	return columns(w, "TASK REGION STATUS SAMPLES REASON", lines)
}

func when(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Local().Format(time.DateTime)
}
