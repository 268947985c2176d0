package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/blob/files"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/regions"
	"onrush.dev/onrush/internal/store"
)

// bench is the API over a real store, bucket and auth. What would need a whole
// server is as small as can be: planner plans on one region of this machine,
// pictures are set by the test.
type bench struct {
	*httptest.Server
	api    *api
	store  *store.Store
	blob   *files.Bucket
	auth   *auth.Service
	plans  *planner
	log    *safeBuffer
	tokens map[load.Role]string

	mu       sync.Mutex
	pictures map[string]Picture
	logs     map[string]string
	now      time.Time
}

const password = "a long password"

func setup(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{
		plans: &planner{}, log: &safeBuffer{}, tokens: map[load.Role]string{},
		pictures: map[string]Picture{}, logs: map[string]string{}, now: time.Now().UTC(),
	}
	dir := t.TempDir()
	var err error
	if b.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, b.store.Close()) })
	if b.blob, err = files.Open(filepath.Join(dir, "blob")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, b.blob.Close()) })
	log := slog.New(slog.NewTextHandler(b.log, nil))
	manage := regions.New(regions.Options{
		Store: b.store, Book: &book{b.store, dir}, Drivers: drivers(), Control: b.plans, Log: log,
		ServerURL: func(load.Region) (string, string) { return "", "" },
	})
	t.Cleanup(manage.Close)
	b.auth = auth.New(auth.Options{Store: b.store, Log: log})
	o := Options{
		Store: b.store, Blob: b.blob, Auth: b.auth, Control: b.plans, Regions: manage, Live: b.live, OpenSeries: openSeries,
		Logs: b.taskLog, Links: NewLinks([]byte("key"), time.Minute, b.clock), MaxUpload: 1000, Version: "v1.2.3",
		Log: log, Now: b.clock, LivePoll: 5 * time.Millisecond, Console: http.HandlerFunc(console),
	}
	for _, c := range change {
		c(&o)
	}
	var mux *http.ServeMux
	b.api, mux = build(o)
	b.Server = httptest.NewServer(b.api.wrap(mux))
	t.Cleanup(b.Close)
	for _, role := range []load.Role{load.Viewer, load.Operator, load.Admin} {
		must(t, b.store.CreateUser(t.Context(), load.User{Name: string(role), Role: role}, "")) // a hash is slow
		secret, _, err := b.auth.CreateToken(t.Context(), string(role), "", "", 0)
		must(t, err)
		b.tokens[role] = secret
	}
	return b
}

func console(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<title>console") }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock moves a little with every look, so that nothing happens at once.
func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(time.Millisecond)
	return b.now
}

func (b *bench) live(run string) (Picture, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.pictures[run]
	return p, ok
}

func (b *bench) taskLog(_ context.Context, run load.Run, task string, _ bool) (io.ReadCloser, error) {
	text, ok := b.logs[run.ID+"/"+task]
	if !ok {
		return nil, load.Errorf(load.NotFound, "no such task")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// planner plans as control does, with one region that takes all tasks.
type planner struct {
	mu    sync.Mutex
	woken []string
}

func (p *planner) Plan(_ context.Context, s load.Scenario, _ map[string]string) (*load.Plan, error) {
	local := load.Region{Name: "local", Driver: "local"}
	data := map[string]load.DataFacts{}
	for _, d := range s.Data {
		data[d.File] = load.DataFacts{Columns: []string{"id"}, Rows: 3}
	}
	return load.NewPlan(load.PlanInput{
		Scenario: load.WithDefaults(s), Regions: map[string]load.Region{"local": local},
		Capacity: map[string]load.Capacity{"local": {}}, Data: data,
	})
}

func (p *planner) Room(_ context.Context, region string, tasks, _ int) error {
	if tasks > 5 {
		return load.Errorf(load.Conflict, "region %s allows one run at most 5 tasks", region)
	}
	return nil
}

func (p *planner) Wake(run string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.woken = append(p.woken, run)
}

// seriesText is a series file that says what it was asked.
type seriesText string

func openSeries(r io.ReaderAt, size int64) (SeriesFile, error) {
	raw, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	return seriesText(raw), err
}

func (s seriesText) Query(q load.SeriesQuery) (load.Series, error) {
	return load.Series{Step: q.Points, Points: []load.SeriesPoint{{Second: q.From, Requests: int64(len(s))}}}, nil
}

// safeBuffer is a log that handlers write while the test reads.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// row is one request and what its answer must be. Rows of one test follow each
// other: later ones see what earlier ones did.
type row struct {
	name   string
	as     load.Role // empty: without credentials
	do     string    // "METHOD /path below /api/v1"
	body   string
	header map[string]string
	status int
	has    []string // the answer holds all of these
	lacks  []string // and none of these
}

func (b *bench) run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		res, text := b.send(t, r)
		if res.StatusCode != r.status {
			t.Errorf("%s: %s gave %d, want %d: %s", r.name, r.do, res.StatusCode, r.status, text)
			continue
		}
		for _, want := range r.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the answer to %s has no %s:\n%s", r.name, r.do, want, text)
			}
		}
		for _, bad := range r.lacks {
			if strings.Contains(text, bad) {
				t.Errorf("%s: the answer to %s has %s:\n%s", r.name, r.do, bad, text)
			}
		}
		if kind := res.Header.Get("Content-Type"); r.status >= 400 && kind != "application/problem+json" {
			t.Errorf("%s: the fault of %s is a %s", r.name, r.do, kind)
		}
	}
}

func (b *bench) send(t *testing.T, r row) (*http.Response, string) {
	t.Helper()
	method, path, _ := strings.Cut(r.do, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, b.URL+prefix+path, strings.NewReader(r.body))
	must(t, err)
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.as != "" {
		req.Header.Set("Authorization", "Bearer "+b.tokens[r.as])
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	res, err := b.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	return res, string(text)
}
