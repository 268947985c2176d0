package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// deployWithin bounds every wait of a deployment: a server in a container, a
// cluster that starts pods. No test passes or fails by it unless something hangs.
const deployWithin = 4 * time.Minute

// env is a variable that a component of the tests prints.
func componentEnv(t *testing.T, name, component string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the components of the tests")
	}
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run scripts/components/%s up, and export what it prints", name, component)
	}
	return value
}

// imageFile is the file of an image for this machine.
func imageFile(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(componentEnv(t, "ONRUSH_TEST_IMAGES", "images"), name+"-"+runtime.GOARCH+".tar")
}

// command runs a program and returns what it wrote; it must end well.
func command(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	out, err := tryCommand(t.Context(), dir, env, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryCommand(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, deployWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "COMPOSE_HTTP_TIMEOUT=240"), env...) // engines may be slow
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

// startTarget starts the sample target on the loopback and returns its address.
func startTarget(t *testing.T) string {
	t.Helper()
	address := "127.0.0.1:" + freePort(t)
	cmd := exec.Command(filepath.Join(programs, "onrush"), "target", "--listen", address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	awaitURL(t, "http://"+address+"/", func() string { return "the sample target does not answer" })
	return address
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// awaitURL waits until a URL answers with success.
func awaitURL(t *testing.T, url string, explain func() string) {
	t.Helper()
	for deadline := time.Now().Add(deployWithin); ; {
		resp, err := http.Get(url)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(resp.Status)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v\n%s", url, err, explain())
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// user is somebody who is logged in to a server, with the command line.
type user struct {
	t      *testing.T
	server string
	env    []string
}

// logIn logs in as admin with the first password.
func logIn(t *testing.T, server, password string) user {
	t.Helper()
	u := user{t, server, []string{"ONRUSH_CONFIG_DIR=" + t.TempDir(), "ONRUSH_SERVER=" + server, "ONRUSH_DATA=", "ONRUSH_TOKEN="}}
	command(t, "", append(u.env, "ONRUSH_PASSWORD="+password), filepath.Join(programs, "onrush"), "login", server)
	return u
}

// run runs a scenario on the server; it must complete and meet its criteria.
func (u user) run(name, scenario string) time.Duration {
	u.t.Helper()
	dir := u.t.TempDir() // scripts and data lie beside their scenario
	if err := os.CopyFS(dir, os.DirFS("../examples")); err != nil {
		u.t.Fatal(err)
	}
	file := filepath.Join(dir, "try-"+name+".yaml")
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		u.t.Fatal(err)
	}
	begin := time.Now()
	// Its exit code says that the run completed and met its criteria.
	out, err := tryCommand(u.t.Context(), "", u.env, filepath.Join(programs, "onrush"), "run", "--server", u.server, file)
	if err != nil {
		u.t.Errorf("run %s: %v\n%s", name, err, out)
	}
	return time.Since(begin)
}

// scenarioOf is the example of an engine as a scenario for a target and region.
func scenarioOf(t *testing.T, engine, target, region string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		t.Fatal(err)
	}
	regions := fmt.Sprintf("regions:\n  - {name: %s, tasks: 2}\ncriteria:\n  - failures < 1%%\n", region)
	script := map[string]string{"k6": "k6.js", "jmeter": "jmeter.jmx", "locust": "locust.py"}[engine]
	head := fmt.Sprintf("name: %s\nengine: %s\n", engine, engine)
	switch engine {
	case "k6":
		return head + fmt.Sprintf("script: %s\nenv: {TARGET: \"http://%s\"}\n", script, target) + regions
	case "jmeter":
		return head + fmt.Sprintf("script: %s\nproperties: {host: %s, port: \"%s\", seconds: \"4\"}\ndata:\n  - {file: customers.csv, sharing: split}\n",
			script, host, port) + regions
	case "locust":
		return head + fmt.Sprintf("script: %s\nenv: {LOCUST_HOST: \"http://%s\"}\ndata:\n  - {name: customers, file: customers.csv}\n",
			script, target) + regions
	}
	return fmt.Sprintf("name: http\nrequests:\n  - {label: front page, url: \"http://%s/\"}\nload: {users: 2, hold_for: 3s}\n", target) + regions
}
