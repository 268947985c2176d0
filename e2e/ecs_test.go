package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
)

// TestECSJourneys runs every script of testdata/ecs: runs whose tasks are on the
// AWS stand-in, where a Fargate task is a real agent on this machine.
func TestECSJourneys(t *testing.T) {
	t.Parallel()
	componentEnv(t, "ONRUSH_TEST_AWS", "aws")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/ecs",
		Setup: func(env *testscript.Env) error {
			env.Values[cloudsKey{}] = map[string]*ecstest.Cloud{}
			return setup(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await":     cmdAwait,
			"aws":       cmdAWS(t),
			"code":      cmdCode,
			"fault":     cmdFault,
			"finish":    cmdFinish,
			"interrupt": cmdInterrupt,
			"json":      cmdJSON,
			"keep":      cmdKeep,
			"says":      cmdSays,
			"serve":     cmdServe,
			"signal":    cmdSignal,
			"start":     cmdStart,
			"swept":     cmdSwept,
			"target":    cmdTarget,
			"tasks":     cmdTasks,
		},
	})
}

type cloudsKey struct{}

func cloud(ts *testscript.TestScript, name string) *ecstest.Cloud {
	c := ts.Value(cloudsKey{}).(map[string]*ecstest.Cloud)[name]
	if c == nil {
		ts.Fatalf("there is no AWS %s: the command aws makes one", name)
	}
	return c
}

// cmdAWS: aws NAME AWS-REGION [SETTING=VALUE…] makes a network, a cluster and
// roles there, and the file NAME.yaml with a region of that name in it. Its
// tasks run the agent that these tests built.
func cmdAWS(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		c := ecstest.New(t, args[1], 2, 24)
		ts.Value(cloudsKey{}).(map[string]*ecstest.Cloud)[args[0]] = c
		image := "registry.test/onrush-agent:" + c.Cluster
		c.Image(image, filepath.Join(programs, "onrush-agent"))
		settings := map[string]string{
			"aws_region": c.Region, "cluster": c.Cluster, "subnets": strings.Join(c.Subnets, ","), "security_groups": strings.Join(c.Groups, ","),
			"execution_role": c.Execution, "task_role": c.Role, "log_group": c.LogGroup, "endpoint": c.URL,
		}
		for _, arg := range args[2:] {
			name, value, _ := strings.Cut(arg, "=")
			settings[name] = value
		}
		data, err := yaml.Marshal(map[string]any{
			"name": args[0], "driver": "ecs", "settings": settings, "image": image, "cpu": 0.25,
			"labels": map[string]string{"provider_region": c.Region},
		})
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[0]+".yaml"), data, 0o600))
		// The calls of a script's server are those of its last AWS.
		ts.Setenv("AWS_ACCESS_KEY_ID", c.Key)
		ts.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	}
}

// cmdFault: fault NAME JSON makes AWS fail there; see test/aws/README.md. The
// match is by the cluster, unless the fault says another.
func cmdFault(ts *testscript.TestScript, _ bool, args []string) {
	fault := ecstest.Fault{}
	ts.Check(json.Unmarshal([]byte(args[1]), &fault))
	cloud(ts, args[0]).FaultAt(map[string]string{"cluster": cloud(ts, args[0]).Cluster}, fault)
}

// cmdInterrupt: interrupt NAME RUN TASK takes the Spot machine of a running task
// back.
func cmdInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	c := cloud(ts, args[0])
	for _, task := range c.Tasks(args[1]) {
		if task.Tag("onrush.task") == args[2] && task.Status == "RUNNING" {
			c.Interrupt(task.ARN)
			return
		}
	}
	ts.Fatalf("AWS %s runs no task %s of run %s", args[0], args[2], args[1])
}

// cmdTasks: tasks NAME RUN N wants AWS to have been asked for N tasks, each once.
func cmdTasks(ts *testscript.TestScript, _ bool, args []string) {
	seen := map[string]int{}
	for _, task := range cloud(ts, args[0]).Tasks(args[1]) {
		name := task.Tag("onrush.task") + "/" + task.Tag("onrush.attempt")
		if seen[name]++; seen[name] > 1 {
			ts.Fatalf("AWS %s was asked for task %s twice", args[0], name)
		}
	}
	if fmt.Sprint(len(seen)) != args[2] {
		ts.Fatalf("AWS %s was asked for %d tasks, want %s: %v", args[0], len(seen), args[2], seen)
	}
}

// cmdSwept: swept NAME RUN waits until nothing of a run is left on AWS.
func cmdSwept(ts *testscript.TestScript, _ bool, args []string) {
	var left []string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if left = cloud(ts, args[0]).Left(args[1]); len(left) == 0 {
			return
		}
	}
	ts.Fatalf("of run %s there is still: %s", args[1], strings.Join(left, ", "))
}
