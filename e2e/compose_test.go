package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestCompose deploys the compose file as docs/deploy/compose.md says, and makes a
// run of every engine with it, each in its engine's own image: the server is a
// container, and so is every task.
func TestCompose(t *testing.T) {
	t.Parallel()
	docker := componentEnv(t, "DOCKER_HOST", "docker")
	socket, local := strings.CutPrefix(docker, "unix://")
	if !local {
		t.Fatalf("DOCKER_HOST is %s; this test mounts the engine's socket into the server's container, so it has to be one of this machine", docker)
	}
	for _, name := range []string{"server-all", "agent", "agent-k6", "agent-jmeter", "agent-locust"} {
		command(t, "", nil, "docker", "load", "--quiet", "--input", imageFile(t, name))
	}
	c := composed{t: t, dir: t.TempDir(), project: fmt.Sprintf("onrush-test-%d", os.Getpid()), password: "correct horse battery"}
	port := freePort(t)
	c.write(socket, port)
	if out, err := tryCommand(t.Context(), c.dir, []string{"ONRUSH_ADMIN_PASSWORD="}, "docker-compose", "--project-name", c.project, "config"); err == nil || !strings.Contains(out, "first password") {
		t.Errorf("without a password it says %v, %s", err, out)
	}
	t.Cleanup(c.down)
	c.compose("up", "--detach")
	server := "http://127.0.0.1:" + port
	awaitURL(t, server+"/api/v1/health", c.logs)

	u := logIn(t, server, c.password)
	target := startTarget(t)
	u.command("regions", "check", "docker")
	for _, engine := range []string{"http", "k6", "jmeter", "locust"} {
		took := u.run(engine, scenarioOf(t, engine, target, "docker"))
		t.Logf("a run of %s took %.1fs", engine, took.Seconds())
	}
	if out := command(t, "", nil, "docker", "ps", "--all", "--quiet", "--filter", "label=onrush.region=docker", "--filter", "label=onrush.server"); out != "" {
		t.Errorf("these tasks are left: %s", out)
	}
	// The server goes and comes again: what it knows is on its volume.
	c.compose("restart")
	awaitURL(t, server+"/api/v1/health", c.logs)
	if out := u.command("runs", "list"); strings.Count(out, "completed") < 4 {
		t.Errorf("after a restart it knows these runs:\n%s", out)
	}
	c.down()
	for _, kind := range []string{"volume", "network"} {
		if out := command(t, "", nil, "docker", kind, "ls", "--quiet", "--filter", "label=com.docker.compose.project="+c.project); out != "" {
			t.Errorf("down leaves a %s: %s", kind, out)
		}
	}
	if out := command(t, "", nil, "docker", "ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project="+c.project); out != "" {
		t.Errorf("down leaves a container: %s", out)
	}
}

// composed is one deployment of the compose file.
type composed struct {
	t                      *testing.T
	dir, project, password string
}

// write lays out the folder as a user has it: the files, and .env.
func (c composed) write(socket, port string) {
	c.t.Helper()
	for _, name := range []string{"compose.yaml", "onrush.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "deploy", "compose", name))
		if err != nil {
			c.t.Fatal(err)
		}
		if name == "onrush.yaml" {
			own := strings.Replace(string(text), "127.0.0.1:8080", "127.0.0.1:"+port, 1)
			text = []byte(own + "    image: onrush-agent:test\n    images: {k6: onrush-agent-k6:test, jmeter: onrush-agent-jmeter:test, locust: onrush-agent-locust:test}\n    settings: {pull: never}\n")
		}
		if err := os.WriteFile(filepath.Join(c.dir, name), text, 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	info, err := os.Stat(socket)
	if err != nil {
		c.t.Fatal(err)
	}
	group := info.Sys().(*syscall.Stat_t).Gid //nolint:forcetypeassert // Linux
	env := fmt.Sprintf("ONRUSH_ADMIN_PASSWORD=%s\nDOCKER_GID=%d\nDOCKER_SOCKET=%s\nONRUSH_VERSION=test\nONRUSH_PORT=127.0.0.1:%s\nONRUSH_PUBLIC_URL=http://127.0.0.1:%s\n",
		c.password, group, socket, port, port)
	if err := os.WriteFile(filepath.Join(c.dir, ".env"), []byte(env), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c composed) compose(args ...string) {
	c.t.Helper()
	command(c.t, c.dir, nil, append([]string{"docker-compose", "--project-name", c.project}, args...)...)
}

func (c composed) down() {
	// Not with the test's context: that is over when the test ends.
	out, err := tryCommand(context.Background(), c.dir, nil, "docker-compose", "--project-name", c.project, "down", "--volumes", "--timeout", "20")
	if err != nil {
		c.t.Errorf("compose down: %v\n%s", err, out)
	}
}

func (c composed) logs() string {
	out, _ := tryCommand(c.t.Context(), c.dir, nil, "docker-compose", "--project-name", c.project, "logs", "--tail", "30")
	return out
}

// command is one of the command line's, with the user's login; it must end well.
func (u user) command(args ...string) string {
	u.t.Helper()
	return command(u.t, "", u.env, append([]string{filepath.Join(programs, "onrush")}, args...)...)
}
