package ecs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecsapi "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

func TestFit(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	for _, test := range []struct {
		cores  float64
		memory int64
		want   size
	}{
		{0, 0, size{1024, 2048}},
		{0.25, 0, size{256, 512}},
		{0.25, 1, size{256, 512}},
		{0.25, 3 * gib, size{512, 3072}},
		{0.3, 512 << 20, size{512, 1024}},
		{1, 8*gib + 1, size{2048, 9216}},
		{4, 30 * gib, size{4096, 30720}},
		{5, 0, size{8192, 16384}},
		{8, 17 * gib, size{8192, 20480}},
		{16, 33 * gib, size{16384, 40960}},
		{17, 0, size{32768, 61440}},
		{1, 244 * gib, size{32768, 249856}},
	} {
		if got, err := fit(test.cores, test.memory); err != nil || got != test.want {
			t.Errorf("fit(%g, %d) is %v, %v, want %v", test.cores, test.memory, got, err, test.want)
		}
	}
	for _, bad := range []struct {
		cores  float64
		memory int64
	}{{33, 0}, {1, 245 * gib}, {-1, 0}, {1, -1}} {
		_, err := fit(bad.cores, bad.memory)
		if err == nil || !strings.Contains(err.Error(), "0.25 vCPU with 512MiB") || !strings.Contains(err.Error(), "32 vCPU") {
			t.Errorf("fit(%g, %d): %v, want an error with the pairs there are", bad.cores, bad.memory, err)
		}
	}
}

// A size is never below what was asked for, and asking for it again gives it.
func TestFitRoundsUp(t *testing.T) {
	t.Parallel()
	rule := func(milli uint16, mib uint32) bool {
		cores, memory := float64(milli)/1000, int64(mib%260000)<<20
		got, err := fit(cores, memory)
		if err != nil {
			return cores > 32 || memory > 244<<30
		}
		again, err := fit(float64(got.cpu)/1024, int64(got.memory)<<20)
		return err == nil && again == got && float64(got.cpu)/1024 >= cores && int64(got.memory)<<20 >= memory
	}
	if err := quick.Check(rule, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := func() map[string]string {
		return map[string]string{"aws_region": "eu-west-1", "cluster": "onrush", "subnets": "subnet-0a, subnet-0b"}
	}
	place := fleet.Place{Region: load.Region{Name: "eu", Driver: "ecs", Settings: good()}, Server: "s"}
	o, err := read(place)
	if err != nil || len(o.Subnets) != 2 || !o.PublicIP || o.CapacityKind != onDemand || o.Architecture != "x86_64" || o.PlatformVersion != "LATEST" {
		t.Fatalf("got %+v, %v", o, err)
	}
	for name, value := range map[string]string{
		"aws_region": "Ireland", "cluster": "", "subnets": "a", "security_groups": "subnet-0a", "public_ip": "true", "capacity": "cheap",
		"architecture": "riscv", "execution_role": "onrush", "task_role": "x", "log_group": "/needs-a-role", "tags": "onrush.run=x",
		"ephemeral_storage": "20", "role_arn": "x", "colour": "red",
	} {
		place.Settings = good()
		place.Settings[name] = value
		_, err := read(place)
		if load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), "region eu: setting "+name) {
			t.Errorf("%s=%q: %v, want an error that names the setting", name, value, err)
		}
	}
	place.Settings = good()
	place.Settings["tags"] = "team=shop,cost-centre=42"
	if o, err := read(place); err != nil || o.Tags["team"] != "shop" || o.Tags["cost-centre"] != "42" {
		t.Errorf("tags: %+v, %v", o.Tags, err)
	}
}

func TestFamily(t *testing.T) {
	t.Parallel()
	if a, b := family("one", "eu"), family("two", "eu"); a == b || !strings.HasPrefix(a, "onrush-") || !strings.HasSuffix(a, "-eu") {
		t.Errorf("families %s and %s", a, b)
	}
}

