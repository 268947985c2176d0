package jmeter_test

import (
	"archive/zip"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/engine/jmeter"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// target counts what reaches it, by path and query.
type target struct {
	*httptest.Server
	mu    sync.Mutex
	hits  map[string]int
	first time.Time
}

func newTarget(t *testing.T) *target {
	t.Helper()
	s := &target{hits: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.first.IsZero() {
			s.first = time.Now()
		}
		s.hits[r.URL.RequestURI()]++
		s.mu.Unlock()
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/there":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html><body><img src='/a.png'></body></html>"))
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/slow":
			select {
			case <-time.After(20 * time.Second):
			case <-r.Context().Done():
			}
		default:
			_, _ = w.Write([]byte(strings.Repeat("x", 1000)))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *target) count(uri string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[uri]
}

func (s *target) properties() map[string]string {
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	return map[string]string{"host": host, "port": port}
}

// task makes a task of files, the plan first, that lie in a zip.
func task(t *testing.T, order load.Order, files map[string]string) *enginetest.Task {
	t.Helper()
	order.Scenario.Engine, order.Scenario.Script, order.Scenario.Name = jmeter.Name, "plan.zip", "jmeter"
	order.Scenario = load.WithDefaults(order.Scenario)
	order.Profile = load.Profile{Points: []load.Point{{}}, Endless: true}
	order.Model = load.Closed
	k := enginetest.NewTask(t, jmeter.New(), order)
	k.Job.Output = t.Output()
	out, err := os.Create(engine.FilePath(k.Job.Dir, "plan.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return k
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The whole way: two tasks with shares of the users, data split between them,
// redirects and embedded resources, both kinds of transactions, failures.
func TestTwoTasksMakeThePlansLoadOnce(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	people := "who\nann\nbob\ncid\ndan\n"
	var tasks []*enginetest.Task
	groups := []load.ShareGroup{{Tasks: 2, Weight: 1}}
	for i := range 2 {
		k := task(t, load.Order{
			Scenario: load.Scenario{
				Properties: server.properties(),
				Data:       []load.Data{{File: "people.csv", Sharing: load.DataSplit}},
			},
			Share: load.Share{Groups: groups, Index: i}, Index: i, Count: 2,
			Secrets: map[string]string{"TOKEN": "hush-hush"}, // the plan sends it in a URL
		}, map[string]string{"plan.jmx": read(t, "shop.jmx")})
		if err := os.WriteFile(engine.FilePath(k.Job.Dir, "people.csv"), []byte(people), 0o600); err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, k)
	}
	prepareTogether(t, tasks)
	if n := len(server.hits); n != 0 {
		t.Fatalf("%d requests reached the target before the start: %v", n, server.hits)
	}
	start := time.Now().Add(300 * time.Millisecond)
	for _, k := range tasks {
		k.Begin(start)
	}
	totals := []enginetest.Total{tasks[0].Wait(), tasks[1].Wait()}
	if d := server.first.Sub(start); d < -5*time.Millisecond {
		t.Errorf("the first request came %s before the start", -d)
	} else {
		t.Logf("the first request came %s after the start", d)
	}
	var windows []*load.Window
	for i, k := range tasks {
		if n, ok := k.Engine.(engine.Teller).Counted(); !ok || n != totals[i].Requests {
			t.Errorf("task %d: JMeter itself counted %d (%v), we %d", i, n, ok, totals[i].Requests)
		}
		windows = append(windows, totals[i].Windows...)
	}
	got := enginetest.Sum(windows)
	// Five users, four rounds each; a setUp group in each task.
	want := map[string]int64{"page": 20, "pay-1": 20, "refused": 20, "warm": 2}
	for label, n := range want {
		if got.Labels[label] != n {
			t.Errorf("label %s has %d requests, want %d; all: %v", label, got.Labels[label], n, got.Labels)
		}
	}
	if got.Requests != 62 || got.Causes[load.CauseCheck] != 20 || got.Causes[load.CauseStatus] != 20 || got.Causes[load.CauseRefused] != 20 {
		t.Errorf("got %d requests, causes %v; want 62, and 20 each of check, status, refused", got.Requests, got.Causes)
	}
	if n := server.count("/there"); n != 20 {
		t.Errorf("the target saw %d pages, want 20", n)
	}
	for _, who := range []string{"ann", "bob", "cid", "dan"} {
		if server.count("/moved?who="+who) == 0 {
			t.Errorf("%s of the data was never used: %v", who, server.hits)
		}
	}
	if n := server.count("/warm?token=hush-hush"); n != 2 {
		t.Errorf("the secret reached the target %d times, want 2: %v", n, server.hits)
	}
	checkTransactions(t, windows)
	checkLeft(t, tasks[0])
}

func prepareTogether(t *testing.T, tasks []*enginetest.Task) {
	t.Helper()
	var all sync.WaitGroup
	for _, k := range tasks {
		all.Go(func() {
			if err := k.Engine.Prepare(t.Context(), k.Job); err != nil {
				t.Errorf("Prepare: %v", err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func checkTransactions(t *testing.T, windows []*load.Window) {
	t.Helper()
	n := map[string]int64{}
	for _, w := range windows {
		for _, m := range w.Metrics {
			n[m.Name] += m.N
		}
	}
	for _, name := range []string{"buy (transaction)", "pay (transaction)"} {
		if n[name] != 20 {
			t.Errorf("metric %s has %d values, want 20: %v", name, n[name], n)
		}
	}
	found := false
	for name := range n {
		found = found || strings.HasPrefix(name, "failed: page: ") && strings.Contains(name, "no such text")
	}
	if !found {
		t.Errorf("no sample of the assertion's message in %v", n)
	}
}

func checkLeft(t *testing.T, k *enginetest.Task) {
	t.Helper()
	var names []string
	for _, a := range k.Engine.(engine.Leaver).Artifacts() {
		names = append(names, a.Name)
		data, err := os.ReadFile(a.Path)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(string(data), "hush-hush") {
			t.Errorf("%s shows the secret", a.Name)
		}
	}
	for _, want := range []string{"jmeter.log", "samples.jtl", "files/left.csv"} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("artifacts are %v, want %s among them", names, want)
		}
	}
}

// Every kind of thread group, cut in two: JMeter takes what is written.
func TestEveryKindOfGroupIsShared(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	var windows []*load.Window
	for i := range 2 {
		k := task(t, load.Order{
			Scenario: load.Scenario{Properties: server.properties()},
			Share:    load.Share{Groups: []load.ShareGroup{{Tasks: 2, Weight: 1}}, Index: i}, Index: i, Count: 2,
		}, map[string]string{"plan.jmx": read(t, "kinds.jmx")})
		k.Start(time.Now().Add(50 * time.Millisecond))
		got := k.Wait()
		if n, ok := k.Engine.(engine.Teller).Counted(); !ok || n != got.Requests {
			t.Errorf("task %d: JMeter itself counted %d (%v), we %d", i, n, ok, got.Requests)
		}
		windows = append(windows, got.Windows...)
	}
	got := enginetest.Sum(windows)
	for _, label := range []string{"ultimate", "stepping", "concurrency", "arrivals", "freeform", "open model"} {
		if got.Labels[label] == 0 {
			t.Errorf("group %s made no request", label)
		}
	}
	// Each task makes its half of ten arrivals a second for two seconds; both
	// making all of it would be forty.
	if n := got.Labels["open model"]; n > 20 {
		t.Errorf("the open model made %d arrivals, want at most 20", n)
	}
	if n := got.Labels["one thread"]; n != 7 {
		t.Errorf("the group of one thread made %d requests, want its 7 once", n)
	}
}

// classes finds elements without the attributes that JMeter wants.
var classes = regexp.MustCompile(`<([\w.]+) (enabled="false" )?testname=`)

// planned gives a plan's elements the attributes that JMeter wants.
func planned(plan string) string {
	return classes.ReplaceAllString(plan, `<$1 ${2}guiclass="Gui" testclass="$1" testname=`)
}

// endless is a plan of two users, each asking for a path again and again.
func endless(path string) string {
	return `<jmeterTestPlan version="1.2"><hashTree><TestPlan testname="p"/><hashTree>
<ThreadGroup testname="g"><stringProp name="ThreadGroup.num_threads">2</stringProp><elementProp name="ThreadGroup.main_controller" elementType="LoopController"><boolProp name="LoopController.continue_forever">false</boolProp><intProp name="LoopController.loops">-1</intProp></elementProp></ThreadGroup>
<hashTree><HTTPSamplerProxy testname="get"><stringProp name="HTTPSampler.domain">${__P(host)}</stringProp><stringProp name="HTTPSampler.port">${__P(port)}</stringProp><stringProp name="HTTPSampler.path">` + path + `</stringProp><stringProp name="HTTPSampler.method">GET</stringProp></HTTPSamplerProxy><hashTree/></hashTree>
<PostThreadGroup testname="after"><stringProp name="ThreadGroup.num_threads">1</stringProp><elementProp name="ThreadGroup.main_controller" elementType="LoopController"><boolProp name="LoopController.continue_forever">false</boolProp><intProp name="LoopController.loops">1</intProp></elementProp></PostThreadGroup>
<hashTree><HTTPSamplerProxy testname="bye"><stringProp name="HTTPSampler.domain">${__P(host)}</stringProp><stringProp name="HTTPSampler.port">${__P(port)}</stringProp><stringProp name="HTTPSampler.path">/bye</stringProp><stringProp name="HTTPSampler.method">GET</stringProp></HTTPSamplerProxy><hashTree/></hashTree>
</hashTree></hashTree></jmeterTestPlan>`
}

func await(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// The target is known by another name here, which only the scenario's hosts tell.
func TestDrain(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	properties := server.properties()
	properties["host"] = "shop.invalid"
	k := task(t, load.Order{Scenario: load.Scenario{Properties: properties, Connection: load.Connection{Hosts: map[string]string{"shop.invalid": "127.0.0.1"}}}}, map[string]string{"plan.jmx": planned(endless("/"))})
	k.Start(time.Now().Add(50 * time.Millisecond))
	await(t, func() bool { return server.count("/") > 0 })
	k.Change(time.Since(k.Job.Start)+200*time.Millisecond, load.ChangeDrain, 0)
	got := k.Wait()
	if got.Labels["get"] == 0 || got.Failures != 0 {
		t.Errorf("got %d requests, %d failures, want some without a failure", got.Requests, got.Failures)
	}
	if n, ok := k.Engine.(engine.Teller).Counted(); !ok || n != got.Requests {
		t.Errorf("JMeter itself counted %d (%v), we %d", n, ok, got.Requests)
	}
}

func TestStopNowLeavesNothing(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, load.Order{Scenario: load.Scenario{Properties: server.properties()}}, map[string]string{"plan.jmx": planned(endless("/slow"))})
	k.Start(time.Now().Add(50 * time.Millisecond))
	await(t, func() bool { return server.count("/slow") == 2 })
	k.Stop()
	got := k.Wait()
	if got.Failures != got.Causes[load.CauseStopped] {
		t.Errorf("causes are %v, want stopped alone", got.Causes)
	}
	goneFrom(t, k.Job.Dir)
}

// goneFrom finds out whether a process works below dir.
func goneFrom(t *testing.T, dir string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at, dir) {
			t.Errorf("still running: %s", link)
		}
	}
}

// A plan that listens to nobody is ended by force once the drain's bound is over.
func TestAHungJMeterIsEnded(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	plan := strings.Replace(endless("/"), "</HTTPSamplerProxy><hashTree/>", `</HTTPSamplerProxy><hashTree/><JSR223Sampler testname="hangs"><stringProp name="scriptLanguage">groovy</stringProp><stringProp name="script">while (true) { try { Thread.sleep(1000) } catch (InterruptedException e) { } }</stringProp></JSR223Sampler><hashTree/>`, 1)
	k := task(t, load.Order{Scenario: load.Scenario{Properties: server.properties()}, Drain: load.Duration(time.Second)}, map[string]string{"plan.jmx": planned(plan)})
	k.Start(time.Now().Add(50 * time.Millisecond))
	await(t, func() bool { return server.count("/") == 2 })
	k.Change(time.Since(k.Job.Start)+200*time.Millisecond, load.ChangeDrain, 0)
	if got := k.Wait(); got.Labels["get"] != 2 || got.Requests != 2 {
		t.Errorf("got %v, want the two requests before it hung", got.Labels)
	}
	goneFrom(t, k.Job.Dir)
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	two := load.Scenario{Regions: []load.RegionLoad{{Name: "local", Tasks: 2}}}
	sync := strings.Replace(endless("/"), "<PostThreadGroup", `<SyncTimer testname="meet"><intProp name="groupSize">2</intProp></SyncTimer><hashTree/><PostThreadGroup`, 1)
	tests := map[string]struct {
		plan     string
		scenario load.Scenario
		want     string // in the error
	}{
		"no XML":         {"<jmeterTestPlan><hashTree>\n</x>", load.Scenario{}, "plan.jmx: the plan is no XML: line 2"},
		"sync timer":     {sync, two, "per task"},
		"port of a host": {endless("/"), load.Scenario{Connection: load.Connection{Hosts: map[string]string{"a.test": "127.0.0.1:80"}}}, "without a port"},
		"rate":           {endless("/"), load.Scenario{Load: load.Load{Rate: 5, Duration: load.Duration(time.Second)}}, "Arrivals"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := task(t, load.Order{Scenario: test.scenario}, map[string]string{"plan.jmx": test.plan})
			err := k.Engine.Prepare(t.Context(), k.Job)
			if err == nil || load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an invalid error with %q", err, test.want)
			}
		})
	}
}

func TestMissingPluginIsNamed(t *testing.T) {
	t.Parallel()
	plan := strings.Replace(endless("/"), "<PostThreadGroup", `<com.blazemeter.jmeter.http2.core.HTTP2Thing testname="x"/><hashTree/><PostThreadGroup`, 1)
	k := task(t, load.Order{}, map[string]string{"plan.jmx": planned(plan)})
	err := k.Engine.Prepare(t.Context(), k.Job)
	if load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), "HTTP2Thing") || !strings.Contains(err.Error(), "bzm-http2") {
		t.Errorf("got %v, want the class and where it comes from", err)
	}
}

