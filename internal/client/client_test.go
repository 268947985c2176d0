package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/api"
	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/blob/files"
	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/regions"
	"onrush.dev/onrush/internal/store"
)

const shop = `name: shop
requests:
  - url: http://127.0.0.1:8090/fast
load:
  users: 3
  duration: 10s
`

const withData = shop + `data:
  - file: users.csv
`

// bench is a client of the real API over a real store.
type bench struct {
	*client.Client
	server *httptest.Server
	store  *store.Store

	mu    sync.Mutex
	calls []string // method and path of every request
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{}
	dir := t.TempDir()
	var err error
	b.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "db"))
	must(t, err)
	t.Cleanup(func() { must(t, b.store.Close()) })
	bucket, err := files.Open(filepath.Join(dir, "blob"))
	must(t, err)
	t.Cleanup(func() { must(t, bucket.Close()) })
	service := auth.New(auth.Options{Store: b.store})
	must(t, service.CreateUser(t.Context(), "ann", "a long password", load.Operator))
	token, _, err := service.CreateToken(t.Context(), "ann", "", "", 0)
	must(t, err)
	manage := regions.New(regions.Options{Store: b.store, Book: book{b.store, dir}, Drivers: all.Drivers(), Control: planner{}, ServerURL: func(load.Region) (string, string) { return "", "" }})
	t.Cleanup(manage.Close)
	handler := api.New(api.Options{
		Regions: manage,
		Store:   b.store, Blob: bucket, Auth: service, Control: planner{}, Version: "v1", LivePoll: 5 * time.Millisecond,
		Live:       func(string) (api.Picture, bool) { return nil, false },
		OpenSeries: func(io.ReaderAt, int64) (api.SeriesFile, error) { return nil, errors.New("not here") },
		Logs: func(context.Context, load.Run, string, bool) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("log")), nil
		},
		Links: api.NewLinks([]byte("key"), time.Minute, nil),
	})
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.calls = append(b.calls, r.Method+" "+r.URL.Path)
		b.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(b.server.Close)
	b.Client = client.New(b.server.URL+"/", token)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code load.Code) {
	t.Helper()
	if err == nil || load.ErrorCode(err) != code {
		t.Fatalf("error is %v (%s), want code %s", err, load.ErrorCode(err), code)
	}
}

// count says how often a request was made.
func (b *bench) count(call string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if c == call {
			n++
		}
	}
	return n
}

// planner plans as control does, with one region.
type planner struct{}

func (planner) Plan(_ context.Context, s load.Scenario, _ map[string]string) (*load.Plan, error) {
	in := load.PlanInput{
		Scenario: load.WithDefaults(s), Capacity: map[string]load.Capacity{"local": {}}, Data: map[string]load.DataFacts{},
		Regions: map[string]load.Region{"local": {Name: "local", Driver: "local"}},
	}
	for _, d := range s.Data {
		in.Data[d.File] = load.DataFacts{Columns: []string{"id"}, Rows: 3}
	}
	return load.NewPlan(in)
}

func (planner) Wake(string) {}

func (planner) Room(context.Context, string, int, int) error { return nil }

func TestScenarios(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	put, err := b.PutScenario(ctx, "shop", client.Source{Source: shop})
	must(t, err)
	if !put.Created || !put.Changed || put.Version != 1 {
		t.Errorf("the first put says %+v", put)
	}
	if put, err = b.PutScenario(ctx, "shop", client.Source{Source: shop}); err != nil || put.Created || put.Changed {
		t.Errorf("the second put says %+v, %v", put, err)
	}
	got, err := b.Scenario(ctx, "shop")
	if err != nil || got.Source != shop || got.Scenario.Load.Users != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	list, err := b.Scenarios(ctx, load.ScenarioFilter{Search: "sho"})
	if err != nil || len(list) != 1 || list[0].Name != "shop" {
		t.Errorf("the list is %+v, %v", list, err)
	}
	plan, err := b.Plan(ctx, client.Source{Source: shop})
	if err != nil || plan.Users != 3 || time.Duration(plan.Duration) != 10*time.Second {
		t.Errorf("the plan is %+v, %v", plan, err)
	}
	if plan, err = b.PlanSaved(ctx, "shop"); err != nil || plan.Users != 3 {
		t.Errorf("the saved plan is %+v, %v", plan, err)
	}
	problems, err := b.CheckScenario(ctx, client.Source{Source: shop + "x: 1\n"})
	if err != nil || len(problems) != 1 || problems[0].Line != 7 {
		t.Errorf("the check finds %+v, %v", problems, err)
	}
	must(t, b.DeleteScenario(ctx, "shop"))
	wantCode(t, b.DeleteScenario(ctx, "shop"), load.NotFound)
}

