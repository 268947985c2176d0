package cloudformation_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
)

// programs are the built server and agent.
func programs(t *testing.T) (onrush, agent string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"onrush", "onrush-agent"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, name), "onrush.dev/onrush/cmd/"+name)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return filepath.Join(dir, "onrush"), filepath.Join(dir, "onrush-agent")
}

// island is a server and two regions that the templates made.
type island struct {
	*stand
	t       *testing.T
	url     string
	server  *stack
	regions map[string]*stack
	api     *client.Client
	agent   string
}

// TestRun makes the server with its template and logs in with the first password,
// makes two regions with theirs, which register themselves, runs load on all of
// it, upgrades, and takes it all down. Every role did what its policies allow, and
// its policies allow nothing that it did not do.
func TestRun(t *testing.T) {
	t.Parallel()
	s := open(t)
	before := map[string]map[string][]string{}
	begin := time.Now()
	step := func(done string) { t.Logf("%5.1f s  %s", time.Since(begin).Seconds(), done) }
	i := &island{stand: s, t: t, regions: map[string]*stack{}}
	i.startServer()
	step("server")
	token, err := i.api.CreateToken(t.Context(), "regions", load.Admin, 0)
	if err != nil {
		t.Fatal(err)
	}
	secret := s.secret(t, "us-east-1", "onrush/token", token.Secret)
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		before[region] = s.inventory(t, region)
		i.addRegion(region, secret)
	}
	i.checkRegions()
	step("checked")
	i.run("first")
	step("first run")
	i.upgradeRegions()
	step("regions changed")
	i.stopARun()
	step("a run stopped")
	i.upgradeServer()
	step("server upgraded")
	i.run("last")
	step("last run")

	rights := map[string][]statement{}
	for _, role := range i.roles() {
		rights[role] = s.policies(t, role)
	}
	i.removeRegions(before)
	step("regions removed")
	for role, statements := range rights {
		s.judge(t, role, statements)
	}
	i.server.mustDelete()
	if left := s.inventory(t, "eu-west-1"); len(left) > 0 {
		t.Errorf("deleting the server left %v", left)
	}
}

// roles are all that the stacks made and that did something; the tasks' own role
// has no rights, and is none of them.
func (i *island) roles() []string {
	roles := []string{i.server.outputs()["ServerRole"], i.role(i.server, "ExecutionRole")}
	for _, k := range i.regions {
		for _, name := range []string{"DriverRole", "ExecutionRole", "SweeperRole", "RegistrarRole"} {
			roles = append(roles, i.role(k, name))
		}
		if rights := i.policies(i.t, i.role(k, "TaskRole")); len(rights) > 0 {
			i.t.Errorf("tasks have rights: %+v", rights)
		}
	}
	return roles
}

// role is the ARN of a role of a stack.
func (i *island) role(k *stack, name string) string {
	at := ""
	if name == "DriverRole" {
		at = "onrush/"
	}
	return "arn:aws:iam::" + i.account + ":role/" + at + k.resources()[name]
}

