package locust_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/engine/locust"
	"onrush.dev/onrush/internal/load"
)

func contextThatEnds() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 50*time.Millisecond)
}

// once makes a scenario of one user for two seconds.
func once(s load.Scenario) load.Order {
	s.Load = load.Load{TotalUsers: 1, Duration: load.Duration(2 * time.Second)}
	return load.Order{Scenario: s, Profile: enginetest.Hold(1, 2*time.Second)}
}

// TestSecretsAndHosts: a secret reaches the script and nothing else, and names
// lead where the scenario says.
func TestSecretsAndHosts(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	const script = `
import os, sys, socket
from locust import HttpUser, FastHttpUser, task
from locust.exception import StopUser
print("the secret is", os.environ["TOKEN"], "for task", os.environ["ONRUSH_TASK_INDEX"], "of", os.environ["ONRUSH_TASK_COUNT"])
open("argv.txt", "w").write(open("/proc/self/cmdline").read())
def run(user):
    user.client.get("/page", headers={"X-Token": os.environ["TOKEN"]})
    raise StopUser()
class Slow(HttpUser):
    fixed_count = 1
    tasks = [run]
class Fast(FastHttpUser):
    fixed_count = 1
    tasks = [run]
`
	o := once(load.Scenario{
		Env:        map[string]string{"LOCUST_HOST": "http://shop.test:81"},
		Secrets:    map[string]load.Secret{"TOKEN": {Env: "X"}},
		Connection: load.Connection{Hosts: map[string]string{"shop.test": at.Host}},
	})
	o.Scenario.Load.TotalUsers, o.Profile = 2, enginetest.Hold(2, 2*time.Second)
	o.Secrets = map[string]string{"TOKEN": "very-secret-value"}
	k := task(t, script, o)
	start(t, k)
	got := k.Wait()
	if got.Requests != 2 || got.Failures != 0 || server.hits.Load() != 2 {
		t.Errorf("got %d requests, failures %v, the target saw %d", got.Requests, got.Causes, server.hits.Load())
	}
	if log := kept(t, k, "locust.log"); strings.Contains(log, "very-secret") || !strings.Contains(log, "the secret is *** for task 0 of 1") {
		t.Errorf("the log is\n%s", log)
	}
	if argv := kept(t, k, "files/argv.txt"); strings.Contains(argv, "very-secret") {
		t.Errorf("the secret stands in %q", argv)
	}
}

// TestRequirements: packages that come with a script are there for it alone.
func TestRequirements(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	script := "import onrush_fixture\nfrom locust import HttpUser, task\nfrom locust.exception import StopUser\n" +
		"class A(HttpUser):\n    @task\n    def t(self):\n        self.client.get(onrush_fixture.PATH)\n        raise StopUser()\n"
	k := task(t, script, once(load.Scenario{Env: env(server)}),
		file{"requirements.txt", "# our own\n./fixture\n"},
		file{"fixture/pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = \"build\"\nbackend-path = [\".\"]\n[project]\nname = \"onrush-fixture\"\nversion = \"1\"\n"},
		file{"fixture/build.py", backend})
	start(t, k)
	if got := k.Wait(); got.Labels["GET /page"] != 1 {
		t.Errorf("labels are %v", got.Labels)
	}
}

// backend builds a wheel with nothing but Python itself, so that the test needs
// no registry.
const backend = `
import zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "onrush_fixture-1-py3-none-any.whl"
    with zipfile.ZipFile(directory + "/" + name, "w") as z:
        z.writestr("onrush_fixture.py", "PATH = '/page'\n")
        z.writestr("onrush_fixture-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: onrush-fixture\nVersion: 1\n")
        z.writestr("onrush_fixture-1.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr("onrush_fixture-1.dist-info/RECORD", "")
    return name
`

// TestTheScriptsOwnJudgement: an exit code that the script sets is a figure, with
// a rule that judges it.
func TestTheScriptsOwnJudgement(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	script := browse + "\n@events.quitting.add_listener\ndef judge(environment, **_):\n    environment.process_exit_code = 3\n"
	k := task(t, script, once(load.Scenario{Env: env(server)}))
	start(t, k)
	got := k.Wait()
	m := metricsOf(t, got)["exit code set by the script"]
	if m == nil || m.Last != 3 {
		t.Errorf("got %+v, want a figure of 3", m)
	}
	rules := k.Engine.(engine.Teller).Facts().Thresholds
	if !slices.Contains(rules, load.ScriptThreshold{Metric: "exit code set by the script", Rule: "value==0"}) {
		t.Errorf("rules are %v", rules)
	}
}

// TestWithoutAHost: Locust itself ends such a test, with exit code 0.
func TestWithoutAHost(t *testing.T) {
	t.Parallel()
	k := task(t, browse, once(load.Scenario{}))
	start(t, k)
	if _, err := k.Ended(); err == nil || !strings.Contains(err.Error(), "You must specify the base host") {
		t.Errorf("got %v, want Locust's reason", err)
	}
}

// TestPytestFiles: Locust runs functions of pytest as users.
func TestPytestFiles(t *testing.T) {
	t.Parallel()
	server := newTarget(t)
	k := task(t, "def test_page(fastsession):\n    fastsession.get('/page')\n", once(load.Scenario{Env: env(server)}))
	start(t, k)
	// Such a user is cut off at the end, in the middle of a request.
	if got := k.Wait(); got.Labels["GET /page"] == 0 || server.hits.Load()-got.Requests > 1 {
		t.Errorf("labels are %v, the target saw %d", got.Labels, server.hits.Load())
	}
}

// TestInspectionRunsNothing: of a script only the import runs before the barrier.
func TestInspectionRunsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "test.py"), []byte(described), 0o600); err != nil {
		t.Fatal(err)
	}
	e := locust.New()
	if _, err := e.Inspect(t.Context(), engine.Bundle{Dir: dir, Entry: "test.py"}); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v (%v), want the script alone", names, err)
	}
}
