package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
	"onrush.dev/onrush/internal/target"
)

// demoCmd is `onrush demo`: what `make demo` runs.
type demoCmd struct {
	Scenario string `arg:"" default:"examples/quickstart.yaml" help:"The scenario to run. Its variable target is set to the sample target's URL."`
	Listen   string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the console listens; another port when this one is taken."`
	Target   string `default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where the sample target listens; another port when this one is taken."`
	Data     string `placeholder:"DIR" help:"Keep the server's data here. Default: a temporary folder."`
	Exit     bool   `help:"End after the report, with the exit code of the run."`
}

// Run implements the command.
func (c *demoCmd) Run(env *Env) error {
	src, err := readSource(env, c.Scenario)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(env.Context)
	defer stop()
	sample, err := startTarget(ctx, env, c.Target)
	if err != nil {
		return err
	}
	if err := src.aimAt(sample); err != nil {
		return err
	}
	s, closed, err := c.serve(ctx, env, src)
	if err != nil {
		return err
	}
	defer closed()
	fmt.Fprintf(env.Err, "target   %s\n", sample)
	greet(env.Err, s)
	api := client.New(s.LocalURL(), s.Token())
	if _, err := src.apply(env, api); err != nil {
		return inFile(src.file, err)
	}
	run, err := api.StartRun(ctx, client.StartRun{Scenario: src.scenario.Name, Note: "demo"})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "live     %s/runs/%s\n", s.URL(), run.ID)
	result, err := follow(env, api, run, newProgress(env, false))
	if err != nil {
		return err
	}
	if err := writeReport(env, "table", result); err != nil {
		return err
	}
	if c.Exit {
		return verdictError(result)
	}
	return c.stay(env, s, run)
}

// stay keeps server and target up for a look around.
func (c *demoCmd) stay(env *Env, s *server.Server, run load.Run) error {
	ctx, stop := untilInterrupt(env.Context)
	defer stop()
	fmt.Fprintln(env.Err)
	greet(env.Err, s)
	fmt.Fprintf(env.Err, "report   %s/runs/%s\nCtrl-C ends the demo.\n", s.URL(), run.ID)
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.Failed():
		return err
	}
}

// serve starts the demo's server.
func (c *demoCmd) serve(ctx context.Context, env *Env, src *source) (*server.Server, func(), error) {
	dir, temporary, err := dataFolder(c.Data)
	if err != nil {
		return nil, nil, err
	}
	s, err := server.Start(ctx, server.Config{
		DataDir: dir, Listen: freeAddress(c.Listen), Regions: localRegions(src.scenario.Regions), Ephemeral: true,
		Version: env.Version, Log: localLog(env.Err, false),
	})
	if err != nil {
		if temporary {
			_ = os.RemoveAll(dir)
		}
		return nil, nil, err
	}
	return s, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err := s.Close(ending)
		if temporary {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		if err != nil {
			fmt.Fprintln(env.Err, "onrush:", err)
		}
	}, nil
}

// startTarget starts the sample target and returns its URL.
func startTarget(ctx context.Context, env *Env, address string) (string, error) {
	t, err := target.Start(ctx, target.Options{Listen: freeAddress(address), Log: localLog(env.Err, false)})
	if err != nil {
		return "", fmt.Errorf("start the sample target: %w", err)
	}
	return t.URL(), nil
}

// aimAt sets the scenario's variable target, when another one was written.
func (s *source) aimAt(url string) error {
	if s.scenario.Variables["target"] == url {
		return nil
	}
	scenario := s.scenario
	scenario.Variables = map[string]string{"target": url}
	for name, value := range s.scenario.Variables {
		if name != "target" {
			scenario.Variables[name] = value
		}
	}
	return s.change(scenario)
}

// freeAddress is the address when nobody listens there, else the same host
// with any free port.
func freeAddress(address string) string {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		listener.Close()
		return address
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address // the real listener will say what is wrong with it
	}
	return net.JoinHostPort(host, "0")
}