func TestMissingDataIsExplained(t *testing.T) {
	t.Parallel()
	plan := strings.Replace(endless("/"), "<PostThreadGroup", `<CSVDataSet testname="rows"><stringProp name="filename">nowhere.csv</stringProp><stringProp name="variableNames">a</stringProp></CSVDataSet><hashTree/><PostThreadGroup`, 1)
	plan = strings.Replace(plan, "<PostThreadGroup ", `<PostThreadGroup enabled="false" `, 1)
	k := task(t, load.Order{}, map[string]string{"plan.jmx": planned(plan)})
	k.Start(time.Now().Add(50 * time.Millisecond))
	_, err := k.Ended()
	if err == nil || !strings.Contains(err.Error(), "nowhere.csv") {
		t.Errorf("got %v, want the name of the file", err)
	}
	if notes := strings.Join(k.Engine.(engine.Teller).Facts().Notes, "\n"); !strings.Contains(notes, "nowhere.csv") {
		t.Errorf("the plan says nothing of it: %q", notes)
	}
}

// A jar beside the plan takes the place of JMeter's own of that name: here it is
// the same plugin under another version.
func TestJarsBesideThePlanAreUsed(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	home, err := tools.Find(t.Context(), "jmeter")
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(home.Path, "lib", "ext", "jmeter-plugins-dummy-*.jar"))
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	jar, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	plan := strings.Replace(endless("/"), "<PostThreadGroup", `<kg.apc.jmeter.samplers.DummySampler testname="none" enabled="false"/><hashTree/><PostThreadGroup`, 1)
	plan = strings.Replace(plan, "loops\">-1<", "loops\">3<", 1)
	plan = strings.Replace(plan, "<HTTPSamplerProxy testname=\"get\">", `<kg.apc.jmeter.samplers.DummySampler testname="dummy"><boolProp name="WAITING">false</boolProp><boolProp name="SUCCESFULL">true</boolProp><stringProp name="RESPONSE_CODE">200</stringProp><stringProp name="RESPONSE_TIME">12</stringProp></kg.apc.jmeter.samplers.DummySampler><hashTree/><HTTPSamplerProxy testname="get">`, 1)
	k := task(t, load.Order{Scenario: load.Scenario{Properties: server.properties()}}, map[string]string{
		"shop/plan.jmx": planned(plan), "shop/plugins/jmeter-plugins-dummy-9.9.jar": string(jar),
	})
	k.Start(time.Now().Add(50 * time.Millisecond))
	got := k.Wait()
	if got.Labels["dummy"] != 6 || got.Labels["get"] != 6 || got.Failures != 0 {
		t.Errorf("got %v, failures %d, want 6 of each", got.Labels, got.Failures)
	}
	old, err := filepath.Glob(filepath.Join(k.Job.Dir, ".onrush", "home", "lib", "ext", "jmeter-plugins-dummy-*.jar"))
	if err != nil || len(old) > 0 {
		t.Errorf("JMeter's own is there too: %v, %v", old, err)
	}
}

// A heap that is full ends the task with that as the cause.
func TestAFullHeapIsExplained(t *testing.T) {
	t.Parallel()
	plan := strings.Replace(endless("/"), "<HTTPSamplerProxy testname=\"get\">", `<JSR223Sampler testname="hog"><stringProp name="scriptLanguage">groovy</stringProp><stringProp name="script">def all = []; while (true) { all.add(new byte[1 &lt;&lt; 20]) }</stringProp></JSR223Sampler><hashTree/><HTTPSamplerProxy testname="get">`, 1)
	k := task(t, load.Order{Scenario: load.Scenario{Env: map[string]string{"HEAP": "-Xmx64m"}}}, map[string]string{"plan.jmx": planned(plan)})
	k.Start(time.Now().Add(50 * time.Millisecond))
	_, err := k.Ended()
	if err == nil || !strings.Contains(err.Error(), "heap is full") || !strings.Contains(err.Error(), "HEAP") {
		t.Errorf("got %v, want the cause and the remedy", err)
	}
}
