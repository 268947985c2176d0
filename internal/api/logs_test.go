package api

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// followLog reads a task's log as its events come.
func (b *bench) followLog(t *testing.T, id, task string, header ...string) *viewer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+prefix+"/runs/"+id+"/tasks/"+task+"/log?follow=true", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+b.tokens[load.Viewer])
	if len(header) == 2 {
		req.Header.Set(header[0], header[1])
	}
	res, err := b.Client().Do(req)
	must(t, err)
	t.Cleanup(func() { _ = res.Body.Close() }) // cut off by then
	if kind := res.Header.Get("Content-Type"); res.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("the log is %d %s", res.StatusCode, kind)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 2*longestPiece)
	return &viewer{t, lines, cancel}
}

// TestFollowLog: who follows a log gets its lines as they are written, from
// where he had got to, and hears of its end.
func TestFollowLog(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	var source io.ReadCloser // what the region has of the task; nil: nothing
	b := setup(t, func(o *Options) {
		o.Logs = func(ctx context.Context, run load.Run, task string, follow bool) (io.ReadCloser, error) {
			if !follow || task != "local-1" || source == nil {
				return nil, load.Errorf(load.NotFound, "no log of %s", task)
			}
			context.AfterFunc(ctx, func() { close(gone) })
			return source, nil
		}
	})
	id := b.startRun(t)
	for _, r := range []row{
		{"nobody's log", "viewer", "GET /runs/" + id + "/tasks/mars-1/log?follow=true", "", nil, 404, nil, nil},
		{"no run", "viewer", "GET /runs/nope/tasks/local-1/log?follow=true", "", nil, 404, nil, nil},
	} {
		b.run(t, []row{r})
	}

	reader, writer := io.Pipe()
	source = reader
	v := b.followLog(t, id, "local-1")
	write := func(text string) {
		t.Helper()
		_, err := io.WriteString(writer, text)
		must(t, err)
	}
	want := func(v *viewer, want string) {
		t.Helper()
		if got := v.next(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	write("first\nsec")
	want(v, `log 6 {"text":"first\n"}`)
	write("ond é\n")
	want(v, `log 16 {"text":"second é\n"}`)
	write(strings.Repeat("x", longestPiece+10))
	if got := v.next(); !strings.HasPrefix(got, "log 65552 ") {
		t.Errorf("a long line came as %.40s", got)
	}
	must(t, writer.Close())
	want(v, `log 65562 {"text":"xxxxxxxxxx"}`)
	want(v, `end {"text":""}`)
	<-gone // what it held of the region is let go of

	gone = make(chan struct{})
	source = io.NopCloser(strings.NewReader("first\nsecond\n"))
	v = b.followLog(t, id, "local-1", "Last-Event-ID", "6")
	want(v, `log 13 {"text":"second\n"}`)
	want(v, `end {"text":""}`)
	<-gone

	// A reader who leaves lets go of the log.
	gone = make(chan struct{})
	reader, writer = io.Pipe()
	source = reader
	v = b.followLog(t, id, "local-1")
	write("a\n")
	want(v, `log 2 {"text":"a\n"}`)
	v.end()
	<-gone
}

// TestFollowLogBeforeAndAfter: a task that has not started yet is waited for,
// and of one that is over the kept log is sent.
func TestFollowLogBeforeAndAfter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	v := b.followLog(t, id, "local-1")
	_, err := b.blob.Put(t.Context(), load.RunKey(id, "logs/local-1.log"), strings.NewReader("kept\n"))
	must(t, err)
	if got := v.next() + v.next(); got != `log 5 {"text":"kept\n"}end {"text":""}` {
		t.Errorf("got %q", got)
	}
	other := b.startRun(t)
	v = b.followLog(t, other, "local-1")
	_, err = b.store.UpdateRun(t.Context(), other, "", func(r *load.Run) error { r.Status = load.Ended; return nil })
	must(t, err)
	if got := v.next(); got != `end {"text":""}` {
		t.Errorf("got %q", got)
	}
}
