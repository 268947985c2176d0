package cli

import (
	"io"
	"time"
)

// runsLogCmd is `onrush runs log`.
type runsLogCmd struct {
	remote
	output
	ID   string `arg:"" name:"run" help:"The run's id."`
	Task string `arg:"" optional:"" help:"A task's name: print what its process wrote. Without it: the run's events."`

	Follow bool `short:"f" help:"Go on with what is written until the task has ended; without a task: what all tasks of the run write, each line with its task's name before it."`
}

// Run implements the command.
func (c *runsLogCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	if c.Follow {
		return followLogs(env, api, c.ID, c.Task)
	}
	if c.Task != "" {
		text, err := api.TaskLog(env.Context, c.ID, c.Task)
		if err != nil {
			return err
		}
		_, err = env.Out.Write(text)
		return err
	}
	events, err := api.Events(env.Context, c.ID, 0)
	if err != nil {
		return err
	}
	return c.print(env.Out, events, func(w io.Writer) error {
		var rows [][]string
		for _, e := range events {
			rows = append(rows, []string{e.At.Local().Format(time.TimeOnly), e.Kind, orDash(e.Task), e.Text})
		}
		return columns(w, "AT KIND TASK WHAT", rows)
	})
}
