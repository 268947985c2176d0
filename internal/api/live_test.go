package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// picture is a live picture that the test draws.
type picture struct {
	mu      sync.Mutex
	current load.Snapshot
	readers map[chan load.Snapshot]bool
}

func newPicture() *picture { return &picture{readers: map[chan load.Snapshot]bool{}} }

func (p *picture) Snapshot() load.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

func (p *picture) Series(load.SeriesQuery) (load.Series, error) {
	return load.Series{Step: 1, Points: []load.SeriesPoint{{Second: p.Snapshot().Second}}}, nil
}

func (p *picture) Subscribe() (<-chan load.Snapshot, func()) {
	c := make(chan load.Snapshot, 10)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readers[c] = true
	return c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.readers, c)
	}
}

func (p *picture) draw(second int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = load.Snapshot{Second: second, Status: load.Running}
	for c := range p.readers {
		c <- p.current
	}
}

// finish ends the picture as a collector does when its run is over.
func (p *picture) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.readers {
		close(c)
		delete(p.readers, c)
	}
}

func (p *picture) watched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.readers)
}

// viewer reads a live stream.
type viewer struct {
	t     *testing.T
	lines *bufio.Scanner
	end   context.CancelFunc
}

func (b *bench) watch(t *testing.T, id, query string, header ...string) *viewer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+prefix+"/runs/"+id+"/live"+query, nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+b.tokens[load.Viewer])
	if len(header) == 2 {
		req.Header.Set(header[0], header[1])
	}
	res, err := b.Client().Do(req)
	must(t, err)
	t.Cleanup(func() { _ = res.Body.Close() }) // cut off by then
	if kind := res.Header.Get("Content-Type"); res.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("the stream is %d %s", res.StatusCode, kind)
	}
	return &viewer{t, bufio.NewScanner(res.Body), cancel}
}

// next is the next message as one line: "event id data".
func (v *viewer) next() string {
	v.t.Helper()
	var parts []string
	for v.lines.Scan() {
		text := v.lines.Text()
		if text == "" && len(parts) > 0 {
			return strings.Join(parts, " ")
		}
		if _, value, ok := strings.Cut(text, ": "); ok && text[0] != ':' {
			parts = append(parts, value)
		}
	}
	return "EOF"
}

// want reads messages until one begins so, and returns it; those before it may
// only be of the kinds named.
func (v *viewer) want(start string, among ...string) string {
	v.t.Helper()
	for {
		got := v.next()
		if strings.HasPrefix(got, start) {
			return got
		}
		kind, _, _ := strings.Cut(got, " ")
		allowed := false
		for _, a := range among {
			allowed = allowed || a == kind
		}
		if !allowed {
			v.t.Fatalf("the stream says %q, want %q", got, start)
		}
	}
}

// TestLiveStream follows a run from before its start to its end.
func TestLiveStream(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	v := b.watch(t, id, "")
	v.want(`status {"id":"` + id)
	v.want(`event 1 {`)
	b.move(t, id, load.Provisioning)
	if got := v.want(`status `); !strings.Contains(got, `"provisioning"`) {
		t.Errorf("the status is %s", got)
	}
	p := newPicture()
	b.mu.Lock()
	b.pictures[id] = p
	b.mu.Unlock()
	for p.watched() == 0 {
		time.Sleep(time.Millisecond)
	}
	b.move(t, id, load.Running)
	p.draw(0)
	p.draw(1)
	v.want(`snapshot {"run":"","status":"running","second":0`, "status")
	v.want(`snapshot {"run":"","status":"running","second":1`, "status")
	_, err := b.store.AddEvent(t.Context(), load.Event{Run: id, Kind: "task", Text: "line\nbreak"})
	must(t, err)
	if got := v.want(`event 2 `, "status"); !strings.Contains(got, `line\nbreak`) {
		t.Errorf("the event is %s", got)
	}
	b.run(t, []row{{"series of a live run", "viewer", "GET /runs/" + id + "/series", "", nil, 200, []string{`"second":1`}, nil}})

	late := b.watch(t, id, "?after=1") // one who comes later sees the present at once
	late.want(`status `)
	late.want(`event 2 `)
	late.want(`snapshot {"run":"","status":"running","second":1`)

	p.finish()
	b.mu.Lock()
	delete(b.pictures, id)
	b.mu.Unlock()
	_, err = b.store.AddEvent(t.Context(), load.Event{Run: id, Kind: "status", Text: "ended"})
	must(t, err)
	b.move(t, id, load.Ended)
	for _, reader := range []*viewer{v, late} {
		reader.want(`event 3 `, "status")
		if got := reader.want(`end {`, "status"); !strings.Contains(got, `"status":"ended"`) {
			t.Errorf("the end is %s", got)
		}
		if got := reader.next(); got != "EOF" {
			t.Errorf("after the end comes %q", got)
		}
	}
}

func TestLiveOfAnEndedRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	for range 3 {
		_, err := b.store.AddEvent(t.Context(), load.Event{Run: id, Text: "x"})
		must(t, err)
	}
	b.move(t, id, load.Ended)
	v := b.watch(t, id, "", "Last-Event-ID", "2")
	v.want(`status `)
	v.want(`event 3 `)
	v.want(`event 4 `)
	v.want(`end `)
	if got := v.next(); got != "EOF" {
		t.Errorf("after the end comes %q", got)
	}
	b.run(t, []row{
		{"unknown", "viewer", "GET /runs/none/live", "", nil, 404, nil, nil},
		{"stranger", "", "GET /runs/" + id + "/live", "", nil, 401, nil, nil},
	})
}

// TestLiveReaderLeaves: a reader who goes leaves nothing behind.
func TestLiveReaderLeaves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.startRun(t)
	b.move(t, id, load.Running)
	p := newPicture()
	b.pictures[id] = p
	v := b.watch(t, id, "")
	v.want(`snapshot `, "status", "event")
	v.end()
	for deadline := time.Now().Add(20 * time.Second); p.watched() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the subscription outlived its reader")
		}
	}
}

// TestLiveKeepsAlive: a quiet stream says something now and then.
func TestLiveKeepsAlive(t *testing.T) {
	t.Parallel()
	rec := &flushRecorder{header: http.Header{}}
	s := newStream(rec)
	must(t, s.send("status", 0, map[string]string{"a": "b"}))
	must(t, s.keepAlive(s.last.Add(keepAlive-time.Second)))
	if strings.Contains(rec.String(), ": still here") {
		t.Error("it spoke too early")
	}
	must(t, s.keepAlive(s.last.Add(keepAlive)))
	if want := "event: status\ndata: {\"a\":\"b\"}\n\n: still here\n\n"; rec.String() != want {
		t.Errorf("the stream is %q, want %q", rec.String(), want)
	}
}

// flushRecorder is the writer's end of a connection.
type flushRecorder struct {
	strings.Builder
	header http.Header
}

func (f *flushRecorder) Header() http.Header                { return f.header }
func (f *flushRecorder) WriteHeader(int)                    {}
func (f *flushRecorder) Flush()                             {}
func (f *flushRecorder) SetWriteDeadline(_ time.Time) error { return nil }