func TestEndOf(t *testing.T) {
	t.Parallel()
	code := func(n int32) *int32 { return &n }
	for _, test := range []struct {
		stop           types.TaskStopCode
		reason, detail string
		code           *int32
		want           string
	}{
		{types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", "", code(0), "ended with exit code 0"},
		{types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", "", code(3), "ended with exit code 3"},
		{types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", "", code(143), "ended by signal 15 (exit code 143)"},
		{types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", "OutOfMemoryError: Container killed due to memory usage", code(137), "ran out of memory (exit code 137)"},
		{types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", "", code(137), "signal 9"},
		{types.TaskStopCodeSpotInterruption, "Your Spot Task was interrupted.", "", nil, "Spot"},
		{types.TaskStopCodeUserInitiated, "Task stopped by user", "", code(0), "stopped: Task stopped by user"},
		{types.TaskStopCodeTaskFailedToStart, "CannotPullContainerError: pull access denied", "", nil, "let execution_role read the registry"},
		{types.TaskStopCodeTaskFailedToStart, "Task failed to start", "CannotStartContainerError: exec format error", nil, "architecture"},
		{types.TaskStopCodeTaskFailedToStart, "Timeout waiting for network interface provisioning to complete.", "", nil, "address in time"},
		{types.TaskStopCodeTaskFailedToStart, "Something new", "", nil, "Something new"},
		{"", "", "", nil, "AWS does not say how"},
	} {
		reason, got := endOf(&types.Task{StopCode: test.stop, StoppedReason: aws.String(test.reason)}, types.Container{Reason: aws.String(test.detail), ExitCode: test.code})
		if !strings.Contains(reason, test.want) || (got == nil) != (test.code == nil) {
			t.Errorf("%s %q %q: %q, want it to hold %q", test.stop, test.reason, test.detail, reason, test.want)
		}
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	if got := waiting("PROVISIONING", 10*time.Second); got != "" {
		t.Errorf("after ten seconds: %q", got)
	}
	if got := waiting("PROVISIONING", 2*time.Minute); !strings.Contains(got, "2m0s") || !strings.Contains(got, "machine") {
		t.Errorf("after two minutes: %q", got)
	}
}

// A task that AWS forgets is gone only when it is no new one.
func TestMissing(t *testing.T) {
	t.Parallel()
	d := &Driver{Options: Options{timing: timing{}.withDefaults()}, tasks: map[string]*task{}}
	d.tasks["new"] = &task{arn: "new", state: fleet.Pending, asked: time.Now().Add(-30 * time.Second)}
	d.tasks["old"] = &task{arn: "old", state: fleet.Up, asked: time.Now().Add(-2 * time.Minute)}
	d.tasks["ended"] = &task{arn: "ended", state: fleet.Gone, ended: time.Now(), reason: "ended with exit code 3"}
	d.take(descriptionOf("new", "old", "ended"), time.Now())
	if d.tasks["new"].state != fleet.Pending || d.tasks["old"].state != fleet.Gone || d.tasks["old"].reason == "" {
		t.Errorf("new is %s, old is %s", d.tasks["new"].state, d.tasks["old"].state)
	}
	if d.tasks["ended"].reason != "ended with exit code 3" || !d.tasks["ended"].final {
		t.Errorf("ended: %+v", d.tasks["ended"])
	}
}

// A stop that AWS accepted and did not carry out is seen again.
func TestStopIsNotTrustedForEver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		task   task
		hidden bool
	}{
		{task{state: fleet.Up}, false},
		{task{state: fleet.Up, stopped: time.Now()}, true},
		{task{state: fleet.Up, stopped: time.Now().Add(-time.Hour)}, false},
		{task{state: fleet.Gone, final: true, stopped: time.Now().Add(-time.Hour)}, true},
		{task{state: fleet.Gone, final: true}, false},
		{task{state: fleet.Gone, final: true, tidied: true}, true},
	} {
		if got := test.task.hidden(); got != test.hidden {
			t.Errorf("%+v: hidden is %v", test.task, got)
		}
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	p := newPace(16, 16)
	for range 10 {
		p.slower()
	}
	if p.Limit() != 1 {
		t.Errorf("after much throttling the rate is %v, want a sixteenth", p.Limit())
	}
	for range 100 {
		p.faster()
	}
	if p.Limit() != 16 {
		t.Errorf("after many successes the rate is %v, want the full one", p.Limit())
	}
}

func TestExplainKeepsWhatIsExplained(t *testing.T) {
	t.Parallel()
	d := &Driver{}
	want := &fleet.StartError{Kind: fleet.Quota, Reason: "x"}
	if got := d.explain(fmt.Errorf("call: %w", want)); got != want {
		t.Errorf("got %v", got)
	}
	if got := d.explain(errors.New("dial tcp: connection refused")); got.Kind != fleet.Down {
		t.Errorf("got %v, want down", got)
	}
	if got := d.explain(errors.New("operation error ECS: RunTask, get identity: get credentials: no EC2 IMDS role found")); got.Kind != fleet.Denied || !strings.Contains(got.Reason, "no AWS credentials") {
		t.Errorf("got %v, want denied", got)
	}
}

func descriptionOf(missing ...string) *ecsapi.DescribeTasksOutput {
	got := &ecsapi.DescribeTasksOutput{}
	for _, arn := range missing {
		got.Failures = append(got.Failures, types.Failure{Arn: aws.String(arn), Reason: aws.String("MISSING")})
	}
	return got
}
