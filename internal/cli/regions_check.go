package cli

import (
	"fmt"
	"io"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// regionsCheckCmd is `onrush regions check`.
type regionsCheckCmd struct {
	remote
	output
	Name []string `arg:"" help:"The regions' names."`
}

// Help is the long text under --help.
func (regionsCheckCmd) Help() string {
	return `It looks at what tasks need (credentials, permissions, image, quota, addresses),
then runs one task for two seconds against the sample target, which the task
starts itself: nothing but the way from the task to the server is needed. What
was found is told as it is found, each fault with its remedy.

Ends with 2 when a region cannot start tasks. Ctrl-C ends the watching only.`
}

// checkEvery is how often a check is looked at.
const checkEvery = 200 * time.Millisecond

// Run implements the command.
func (c *regionsCheckCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	var checks []load.RegionCheck
	failed := false
	for _, name := range c.Name {
		check, err := followCheck(env, api, name, c.watcher(env, name))
		if err != nil {
			return err
		}
		checks = append(checks, check)
		failed = failed || check.State == load.CheckFailed
	}
	err = c.print(env.Out, checks, func(io.Writer) error { return nil }) // told already
	if err == nil && failed {
		return codeError(exitFailed)
	}
	return err
}

// checkWatcher hears what a check does and finds.
type checkWatcher struct {
	step  func(text string)
	found func(load.Finding)
	ended func(load.RegionCheck)
}

// watcher tells people of a check; steps go where progress goes.
func (c *regionsCheckCmd) watcher(env *Env, name string) checkWatcher {
	out := env.Out
	if c.JSON || c.Output != "table" {
		out = io.Discard
	}
	fmt.Fprintf(out, "region %s\n", name)
	return checkWatcher{
		step: func(text string) { fmt.Fprintf(env.Err, "... %s\n", text) },
		found: func(f load.Finding) {
			fmt.Fprintf(out, "  %-8s %-11s %s\n", f.State, f.Check, f.Text)
			if f.Remedy != "" {
				fmt.Fprintf(out, "  %-8s %-11s remedy: %s\n", "", "", f.Remedy)
			}
		},
		ended: func(check load.RegionCheck) {
			verdict := map[load.CheckState]string{
				load.CheckOK:      "is proved: it starts tasks that make load",
				load.CheckWarning: "starts tasks, with warnings",
				load.CheckFailed:  "cannot be used as it is",
			}
			fmt.Fprintf(out, "region %s %s\n", name, verdict[check.State])
		},
	}
}

// followCheck starts a check and watches it to its end.
func followCheck(env *Env, api *client.Client, name string, watch checkWatcher) (load.RegionCheck, error) {
	check, err := api.StartRegionCheck(env.Context, name)
	if err != nil {
		return check, err
	}
	id, told, step := check.ID, 0, ""
	beat := time.NewTicker(checkEvery)
	defer beat.Stop()
	for {
		for ; told < len(check.Findings); told++ {
			watch.found(check.Findings[told])
		}
		if check.State != load.CheckRunning {
			watch.ended(check)
			return check, nil
		}
		if check.Step != "" && check.Step != step {
			step = check.Step
			watch.step(step)
		}
		select {
		case <-env.Context.Done():
			return check, env.Context.Err()
		case <-beat.C:
		}
		check, err = api.RegionCheck(env.Context, name)
		if load.ErrorCode(err) == load.NotFound || err == nil && check.ID != id {
			return check, load.Errorf(load.Conflict, "region %s was changed or removed while it was checked: check it again", name)
		}
		if err != nil {
			return check, err
		}
	}
}
