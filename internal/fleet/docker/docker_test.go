package docker_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/docker"
	"onrush.dev/onrush/internal/fleet/fleettest"
	"onrush.dev/onrush/internal/load"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	host := engineHost(t)
	api := dial(t, host)
	root := t.TempDir()
	fleettest.Run(t, fleettest.Harness{
		New: func(t *testing.T, limit int) fleet.Driver {
			p := place(t, host)
			p.Limit, p.Dir = limit, root
			return open(t, p)
		},
		Patience: time.Minute,
		Left:     func(t *testing.T, run string) []string { return left(t, api, root, run) },
		Kill:     func(t *testing.T, i fleet.Instance) { kill(t, api, i.ID) },
		Foreign: func(t *testing.T) fleet.Driver {
			p := place(t, host)
			p.Server = "other-" + p.Server
			return open(t, p)
		},
		Image: "onrush-test/not-there:1",
	})
}

// left is what an engine and the driver's state folder have of a run.
func left(t *testing.T, api *client.Client, root, run string) []string {
	t.Helper()
	got, err := api.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", "onrush.run="+run)})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range got.Items {
		list = append(list, strings.Join(c.Names, " ")+" "+string(c.State))
	}
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.Contains(filepath.Base(path), run) {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func kill(t *testing.T, api *client.Client, id string) {
	t.Helper()
	if _, err := api.ContainerKill(t.Context(), id, client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil {
		t.Fatal(err)
	}
}

// engineHost is the engine that the tests may use.
func engineHost(t *testing.T) string {
	t.Helper()
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		if testing.Short() {
			t.Skip("needs a Docker engine: scripts/components/docker up")
		}
		t.Fatal("DOCKER_HOST names no engine: export $(scripts/components/docker up)")
	}
	return host
}

func dial(t *testing.T, host string) *client.Client {
	t.Helper()
	api, err := client.New(client.WithHost(host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.Close(); err != nil {
			t.Error(err)
		}
	})
	return api
}

// place is a region of its own for a test, on the given engines, whose tasks
// run fleettest.Program.
func place(t *testing.T, hosts ...string) fleet.Place {
	t.Helper()
	for _, host := range hosts {
		if !strings.Contains(host, "down") {
			loadProgram(t, host)
		}
	}
	return fleet.Place{
		Region: load.Region{
			Name: "eu", Driver: "docker", Image: programImage,
			Settings: map[string]string{"hosts": strings.Join(hosts, ","), "pull": "never"},
		},
		Server: fmt.Sprintf("%x", sha256.Sum256([]byte(t.Name()+fmt.Sprint(os.Getpid()))))[:12],
		Dir:    t.TempDir(),
	}
}

func open(t *testing.T, p fleet.Place, change ...func(*docker.Options)) *docker.Driver {
	t.Helper()
	o, err := docker.ReadOptions(p)
	if err != nil {
		t.Fatal(err)
	}
	o.Grace = 500 * time.Millisecond
	for _, c := range change {
		c(&o)
	}
	d, err := docker.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

const programImage = "onrush-test/program:1"

// programLoaded remembers the engines that have the image.
var programLoaded sync.Map

// loadProgram makes an image from busybox and fleettest.Program, on one engine.
func loadProgram(t *testing.T, host string) {
	t.Helper()
	once, _ := programLoaded.LoadOrStore(host, &sync.Once{})
	once.(*sync.Once).Do(func() { importImage(t, dial(t, host), programImage, scriptPart+fleettest.Program) })
}

// importImage makes an image of one layer, that runs a shell script.
func importImage(t *testing.T, api *client.Client, name, script string, changes ...string) {
	t.Helper()
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("%v: scripts/components/docker up installs it", err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	add := func(h tar.Header, data []byte) {
		h.Size = int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	add(tar.Header{Name: "bin/busybox", Mode: 0o755}, busybox)
	for _, applet := range []string{"sh", "sleep", "dd", "cat", "id", "date", "tail", "nslookup", "ls", "wc"} {
		add(tar.Header{Name: "bin/" + applet, Typeflag: tar.TypeSymlink, Linkname: "busybox"}, nil)
	}
	add(tar.Header{Name: "program", Mode: 0o644}, []byte(script))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	stream, err := api.ImageImport(t.Context(), client.ImageImportSource{Source: &layer, SourceName: "-"}, name,
		client.ImageImportOptions{Changes: append([]string{`ENTRYPOINT ["/bin/sh","/program"]`, `ENV PATH=/bin`}, changes...)})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	said, err := io.ReadAll(stream)
	if err != nil || bytes.Contains(said, []byte(`"error"`)) {
		t.Fatalf("import of %s: %v: %s", name, err, said)
	}
}

// scriptPart lets a ticket be the script that a task runs.
const scriptPart = `
case "$ONRUSH_TICKET" in
script:*) eval "${ONRUSH_TICKET#script:}"; exit ;;
esac
`

// newRun is a run of its own for a test; what is left of it is stopped.
func newRun(t *testing.T, d *docker.Driver) string {
	t.Helper()
	run := fmt.Sprintf("run-%d", time.Now().UnixNano())
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no grace
		if err := d.Stop(ctx, run); err != nil {
			t.Error(err)
		}
	})
	return run
}

// specs makes a spec per task that plays the given part.
func specs(run, part string, tasks ...string) []fleet.TaskSpec {
	var list []fleet.TaskSpec
	for _, task := range tasks {
		list = append(list, fleet.TaskSpec{Run: run, Task: task, Region: "eu", Ticket: part})
	}
	return list
}

func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("eu-%d", i+1)
	}
	return list
}

// start starts tasks and wants all of them started.
func start(t *testing.T, d *docker.Driver, list []fleet.TaskSpec) []fleet.Started {
	t.Helper()
	answers, err := d.Start(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if a.Err != nil || a.Instance == "" {
			t.Fatalf("task %s: instance %q, %v", list[i].Task, a.Instance, a.Err)
		}
	}
	return answers
}

// instances lists a run by task, each of them once.
func instances(t *testing.T, d *docker.Driver, run string) map[string]fleet.Instance {
	t.Helper()
	list, err := d.List(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]fleet.Instance{}
	for _, i := range list {
		if _, twice := found[i.Task]; twice {
			t.Errorf("task %s is there twice", i.Task)
		}
		found[i.Task] = i
	}
	return found
}

const patience = time.Minute

// await waits for something that will be so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after %s: %s", patience, what)
		}
	}
}

// output waits for a task's end and returns what it wrote.
func output(t *testing.T, d *docker.Driver, run, task string) string {
	t.Helper()
	await(t, "the end of "+task, func() bool { return instances(t, d, run)[task].State == fleet.Gone })
	log, err := d.Logs(t.Context(), run, task, false)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	text, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
