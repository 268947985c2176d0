package images_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// docker runs the command line of the engine for the tests.
func docker(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if os.Getenv("DOCKER_HOST") == "" {
		t.Fatal("DOCKER_HOST is not set: run scripts/components/docker up, and export what it prints")
	}
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// loaded puts an image of the tests into the engine and returns its reference.
func loaded(t *testing.T, name string) string {
	t.Helper()
	built, _, _ := open(t, name+"-"+runtime.GOARCH)
	if out, err := docker(t, "load", "--quiet", "--input", filepath.Join(folder(t), built.File)); err != nil {
		t.Fatalf("load %s: %v\n%s", name, err, out)
	}
	return built.Reference
}

// strict are the bounds under which every image has to do its work.
func strict(args ...string) []string {
	return append([]string{
		"run", "--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "host",
	}, args...)
}

// TestImagesStart: every image starts, as a user without rights, on a root file
// system that nobody can write to.
func TestImagesStart(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"agent": "ONRUSH_TICKET is empty", "agent-k6": "ONRUSH_TICKET is empty", "agent-jmeter": "ONRUSH_TICKET is empty",
		"agent-locust": "ONRUSH_TICKET is empty", "agent-all": "ONRUSH_TICKET is empty",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image := loaded(t, name)
			begin := time.Now()
			out, err := docker(t, strict(image)...)
			if err == nil || !strings.Contains(out, want) {
				t.Errorf("got %v, %q, want %q", err, out, want)
			}
			t.Logf("started and ended in %v", time.Since(begin).Round(time.Millisecond))
		})
	}
}

// TestServerImage: the server answers, finds every tool, writes to /data alone.
func TestServerImage(t *testing.T) {
	t.Parallel()
	image := loaded(t, "server-all")
	name := "onrush-test-server-" + fmt.Sprint(os.Getpid())
	address := "127.0.0.1:" + freePort(t)
	id, err := docker(t, strict("--detach", "--name", name, "--env", "ONRUSH_LISTEN="+address, image)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, id)
	}
	defer exec.Command("docker", "rm", "--force", "--volumes", name).Run()
	url := "http://" + address
	if err := healthy(t, url); err != nil {
		out, _ := docker(t, "logs", name)
		t.Fatalf("%v\n%s", err, out)
	}
	page, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	if page.StatusCode != http.StatusOK || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the console answers %s, %s", page.Status, page.Header.Get("Content-Type"))
	}
	if out, err := docker(t, "exec", name, "/usr/bin/onrush", "health"); err != nil || out != "ok" {
		t.Errorf("health says %q, %v", out, err)
	}
	out, err := docker(t, "exec", name, "/usr/bin/onrush", "engines", "list", "--output", "json")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tool := range []string{"/opt/onrush/tools/k6-", "/opt/onrush/java/bin/java", "/opt/onrush/tools/jmeter-", "/opt/onrush/tools/locust-"} {
		if !strings.Contains(out, tool) {
			t.Errorf("it does not find %s: %s", tool, out)
		}
	}
	if out, err := docker(t, "diff", name); err != nil || out != "" {
		t.Errorf("it wrote to its root file system: %s (%v)", out, err)
	}
	if out, err := docker(t, "inspect", "--format", "{{.State.Health.Status}}", name); err != nil || out == "unhealthy" || out == "" {
		t.Errorf("the engine says it is %q, %v", out, err)
	}
	if out, err := docker(t, "stop", name); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDockerfilesMakeTheSame: what `docker build` makes of a Dockerfile and the
// laid out parts is what we build without it.
func TestDockerfilesMakeTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"agent-k6", "server"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours := loaded(t, name)
			theirs := fmt.Sprintf("onrush-test-%s:%d", name, os.Getpid())
			out, err := docker(t, "build", "--quiet", "--network", "host", "--tag", theirs, "--build-arg", "VERSION=test",
				"--file", "../../deploy/images/"+name+".Dockerfile", filepath.Join(folder(t), "parts", runtime.GOARCH))
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			defer exec.Command("docker", "rmi", "--force", theirs).Run()
			a, b := inspect(t, ours), inspect(t, theirs)
			delete(a.Labels, "org.opencontainers.image.revision")
			delete(b.Labels, "org.opencontainers.image.revision")
			x, _ := json.Marshal(a)
			y, _ := json.Marshal(b)
			if !bytes.Equal(x, y) {
				t.Errorf("ours is %s\ntheirs is %s", x, y)
			}
			if ours, theirs := listing(t, ours), listing(t, theirs); !slices.Equal(ours, theirs) {
				t.Errorf("ours holds %d things, theirs %d; first difference: %s", len(ours), len(theirs), difference(ours, theirs))
			}
		})
	}
}

// settings are what an image says of itself.
type settings struct {
	User, WorkingDir      string
	Env, Entrypoint, Cmd  []string
	Labels                map[string]string
	Volumes, ExposedPorts map[string]struct{}
	Healthcheck           any
}

func inspect(t *testing.T, image string) settings {
	t.Helper()
	out, err := docker(t, "image", "inspect", "--format", "{{json .Config}}", image)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var s settings
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// listing is what a container of the image would see, with owners and modes.
func listing(t *testing.T, image string) []string {
	t.Helper()
	id, err := docker(t, "create", image)
	if err != nil {
		t.Fatalf("%v\n%s", err, id)
	}
	defer exec.Command("docker", "rm", "--volumes", id).Run()
	export := exec.CommandContext(t.Context(), "docker", "export", id)
	content, err := export.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "tar", "--list", "--verbose", "--numeric-owner", "--full-time")
	list.Stdin = content
	if err := export.Start(); err != nil {
		t.Fatal(err)
	}
	out, err := list.Output()
	if err := export.Wait(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for scan := bufio.NewScanner(bytes.NewReader(out)); scan.Scan(); {
		words := strings.Fields(scan.Text())
		if strings.HasPrefix(words[0], "d") { // a folder's time is when it was copied
			words[3], words[4] = "", ""
		}
		// The engine itself puts these into every container.
		switch strings.SplitN(words[5], "/", 2)[0] {
		case ".dockerenv", "dev", "proc", "sys":
			continue
		}
		switch words[5] {
		case "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab":
			continue
		}
		lines = append(lines, strings.Join(words, " "))
	}
	slices.Sort(lines)
	return lines
}

func difference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + " | " + b[i]
		}
	}
	return "one has more"
}