// startServer makes the server's stack. Its image is the real program, with the
// task's environment as it is but for the folder and the address, which are this
// machine's.
func (i *island) startServer() {
	t := i.t
	t.Helper()
	onrush, agent := programs(t)
	i.agent = agent
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	data, err := os.MkdirTemp("", "onrush-aws-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(data) })
	i.url = "http://" + address
	v := i.serverValues(t, "eu-west-1", nil)
	for _, image := range []string{v["Image"], i.newServerImage()} {
		i.steer(t, http.MethodPost, "images", map[string]any{"image": image, "command": []string{
			"env", "ONRUSH_DATA=" + data, "ONRUSH_LISTEN=" + address, "ONRUSH_PUBLIC_URL=" + i.url, onrush,
		}}, nil)
	}
	i.server = i.mustCreate(t, "eu-west-1", "onrush", serverFile, v)
	i.awaitServer()

	_, arn, _ := strings.Cut(i.server.outputs()["FirstLogin"], "--secret-id ")
	arn, _, _ = strings.Cut(arn, " ")
	token, err := client.New(i.url, "").Login(t.Context(), "admin", i.secretText(t, "eu-west-1", arn))
	if err != nil {
		t.Fatal(err)
	}
	i.api = client.New(i.url, token)
}

func (i *island) newServerImage() string {
	return i.account + ".dkr.ecr.eu-west-1.amazonaws.com/onrush/server:2.0"
}

// await asks until the answer is yes.
func await(t *testing.T, what string, ask func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !ask(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (i *island) awaitServer() {
	i.t.Helper()
	await(i.t, "the server at "+i.url, func(ctx context.Context) bool {
		_, err := client.New(i.url, "").Version(ctx)
		return err == nil
	})
}

func (i *island) agentImage(region, tag string) string {
	return i.account + ".dkr.ecr." + region + ".amazonaws.com/onrush/agent:" + tag
}

func (i *island) regionValues(region, secret, tag string) values {
	return values{
		"Image": i.agentImage(region, tag), "TaskCpu": "0.25", "TaskMemory": "512MiB", "Limit": "20",
		"Server": i.url, "ServerToken": secret, "ServerRole": i.server.outputs()["ServerRole"], "ExternalId": "word",
	}
}

// addRegion makes a region's stack, which registers it.
func (i *island) addRegion(region, secret string) {
	t := i.t
	t.Helper()
	for _, tag := range []string{"1", "2"} {
		i.steer(t, http.MethodPost, "images", map[string]any{"image": i.agentImage(region, tag), "command": []string{i.agent}}, nil)
	}
	k := i.mustCreate(t, region, "region", regionFile, i.regionValues(region, secret, "1"))
	i.regions[region] = k
	out := k.outputs()
	kept, err := i.api.Region(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Driver != "ecs" || kept.Limit != 20 || kept.CPU != 0.25 || kept.Memory != 512<<20 || kept.Image != i.agentImage(region, "1") || out["Registered"] != i.url+"/regions/"+region {
		t.Errorf("registered is %+v", kept)
	}
	want := map[string]string{
		"aws_region": region, "cluster": out["Cluster"], "subnets": out["Subnets"], "security_groups": out["SecurityGroup"], "public_ip": "yes",
		"capacity": "on_demand", "architecture": "x86_64", "execution_role": out["ExecutionRole"], "task_role": out["TaskRole"],
		"log_group": out["LogGroup"], "role_arn": out["DriverRole"], "external_id": "word",
	}
	if !maps.Equal(kept.Settings, want) {
		t.Errorf("settings are %v, want %v", kept.Settings, want)
	}
}

// checkRegions proves each region with a run of one task, as its user would.
func (i *island) checkRegions() {
	for region := range i.regions {
		if _, err := i.api.StartRegionCheck(i.t.Context(), region); err != nil {
			i.t.Fatal(err)
		}
	}
	for region := range i.regions {
		var last load.RegionCheck
		await(i.t, "the check of "+region, func(ctx context.Context) bool {
			var err error
			last, err = i.api.RegionCheck(ctx, region)
			return err == nil && last.Ended != nil
		})
		for _, finding := range last.Findings {
			if finding.State == load.FindingFailed {
				i.t.Errorf("check of %s: %s: %s (%s)", region, finding.Check, finding.Text, finding.Remedy)
			}
		}
		capacity, err := i.api.RegionCapacity(i.t.Context(), region)
		if err != nil || capacity.Finding != nil || capacity.Limit < 1 || len(capacity.Quotas) == 0 {
			i.t.Errorf("capacity of %s is %+v, %v", region, capacity, err)
		}
	}
}

// start starts a run of one task in each region.
func (i *island) start(target, duration string) load.Run {
	i.t.Helper()
	run, err := i.api.StartRun(i.t.Context(), client.StartRun{Source: fmt.Sprintf(
		"name: islands\nrequests: [{url: %s}]\nload: {users: 2, duration: %s}\nregions:\n  - {name: eu-west-1, tasks: 2}\n  - {name: us-east-1, tasks: 1}\n", target, duration)})
	if err != nil {
		i.t.Fatal(err)
	}
	return run
}

func (i *island) ended(run load.Run) load.Run {
	i.t.Helper()
	await(i.t, "the end of the run", func(ctx context.Context) bool {
		var err error
		run, err = i.api.Run(ctx, run.ID)
		return err == nil && run.Status == load.Ended
	})
	return run
}

// run makes real load on what the templates made, and holds the report to what
// arrived.
func (i *island) run(name string) {
	t := i.t
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	run := i.ended(i.start(target.URL, "2s"))
	report, err := i.api.Report(t.Context(), run.ID)
	if err != nil {
		t.Fatalf("%s: the run is %s, %v: %v", name, run.Outcome, run.Cause, err)
	}
	a := report.Accounting
	if run.Outcome != load.Completed || a.TasksReported != 3 || a.SamplesSent == 0 || a.SamplesSent != a.SamplesReceived || report.Total.Failures != 0 {
		t.Errorf("%s: the run is %s, %v; accounting %+v", name, run.Outcome, run.Cause, a)
	}
	for region := range i.regions {
		if report.Regions[region].Requests == 0 {
			t.Errorf("%s: no requests from %s", name, region)
		}
	}
	tasks, err := i.api.Tasks(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if _, err := i.api.TaskLog(t.Context(), run.ID, task.Name); err != nil {
			t.Errorf("%s: log of %s: %v", name, task.Name, err)
		}
	}
}

// upgradeRegions changes the image of the regions' tasks by their stacks.
func (i *island) upgradeRegions() {
	t := i.t
	t.Helper()
	for region, k := range i.regions {
		i.registerOld(region, k)
		v := i.regionValues(region, "", "2")
		for _, p := range k.describe().Parameters {
			if *p.ParameterKey == "ServerToken" {
				v["ServerToken"] = *p.ParameterValue
			}
		}
		k.mustUpdate(v)
		if kept, err := i.api.Region(t.Context(), region); err != nil || kept.Image != i.agentImage(region, "2") {
			t.Errorf("after the change the server has %+v, %v", kept, err)
		}
	}
}

// registerOld makes more task definitions than the server keeps, so that with its
// next one it takes the oldest out of use.
func (i *island) registerOld(region string, k *stack) {
	i.t.Helper()
	for _, arn := range i.inventory(i.t, region)["task definition"] {
		family, _, _ := strings.Cut(arn[strings.LastIndex(arn, "/")+1:], ":")
		if !strings.HasPrefix(family, "onrush-") {
			continue
		}
		for range 10 {
			i.call(i.t, region, "ecs", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", map[string]any{
				"family": family, "executionRoleArn": k.outputs()["ExecutionRole"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
				"containerDefinitions": []any{map[string]any{"name": "old", "image": "old", "memoryReservation": 512}},
			}, nil)
		}
	}
}

// stopARun ends a run some of whose tasks hang, so that the server has to end them.
func (i *island) stopARun() {
	t := i.t
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	run := i.start(target.URL, "5m")
	await(t, "load", func(ctx context.Context) bool {
		got, err := i.api.Run(ctx, run.ID)
		return err == nil && got.Status == load.Running
	})
	// A region in use stays, and all of its stack with it.
	if reason := i.regions["us-east-1"].delete(); !strings.Contains(reason, "wait for their end") {
		t.Errorf("a stack that a run uses: %q", reason)
	}
	for region := range i.regions {
		i.freezeTask(region, run.ID)
	}
	if err := i.api.StopRun(t.Context(), run.ID, "now"); err != nil {
		t.Fatal(err)
	}
	i.ended(run)
}

// freezeTask makes one of a run's tasks hang.
func (i *island) freezeTask(region, run string) {
	i.t.Helper()
	var found struct{ Tasks []struct{ Pids []int } }
	i.steer(i.t, http.MethodGet, "tasks?region="+region+"&run="+run, nil, &found)
	if len(found.Tasks) == 0 || len(found.Tasks[0].Pids) == 0 {
		i.t.Fatalf("no task of run %s in %s", run, region)
	}
	for _, pid := range found.Tasks[0].Pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			i.t.Fatal(err)
		}
	}
}

// upgradeServer changes the server's image. Who was logged in still is.
func (i *island) upgradeServer() {
	t := i.t
	t.Helper()
	task := func() string { return strings.Join(i.inventory(t, "eu-west-1")["task"], " ") }
	old := task()
	i.server.mustUpdate(i.serverValuesNow())
	await(t, "the new server", func(ctx context.Context) bool {
		now := task()
		if now == "" || now == old {
			return false
		}
		_, err := i.api.Me(ctx)
		return err == nil
	})
}

func (i *island) serverValuesNow() values {
	v := values{}
	for _, p := range i.server.describe().Parameters {
		v[*p.ParameterKey] = *p.ParameterValue
	}
	v["Image"] = i.newServerImage()
	return v
}

// removeRegions deletes the regions' stacks: the server forgets them, and nothing
// of them stays.
func (i *island) removeRegions(before map[string]map[string][]string) {
	t := i.t
	t.Helper()
	idle := "tests/" + i.account
	i.steer(t, http.MethodPost, "images", map[string]any{"image": idle, "command": []string{"sleep", "600"}}, nil)
	for region, k := range i.regions {
		// Something for the sweep that the server does not know of.
		i.startTasks(t, k, idle)
		k.mustDelete()
		if _, err := i.api.Region(t.Context(), region); load.ErrorCode(err) != load.NotFound {
			t.Errorf("the server still has region %s: %v", region, err)
		}
		after := i.inventory(t, region)
		// The server's are others since its upgrade.
		for _, kind := range []string{"task", "task definition", "network interface"} {
			if len(after[kind]) != len(before[region][kind]) {
				t.Errorf("deleting the stack of %s left %ss %q", region, kind, after[kind])
			}
		}
		for kind := range after {
			if others := kind == "role" || kind == "policy"; !others && len(after[kind]) != len(before[region][kind]) {
				t.Errorf("deleting the stack of %s left of %s: %q, before were %q", region, kind, after[kind], before[region][kind])
			}
		}
	}
}
