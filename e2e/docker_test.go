package e2e

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDocker runs the scripts of testdata/docker against a real engine.
// Containers share the host's network: their load goes to loopback.
func TestDocker(t *testing.T) {
	t.Parallel()
	host := componentEnv(t, "DOCKER_HOST", "docker")
	image := dockerAgent(t, "agent")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/docker",
		Setup: func(env *testscript.Env) error {
			if err := setup(env); err != nil {
				return err
			}
			// Names of regions tell scripts apart on one engine.
			name := filepath.Base(env.WorkDir)
			env.Setenv("REGION", strings.ReplaceAll(strings.TrimPrefix(name, "script-"), "_", "-"))
			env.Setenv("DOCKER_HOST", host)
			env.Setenv("IMAGE", image)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": cmdCode, "start": cmdStart, "says": cmdSays, "signal": cmdSignal, "finish": cmdFinish,
			"target": cmdTarget, "serve": cmdServe, "await": cmdAwait, "json": cmdJSON, "keep": cmdKeep, "whole": cmdWhole,
			// killcontainer TASK ends the container of a task by force.
			"killcontainer": func(ts *testscript.TestScript, _ bool, args []string) {
				ids := containers(ts, "label=onrush.task="+ts.Getenv("REGION")+"-"+args[0], "status=running")
				if len(ids) != 1 {
					ts.Fatalf("task %s has the containers %v, want one that runs", args[0], ids)
				}
				ts.Check(exec.Command("docker", "kill", "--signal", "KILL", ids[0]).Run())
			},
			// awaitcontainers waits until some containers are there, however far they are.
			"awaitcontainers": func(ts *testscript.TestScript, _ bool, _ []string) {
				for end := time.Now().Add(patience); len(containers(ts)) == 0; time.Sleep(10 * time.Millisecond) {
					if time.Now().After(end) {
						ts.Fatalf("no container is made")
					}
				}
			},
			// empty waits until the engine has nothing of the script's region.
			"empty": func(ts *testscript.TestScript, _ bool, _ []string) {
				for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
					left := containers(ts)
					if len(left) == 0 {
						return
					}
					if time.Now().After(end) {
						ts.Fatalf("the engine still has %v", left)
					}
				}
			},
		},
	})
}

// containers lists those of a script's region by id.
func containers(ts *testscript.TestScript, filters ...string) []string {
	args := []string{"ps", "--all", "--no-trunc", "--quiet", "--filter", "label=onrush.region=" + ts.Getenv("REGION")}
	for _, f := range filters {
		args = append(args, "--filter", f)
	}
	out, err := exec.Command("docker", args...).Output()
	ts.Check(err)
	return strings.Fields(string(out))
}

// dockerAgent brings the agent that was just built into the engine, as an image
// of nothing else, under a name that is the caller's own.
func dockerAgent(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(programs, "onrush-agent"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	ref := "onrush.test/" + name + ":" + hex.EncodeToString(sum[:6])
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: "onrush-agent", Mode: 0o755, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	load := exec.CommandContext(t.Context(), "docker", "import", "--change", `ENTRYPOINT ["/onrush-agent"]`, "--change", "USER 10001", "-", ref)
	load.Stdin = &layer
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("import %s: %v: %s", ref, err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "rmi", ref).CombinedOutput(); err != nil {
			t.Errorf("remove %s: %v: %s", ref, err, out)
		}
	})
	return ref
}
