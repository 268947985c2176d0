package server

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"onrush.dev/onrush/internal/api"
	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/collect"
	"onrush.dev/onrush/internal/control"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/regions"
	"onrush.dev/onrush/web"
)

// startControl makes control and the API, which need each other's faces: the
// API asks control for plans and live pictures, control needs the API's links
// for agents.
func (s *Server) startControl(ctx context.Context) error {
	owner, err := s.data.secret("server-id")
	if err != nil {
		return fmt.Errorf("keep server id: %w", err)
	}
	linkKey, err := s.data.secret("link-key")
	if err != nil {
		return fmt.Errorf("keep link key: %w", err)
	}
	key, err := hex.DecodeString(linkKey)
	if err != nil {
		return fmt.Errorf("read link key: %w", err)
	}
	secretKey, err := s.data.secret("secret-key")
	if err != nil {
		return fmt.Errorf("keep key of secrets: %w", err)
	}
	secrets, err := newSecretBook(s.blob, secretKey)
	if err != nil {
		return err
	}
	bucket := runBlob{s.blob}
	links := api.NewLinks(key, s.config.LinkLife, nil)
	s.control = control.New(control.Options{
		Owner: owner, Store: s.store, Bus: s.bus.Hub(), Blob: bucket, Regions: s.regions,
		Reach: s.reach.base, Link: links.URL, KeepLink: links.KeepURL, Inspect: newInspector(bucket.Open).Inspect,
		Secrets: secrets.Open, Forget: secrets.Forget, SpoolDir: s.data.join("spool"), Limits: s.config.Limits, Log: s.config.Log,
	})
	s.sweeper = control.NewSweeper(control.SweepOptions{
		Store: s.store, Regions: s.regions, Log: s.config.Log,
		First: s.config.Sweep.First, Every: s.config.Sweep.Every, Grace: s.config.Sweep.Grace,
	})
	s.manage = regions.New(regions.Options{
		Store: s.store, Book: s.regions, Drivers: all.Drivers(), Control: s.control,
		TaskLog: s.keptLog, Forget: s.forgetRun, ServerURL: s.reach.base, Bounds: s.config.CheckBounds, Log: s.config.Log,
	})
	s.handler = api.New(api.Options{
		Store: s.store, Blob: s.blob, Auth: s.auth, Control: s.control, Sweeper: s.sweeper, Regions: s.manage,
		Live: s.live, OpenSeries: openSeries, Logs: s.logs, Links: links,
		Bus: s.bus.Tunnel(), Console: web.Handler(), KeepSecrets: secrets.Keep, MaxUpload: s.config.MaxUpload, Version: s.config.Version, Log: s.config.Log,
		Proxies: s.config.TrustedProxies,
	})
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.running.Go(func() { s.sweeper.Run(ctx) })
	s.running.Go(func() {
		if err := s.control.Run(ctx); err != nil {
			s.failed <- fmt.Errorf("control runs: %w", err)
		}
	})
	return nil
}

// live is the picture of a run that this server conducts.
func (s *Server) live(run string) (api.Picture, bool) {
	collector, ok := s.control.Live(run)
	if !ok {
		return nil, false
	}
	return collector, true
}

func openSeries(r io.ReaderAt, size int64) (api.SeriesFile, error) {
	return collect.OpenSeries(r, size)
}

// logs reads a task's log where its region keeps it.
func (s *Server) logs(ctx context.Context, run load.Run, task string, follow bool) (io.ReadCloser, error) {
	for _, region := range run.Plan.Regions {
		for _, planned := range region.Tasks {
			if planned.Name != task {
				continue
			}
			_, driver, err := s.regions.Region(ctx, region.Name)
			if err != nil {
				return nil, err
			}
			return driver.Logs(ctx, run.ID, task, follow)
		}
	}
	return nil, load.Errorf(load.NotFound, "run %s has no task %s", run.ID, task)
}

// keptLog reads a task's log that was kept at the end of its run.
func (s *Server) keptLog(ctx context.Context, run load.Run, task string) (io.ReadCloser, error) {
	return s.blob.Open(ctx, load.RunKey(run.ID, "logs/"+task+".log"))
}

// forgetRun removes an ended run with its files.
func (s *Server) forgetRun(ctx context.Context, run load.Run) error {
	return api.DeleteRun(ctx, s.blob, s.store, run.ID)
}

// runBlob narrows a bucket to what control needs of it.
type runBlob struct{ blob.Bucket }

// Open opens an object for reading in one go.
func (b runBlob) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	return b.Bucket.Open(ctx, key)
}
