package cli

import (
	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// runsWatchCmd is `onrush runs watch`.
type runsWatchCmd struct {
	remote
	output
	ID string `arg:"" name:"run" help:"The run's id."`
}

// Run implements the command.
func (c *runsWatchCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	run, err := api.Run(env.Context, c.ID)
	if err != nil {
		return err
	}
	return watch(env, api, run, c.output)
}

// watch shows a run of a server until it ends, then prints its report. An
// interrupt ends the watching; the run is not ours to stop.
func watch(env *Env, api *client.Client, run load.Run, out output) error {
	ctx, stop := untilInterrupt(env.Context)
	defer stop()
	show := newProgress(env, false)
	show.Run(run)
	err := api.Watch(ctx, run.ID, show)
	show.Close()
	if err != nil {
		return err
	}
	result, err := api.Report(ctx, run.ID)
	if err != nil {
		return err
	}
	format := out.Output
	if out.JSON {
		format = "json"
	}
	if err := writeReport(env, format, result); err != nil {
		return err
	}
	return verdictError(result)
}
