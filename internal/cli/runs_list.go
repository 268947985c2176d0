package cli

import (
	"io"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// runsListCmd is `onrush runs list`.
type runsListCmd struct {
	remote
	output
	Scenario string   `placeholder:"NAME" help:"Only runs of this scenario."`
	Status   []string `placeholder:"STATUS" enum:"queued,provisioning,ready,running,cancelling,finishing,ended" help:"Only runs that stand here; repeatable."`
	Limit    int      `short:"n" default:"50" placeholder:"N" help:"At most so many."`
	Before   string   `placeholder:"RUN" help:"Only runs older than this one: the next page."`
}

// Run implements the command.
func (c *runsListCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	filter := load.RunFilter{Scenario: c.Scenario, Limit: c.Limit, Before: c.Before}
	for _, status := range c.Status {
		filter.Status = append(filter.Status, load.Status(status))
	}
	runs, err := api.Runs(env.Context, filter)
	if err != nil {
		return err
	}
	return c.print(env.Out, runs, func(w io.Writer) error {
		var rows [][]string
		for _, r := range runs {
			rows = append(rows, []string{
				r.ID, r.Scenario, string(r.Status), orDash(string(r.Outcome)), orDash(string(r.Verdict)),
				r.Created.Local().Format(time.DateTime), orDash(r.By),
			})
		}
		return columns(w, "RUN SCENARIO STATUS OUTCOME VERDICT CREATED BY", rows)
	})
}

func orDash(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "-"
	}
	return s
}
