package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// localOptions are what an in-process server needs to know.
type localOptions struct {
	dir     string // data folder; "": a temporary one
	keep    bool   // keep a temporary one
	verbose bool
	regions []load.RegionLoad
}

// startLocal brings up a server in this process, with a local driver behind
// every region that the scenario names. The tasks end with this process. The
// function returned ends it all.
func startLocal(env *Env, opts localOptions) (*client.Client, func(), error) {
	dir, temporary, err := dataFolder(opts.dir)
	if err != nil {
		return nil, nil, err
	}
	remove := func() {
		switch {
		case temporary && !opts.keep:
			_ = os.RemoveAll(dir)
		default:
			fmt.Fprintf(env.Err, "the run's data is in %s; see it with: onrush serve --data %s\n", dir, dir)
		}
	}
	s, err := server.Start(env.Context, server.Config{
		DataDir: dir, Regions: localRegions(opts.regions), Ephemeral: true, NoLogin: true,
		Version: env.Version, Log: localLog(env.Err, opts.verbose),
	})
	if err != nil {
		if temporary {
			_ = os.RemoveAll(dir)
		}
		return nil, nil, fmt.Errorf("start the server of this run: %w", err)
	}
	return client.New(s.LocalURL(), s.Token()), func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(env.Context), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			fmt.Fprintln(env.Err, "onrush: end the server of this run:", err)
		}
		remove()
	}, nil
}

func dataFolder(dir string) (path string, temporary bool, err error) {
	if dir != "" {
		return dir, false, nil
	}
	path, err = os.MkdirTemp("", "onrush-")
	if err != nil {
		return "", false, fmt.Errorf("make a data folder: %w", err)
	}
	return path, true, nil
}

// localRegions are the regions of a scenario, all on this machine.
func localRegions(wanted []load.RegionLoad) []load.Region {
	regions := []load.Region{}
	for _, r := range wanted {
		regions = append(regions, load.Region{Name: r.Name, Driver: "local"})
	}
	if len(regions) == 0 {
		regions = append(regions, load.Region{Name: "local", Driver: "local"})
	}
	return regions
}

// localLog keeps the server of one command quiet: what its user must know is
// in events and in the report.
func localLog(w io.Writer, verbose bool) *slog.Logger {
	if verbose {
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelError + 1}))
}
