package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// The bounds of what a task leaves. What is beyond is left out, and the log says
// so.
const (
	mostLeft      = 500
	mostLeftBytes = 2 << 30
	leaveFor      = 5 * time.Minute
	leaveHurried  = 3 * time.Second
	leaveBeat     = 4 * time.Second
)

// leave sends the files that the engine leaves to the server. The load is over
// by then; that a file cannot be kept ends nothing.
func (a *agent) leave(ctx context.Context) {
	leaver, ok := a.engine.(engine.Leaver)
	if !ok || a.order.Keep == "" {
		return
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, bus.ErrRefused) || errors.Is(cause, errAlone) {
		return
	}
	bound := leaveFor
	if cause != nil && !errors.As(cause, new(stopped)) {
		bound = leaveHurried // somebody wants the process gone
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound)
	defer cancel()
	go a.beat(ctx)
	left, bytes := 0, int64(0)
	for _, artifact := range leaver.Artifacts() {
		info, err := os.Stat(artifact.Path)
		if err != nil {
			continue
		}
		if left++; left > mostLeft || bytes+info.Size() > mostLeftBytes {
			a.Log.Warn("a file is not kept: a task may leave 500 files of 2 GiB together", "file", artifact.Name, "size", info.Size())
			continue
		}
		bytes += info.Size()
		if err := a.send(ctx, artifact, info.Size()); err != nil {
			a.Log.Warn("could not keep a file", "file", artifact.Name, "err", err)
		}
	}
}

// beat tells the server now and then that the task lives.
func (a *agent) beat(ctx context.Context) {
	tick := time.NewTicker(leaveBeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.say(load.TaskEvent{Kind: load.EventKeeping})
		}
	}
}

func (a *agent) send(ctx context.Context, artifact engine.Artifact, size int64) error {
	file, err := os.Open(artifact.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	target := a.order.Keep + "?name=" + url.QueryEscape(artifact.Name)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, file)
	if err != nil {
		return errors.New("its link is no URL") // a link is a secret
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := a.web.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the server answers with status %d", resp.StatusCode)
	}
	return nil
}

// tellScript puts what the engine learned of its script into the word that the
// task is ready.
func (a *agent) tellScript(event *load.TaskEvent) {
	teller, ok := a.engine.(engine.Teller)
	if !ok {
		return
	}
	data, err := json.Marshal(teller.Facts())
	if err != nil {
		a.Log.Error("could not tell what the script says", "err", err)
		return
	}
	addDetail(event, load.DetailScript, string(data))
}

// tellCount puts the tool's own total into the last word.
func (a *agent) tellCount(event *load.TaskEvent) {
	teller, ok := a.engine.(engine.Teller)
	if !ok {
		return
	}
	if n, ok := teller.Counted(); ok {
		addDetail(event, load.DetailToolRequests, strconv.FormatInt(n, 10))
	}
}

func addDetail(event *load.TaskEvent, key, value string) {
	if event.Detail == nil {
		event.Detail = map[string]string{}
	}
	event.Detail[key] = value
}
