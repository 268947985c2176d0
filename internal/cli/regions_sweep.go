package cli

import (
	"fmt"
	"io"
	"time"

	"onrush.dev/onrush/internal/load"
)

// regionsSweepCmd is `onrush regions sweep`.
type regionsSweepCmd struct {
	remote
	output
	Name   string `arg:"" optional:"" help:"Only this region. Default: all."`
	Latest bool   `help:"Only show what the latest sweep found."`
}

// Run implements the command.
func (c *regionsSweepCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	var sweeps []load.Sweep
	if c.Latest {
		sweeps, err = api.Sweeps(env.Context)
	} else {
		sweeps, err = api.Sweep(env.Context, c.Name)
	}
	if err != nil {
		return err
	}
	if err := c.print(env.Out, sweeps, func(w io.Writer) error { return sweepTable(w, sweeps) }); err != nil {
		return err
	}
	for _, s := range sweeps {
		if len(s.Errors) > 0 && !c.Latest {
			return load.Errorf(load.Unavailable, "region %s could not be swept whole: %s", s.Region, s.Errors[0])
		}
	}
	return nil
}

func sweepTable(w io.Writer, sweeps []load.Sweep) error {
	var rows, orphans [][]string
	for _, s := range sweeps {
		rows = append(rows, []string{s.Region, s.At.Local().Format(time.DateTime), fmt.Sprint(s.Seen), fmt.Sprint(len(s.Orphans)), fmt.Sprint(s.Cleared), fmt.Sprint(len(s.Errors))})
		for _, o := range s.Orphans {
			orphans = append(orphans, []string{s.Region, o.Run, o.Task, o.Why})
		}
	}
	if err := columns(w, "REGION AT SEEN STOPPED CLEARED ERRORS", rows); err != nil || len(orphans) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return columns(w, "REGION RUN TASK WHY", orphans)
}