// TestFaults: an error is on this side what it was on the other.
func TestFaults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.PutScenario(t.Context(), "shop", client.Source{Source: strings.Replace(shop, "users", "usres", 1)})
	wantCode(t, err, load.Invalid)
	problems := load.Problems(err)
	if len(problems) == 0 || problems[0].Line != 5 || !strings.Contains(problems[0].String(), "usres") {
		t.Errorf("the problems are %+v", problems)
	}
	_, err = b.Run(t.Context(), "a/../b?c#d")
	wantCode(t, err, load.NotFound)
	_, err = client.New(b.server.URL, "wrong").Me(t.Context())
	wantCode(t, err, load.Unauthorized)

	other := httptest.NewServer(http.NotFoundHandler())
	_, err = client.New(other.URL, "").Version(t.Context())
	if wantCode(t, err, load.NotFound); !strings.Contains(err.Error(), "Onrush server") {
		t.Errorf("another server's 404 says %v", err)
	}
	other.Close()
	_, err = client.New(other.URL, "").Version(t.Context())
	wantCode(t, err, load.Unavailable)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = b.Version(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context's end: %v", err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stranger := client.New(b.server.URL, "")
	_, err := stranger.Login(t.Context(), "ann", "wrong")
	wantCode(t, err, load.Unauthorized)
	token, err := stranger.Login(t.Context(), "ann", "a long password")
	must(t, err)
	me, err := client.New(b.server.URL, token).Me(t.Context())
	if err != nil || me.Name != "ann" || me.Role != load.Operator {
		t.Errorf("the token is %+v, %v", me, err)
	}
	sessions, err := b.store.Tokens(t.Context(), "ann", load.SessionToken)
	if err != nil || len(sessions) != 0 {
		t.Errorf("the login left sessions: %v, %v", sessions, err)
	}
	if v, err := stranger.Version(t.Context()); v != "v1" || err != nil {
		t.Errorf("version %q, %v", v, err)
	}
}

func TestUploadSkipsWhatIsThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := bytes.NewReader([]byte("id\n1\n"))
	var stored load.StoredFile
	for range 2 {
		_, err := file.Seek(2, io.SeekStart) // wherever it stands
		must(t, err)
		got, err := b.UploadFile(t.Context(), file)
		must(t, err)
		if got.Size != 5 || stored.SHA256 != "" && got != stored {
			t.Errorf("stored %+v", got)
		}
		stored = got
	}
	if n := b.count("POST /api/v1/files"); n != 1 {
		t.Errorf("the file was sent %d times", n)
	}
	source := client.Source{Source: withData, Files: map[string]string{"users.csv": stored.SHA256}}
	if _, err := b.PutScenario(t.Context(), "shop", source); err != nil {
		t.Error(err)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	run, err := b.StartRun(ctx, client.StartRun{Source: shop, Note: "n"})
	must(t, err)
	if got, err := b.Run(ctx, run.ID); err != nil || got.Note != "n" || got.Plan.Users != 3 {
		t.Errorf("the run is %+v, %v", got, err)
	}
	for _, f := range []load.RunFilter{{}, {Scenario: "shop", Limit: 5}, {Status: []load.Status{load.Ended, load.Queued}}} {
		if list, err := b.Runs(ctx, f); err != nil || len(list) != 1 || list[0].ID != run.ID {
			t.Errorf("%+v lists %+v, %v", f, list, err)
		}
	}
	if list, err := b.Runs(ctx, load.RunFilter{Status: []load.Status{load.Ended, load.Running}}); err != nil || len(list) != 0 {
		t.Errorf("other statuses list %+v, %v", list, err)
	}
	wantCode(t, b.PauseRun(ctx, run.ID), load.Conflict)
	b.move(t, run.ID, load.Running)
	must(t, b.PauseRun(ctx, run.ID))
	must(t, b.ResumeRun(ctx, run.ID))
	must(t, b.ChangeLoad(ctx, run.ID, client.Load{TotalUsers: 7}))
	wantCode(t, b.ChangeLoad(ctx, run.ID, client.Load{Rate: 7}), load.Invalid)
	must(t, b.StopRun(ctx, run.ID, "now"))
	intents, err := b.store.Intents(ctx, run.ID, 0)
	must(t, err)
	var kinds []string
	for _, in := range intents {
		kinds = append(kinds, string(in.Kind))
	}
	if got := strings.Join(kinds, " "); got != "pause resume level stop" || intents[2].Level != 7 {
		t.Errorf("the intents are %s, %+v", got, intents)
	}
	must(t, b.store.PutTasks(ctx, []load.Task{{Run: run.ID, Name: "local-1"}}))
	must(t, b.store.PutReport(ctx, run.ID, &load.Report{Total: load.Figures{Requests: 9}}))
	b.move(t, run.ID, load.Ended)
	report, err1 := b.Report(ctx, run.ID)
	tasks, err2 := b.Tasks(ctx, run.ID)
	events, err3 := b.Events(ctx, run.ID, 0)
	log, err4 := b.TaskLog(ctx, run.ID, "local-1")
	followed := ""
	must(t, b.FollowLog(ctx, run.ID, "local-1", func(text string) { followed += text }))
	if followed != "log" {
		t.Errorf("followed %q", followed)
	}
	series, err5 := b.Series(ctx, run.ID, load.SeriesQuery{Points: 5})
	must(t, errors.Join(err1, err2, err3, err4, err5))
	if report.Total.Requests != 9 || len(tasks) != 1 || len(events) != 1 || string(log) != "log" || series.Step != 1 {
		t.Errorf("read %+v %v %v %q %v", report.Total, tasks, events, log, series)
	}
	wantCode(t, b.SeriesFile(ctx, run.ID, io.Discard), load.NotFound)
	must(t, b.DeleteRun(ctx, run.ID))
	_, err = b.Run(ctx, run.ID)
	wantCode(t, err, load.NotFound)
}

