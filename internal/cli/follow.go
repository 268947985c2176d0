package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// apiTime bounds one call of the API that a person waits for.
const apiTime = 15 * time.Second

// follow shows a run until it has ended and returns its report. The first
// interrupt drains the run, the second stops it now, the third gives up.
func follow(env *Env, api *client.Client, run load.Run, show progress) (*load.Report, error) {
	signals, stop := interrupts()
	defer stop()
	defer show.Close()
	show.Run(run)
	ctx, cancel := context.WithCancel(env.Context)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- api.Watch(ctx, run.ID, show) }()
	for asked := 0; ; {
		select {
		case err := <-ended:
			if err != nil {
				return nil, err
			}
			return api.Report(ctx, run.ID)
		case <-signals:
			asked++
			switch asked {
			case 1:
				show.Say("stopping: no new requests, those in flight end; Ctrl-C again stops now")
				go ask(ctx, api, run.ID, "drain", show)
			case 2:
				show.Say("stopping now")
				go ask(ctx, api, run.ID, "now", show)
			default:
				return nil, errors.New("gave up waiting for the run to end")
			}
		}
	}
}

func ask(ctx context.Context, api *client.Client, run, mode string, show progress) {
	ctx, cancel := context.WithTimeout(ctx, apiTime)
	defer cancel()
	if err := api.StopRun(ctx, run, mode); err != nil && load.ErrorCode(err) != load.Conflict {
		show.Say(fmt.Sprintf("cannot stop the run: %v", err))
	}
}
