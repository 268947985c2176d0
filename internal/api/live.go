package api

import (
	"context"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// keepAlive is how often a quiet stream says that it is still there, so that
// proxies do not cut it.
const keepAlive = 15 * time.Second

func (a *api) registerLive() {
	handle(a, route{
		method: "GET", path: "/runs/{id}/live", id: "watch-run", tag: "results", summary: "Watch a run",
		description: "Server-sent events. status comes first and at every change, snapshot once a second while the run is measured, " +
			"event for each thing that happened, end last; then the stream ends. Events have ids: a reader that sends Last-Event-ID gets those that it missed.",
		role: load.Viewer, describe: a.describeLive,
	}, a.live)
}

// describeLive puts the events' types into the document, one schema each.
func (a *api) describeLive(op *huma.Operation) {
	schemas := a.huma.OpenAPI().Components.Schemas
	event := func(name string, t reflect.Type) *huma.Schema {
		return &huma.Schema{
			Type: huma.TypeObject, Title: name, Required: []string{"event", "data"},
			Properties: map[string]*huma.Schema{
				"id":    {Type: huma.TypeInteger},
				"event": {Type: huma.TypeString, Enum: []any{name}},
				"data":  schemas.Schema(t, true, ""),
			},
		}
	}
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Server-sent events", Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema: &huma.Schema{OneOf: []*huma.Schema{
				event(wire.LiveStatus, reflect.TypeFor[wire.RunItem]()),
				event(wire.LiveSnapshot, reflect.TypeFor[load.Snapshot]()),
				event(wire.LiveEvent, reflect.TypeFor[load.Event]()),
				event(wire.LiveEnd, reflect.TypeFor[wire.RunItem]()),
			}},
		}},
	}}
}

type liveIn struct {
	IDIn
	After       int64 `query:"after" minimum:"0" doc:"Only events with a higher seq, instead of Last-Event-ID."`
	LastEventID int64 `header:"Last-Event-ID"`
}

func (a *api) live(ctx context.Context, in *liveIn) (*huma.StreamResponse, error) {
	run, err := a.Store.Run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		f := &follower{api: a, run: run, after: max(in.After, in.LastEventID), out: newStream(w)}
		if err := f.follow(ctx); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "live stream broke off", "run", in.ID, "err", err)
		}
	}}, nil
}

// follower tells one reader of one run, from wherever the run stands to its
// end. Snapshots come from the collector when this server conducts the run;
// status and events come from the store, so that any server can be asked.
type follower struct {
	*api
	run   load.Run
	after int64 // seq of the last event sent
	out   *stream

	snapshots <-chan load.Snapshot
	leave     func() // ends the subscription; nil while there is none
}

func (f *follower) follow(ctx context.Context) error {
	defer f.unsubscribe()
	poll := time.NewTicker(f.LivePoll)
	defer poll.Stop()
	if err := f.out.send(wire.LiveStatus, 0, wire.ItemOf(f.run)); err != nil {
		return err
	}
	first := true
	for {
		ended := f.run.Status == load.Ended // read before the events: all are there then
		if err := f.sendEvents(ctx); err != nil {
			return err
		}
		if ended {
			return f.out.send(wire.LiveEnd, 0, wire.ItemOf(f.run))
		}
		if err := f.subscribe(first); err != nil {
			return err
		}
		first = false
		if err := f.wait(ctx, poll.C); err != nil {
			return err
		}
		if err := f.readStatus(ctx); err != nil {
			return err
		}
	}
}

// wait sends snapshots until it is time to look into the store again.
func (f *follower) wait(ctx context.Context, poll <-chan time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s, open := <-f.snapshots:
			if !open { // the run has ended, most likely: look now
				f.unsubscribe()
				return nil
			}
			if err := f.out.send(wire.LiveSnapshot, 0, s); err != nil {
				return err
			}
		case now := <-poll:
			return f.out.keepAlive(now)
		}
	}
}

// subscribe joins the live picture as soon as there is one. A reader who comes
// late sees the latest one at once.
func (f *follower) subscribe(first bool) error {
	if f.snapshots != nil {
		return nil
	}
	picture, ok := f.Live(f.run.ID)
	if !ok {
		return nil
	}
	f.snapshots, f.leave = picture.Subscribe()
	if first {
		return f.out.send(wire.LiveSnapshot, 0, picture.Snapshot())
	}
	return nil
}

func (f *follower) unsubscribe() {
	if f.leave != nil {
		f.leave()
	}
	f.snapshots, f.leave = nil, nil
}

func (f *follower) sendEvents(ctx context.Context) error {
	events, err := f.Store.Events(ctx, f.run.ID, f.after)
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := f.out.send(wire.LiveEvent, e.Seq, e); err != nil {
			return err
		}
		f.after = e.Seq
	}
	return nil
}

func (f *follower) readStatus(ctx context.Context) error {
	run, err := f.Store.Run(ctx, f.run.ID)
	if err != nil {
		return err
	}
	changed := run.Status != f.run.Status || len(run.Changes) != len(f.run.Changes)
	f.run = run
	if !changed || run.Status == load.Ended { // then end says it
		return nil
	}
	return f.out.send(wire.LiveStatus, 0, wire.ItemOf(run))
}