func (b *bench) move(t *testing.T, id string, to load.Status) {
	t.Helper()
	_, err := b.store.UpdateRun(t.Context(), id, "", func(r *load.Run) error { r.Status = to; return nil })
	must(t, err)
}

// ear keeps what a watch says.
type ear struct {
	heard chan string
}

func (e ear) Snapshot(load.Snapshot) { e.heard <- "snapshot" }
func (e ear) Event(v load.Event)     { e.heard <- v.Text }
func (e ear) Status(r wire.RunItem)  { e.heard <- string(r.Status) }
func (e ear) Lost(error)             { e.heard <- "lost" }

// TestWatchReconnects cuts the stream in mid-run: the watch goes on where it
// was, and hears every event once.
func TestWatchReconnects(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, err := b.StartRun(t.Context(), client.StartRun{Source: shop})
	must(t, err)
	e := ear{make(chan string, 1000)}
	done := make(chan error, 1)
	go func() { done <- b.Watch(t.Context(), run.ID, e) }()
	wait := func(want string) {
		t.Helper()
		for {
			select {
			case got := <-e.heard:
				if got == want {
					return
				}
				if !slices.Contains([]string{"queued", "lost"}, got) {
					t.Fatalf("heard %q, want %q", got, want)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("never heard %q", want)
			}
		}
	}
	wait("queued: started by ann")
	for _, text := range []string{"one", "two", "three"} {
		b.server.CloseClientConnections()
		_, err := b.store.AddEvent(t.Context(), load.Event{Run: run.ID, Text: text})
		must(t, err)
		wait(text)
	}
	b.move(t, run.ID, load.Ended)
	wait("ended")
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("the watch goes on after the run's end")
	}
	if n := b.count("GET /api/v1/runs/" + run.ID + "/live"); n < 2 {
		t.Errorf("the stream was opened %d times: it was never cut", n)
	}
}

func TestWatchGivesUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := ear{make(chan string, 1000)}
	wantCode(t, b.Watch(t.Context(), "none", e), load.NotFound)
	run, err := b.StartRun(t.Context(), client.StartRun{Source: shop})
	must(t, err)
	wantCode(t, client.New(b.server.URL, "").Watch(t.Context(), run.ID, e), load.Unauthorized)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-e.heard; cancel() }()
	if err := b.Watch(ctx, run.ID, e); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context's end: %v", err)
	}
}
