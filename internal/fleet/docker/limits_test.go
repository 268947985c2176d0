package docker_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// What a task may do, as it sees it itself.
func TestWhatATaskMay(t *testing.T) {
	t.Parallel()
	where := place(t, engineHost(t))
	where.CPU, where.Memory = 0.5, 64<<20
	where.Settings["extra_hosts"] = "shop.test:10.9.8.7"
	where.Settings["tmp_size"] = "2MiB"
	d := open(t, where)
	run := newRun(t, d)
	start(t, d, specs(run, `script:
echo "procs=$GOMAXPROCS memlimit=$GOMEMLIMIT tmp=$TMPDIR"
cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null
cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
echo x >/file 2>/dev/null && echo "wrote to the root"
echo x >/tmp/file && echo "wrote to tmp"
dd if=/dev/zero of=/tmp/big bs=1024 count=4096 2>/dev/null || echo "tmp is bounded"
while read -r name value; do case "$name" in CapEff:|CapBnd:|NoNewPrivs:) echo "$name $value";; esac; done </proc/self/status
cat /etc/hosts
(sleep 0.1 & exec sleep 0) ; sleep 0.5
for s in /proc/[0-9]*/stat; do case "$(cat $s 2>/dev/null)" in *") Z "*) echo "a zombie: $s";; esac; done
cat /proc/1/comm
`, "eu-1"))
	got := output(t, d, run, "eu-1")
	for _, want := range []string{
		"procs=1 memlimit=60397974 tmp=/tmp", "50000", "67108864", "wrote to tmp", "tmp is bounded",
		"CapEff: 0000000000000000", "CapBnd: 0000000000000000", "NoNewPrivs: 1", "10.9.8.7\tshop.test", "docker-init",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("a task lacks %q; it says:\n%s", want, got)
		}
	}
	for _, bad := range []string{"wrote to the root", "a zombie"} {
		if strings.Contains(got, bad) {
			t.Errorf("a task shows %q:\n%s", bad, got)
		}
	}
}

// How an engine is told to keep a task: no restart that runs load twice, a log
// that does not fill the disk, marks that say whose it is.
func TestHowATaskIsKept(t *testing.T) {
	t.Parallel()
	host := engineHost(t)
	d := open(t, place(t, host))
	run := newRun(t, d)
	list := specs(run, "wait", "eu-1")
	list[0].Attempt, list[0].Deadline = 2, time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	id := start(t, d, list)[0].Instance
	got, err := dial(t, host).ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := got.Container
	if c.HostConfig.RestartPolicy.Name != container.RestartPolicyDisabled || c.HostConfig.NetworkMode != "host" ||
		c.HostConfig.LogConfig.Type != "json-file" || c.HostConfig.LogConfig.Config["max-size"] != "10485760" || c.HostConfig.Privileged {
		t.Errorf("kept as %+v", c.HostConfig)
	}
	for label, want := range map[string]string{"onrush.run": run, "onrush.task": "eu-1", "onrush.attempt": "2", "onrush.region": "eu", "onrush.deadline": "2031-02-03T04:05:06Z"} {
		if c.Config.Labels[label] != want {
			t.Errorf("label %s is %q, want %q", label, c.Config.Labels[label], want)
		}
	}
	for _, text := range slices.Concat(c.Args, c.Config.Cmd, c.Config.Entrypoint, []string{c.Name, fmt.Sprint(c.Config.Labels)}) {
		if strings.Contains(text, "ONRUSH_TICKET") {
			t.Errorf("the ticket is seen in %q", text)
		}
	}
}

func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	where := place(t, engineHost(t))
	where.Memory = 24 << 20
	d := open(t, where)
	run := newRun(t, d)
	start(t, d, specs(run, "script:echo filling; x=0123456789abcdef; while :; do x=$x$x; done", "eu-1"))
	await(t, "the end of eu-1", func() bool { return instances(t, d, run)["eu-1"].State == fleet.Gone })
	got := instances(t, d, run)["eu-1"]
	for _, word := range []string{"out of memory", "24MiB", "raise"} {
		if !strings.Contains(got.Reason, word) {
			t.Errorf("reason %q does not hold %q", got.Reason, word)
		}
	}
}

// An engine's refusals reach the user as what they are.
func TestRefusals(t *testing.T) {
	t.Parallel()
	host := engineHost(t)
	for name, c := range map[string]struct {
		settings map[string]string
		change   func(*fleet.Place)
		kind     fleet.StartKind
		reason   string
		remedy   string
	}{
		"no such network":    {settings: map[string]string{"network": "onrush-test-none"}, kind: fleet.BadSpec, reason: "onrush-test-none", remedy: "docker network create"},
		"too many CPUs":      {change: func(p *fleet.Place) { p.CPU = 1000 }, kind: fleet.NoRoom, reason: "1000 CPU", remedy: "cpu"},
		"too little memory":  {change: func(p *fleet.Place) { p.Memory = 1 << 20 }, kind: fleet.BadSpec, reason: "emory limit", remedy: "raise the region's memory"},
		"does not fit":       {change: func(p *fleet.Place) { p.Memory = 1 << 50 }, kind: fleet.NoRoom, reason: "1024TiB", remedy: "lower the tasks"},
		"no image, no pull":  {change: func(p *fleet.Place) { p.Image = "onrush-test/none:1" }, kind: fleet.BadImage, reason: "onrush-test/none:1", remedy: "docker load"},
		"no registry":        {settings: map[string]string{"pull": "missing"}, change: func(p *fleet.Place) { p.Image = "127.0.0.1:1/none:1" }, kind: fleet.BadImage, reason: "127.0.0.1:1/none:1", remedy: "does not reach the registry"},
		"another one's name": {change: func(p *fleet.Place) { p.Name = "us" }, kind: fleet.BadSpec, reason: "already in use", remedy: "remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			where := place(t, host)
			for key, value := range c.settings {
				where.Settings[key] = value
			}
			if name == "another one's name" {
				other := open(t, where)
				run := "taken-" + where.Server
				t.Cleanup(func() {
					if err := other.Stop(t.Context(), run); err != nil {
						t.Error(err)
					}
				})
				start(t, other, specs(run, "wait", "eu-1"))
			}
			if c.change != nil {
				c.change(&where)
			}
			d := open(t, where)
			run := newRun(t, d)
			if name == "another one's name" {
				run = "taken-" + where.Server
			}
			answers, err := d.Start(t.Context(), specs(run, "wait", "eu-1"))
			if err != nil {
				t.Fatal(err)
			}
			var got *fleet.StartError
			if !errors.As(answers[0].Err, &got) {
				t.Fatalf("got %+v, want a refusal", answers[0])
			}
			if got.Kind != c.kind || !strings.Contains(got.Reason, c.reason) || !strings.Contains(got.Remedy, c.remedy) || !strings.Contains(got.Reason, "eu-1") {
				t.Errorf("got %s: %v", got.Kind, got)
			}
			if list := instances(t, d, run); len(list) != 0 {
				t.Errorf("what did not start is listed: %+v", list)
			}
		})
	}
}

// An image without the program that it names is found out by docker-init.
func TestNoProgramInside(t *testing.T) {
	t.Parallel()
	const image = "onrush-test/empty:1"
	host := engineHost(t)
	importImage(t, dial(t, host), image, "", `ENTRYPOINT ["/nothing"]`)
	where := place(t, host)
	where.Image = image
	d := open(t, where)
	run := newRun(t, d)
	start(t, d, specs(run, "wait", "eu-1"))
	await(t, "the end of eu-1", func() bool { return instances(t, d, run)["eu-1"].State == fleet.Gone })
	got := instances(t, d, run)["eu-1"].Reason
	for _, word := range []string{"/nothing", "entrypoint"} {
		if !strings.Contains(got, word) {
			t.Errorf("reason %q does not hold %q", got, word)
		}
	}
}

func TestCapacityBySize(t *testing.T) {
	t.Parallel()
	host := engineHost(t)
	where := place(t, host)
	info, err := dial(t, host).Info(t.Context(), client.InfoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	where.CPU = float64(info.Info.NCPU) / 3
	d := open(t, where)
	run := newRun(t, d)
	answers, err := d.Start(t.Context(), specs(run, "wait", names(4)...))
	if err != nil {
		t.Fatal(err)
	}
	var full *fleet.StartError
	if !errors.As(answers[3].Err, &full) || full.Kind != fleet.NoRoom || answers[2].Err != nil {
		t.Errorf("the fourth task on an engine for three: %+v", answers)
	}
	got, err := d.Capacity(t.Context())
	if err != nil || got.Limit != 3 || got.InUse != 3 || len(got.Quotas) != 1 || got.Quotas[0].Tasks != 0 || got.Quotas[0].Unit != "vCPU" {
		t.Errorf("got capacity %+v, %v, want room for three, all taken", got, err)
	}
	for limit, want := range map[int]int{5: 3, 2: 2} {
		where.Limit = limit
		if got, err = open(t, where).Capacity(t.Context()); err != nil || got.Limit != want {
			t.Errorf("got capacity %+v, %v, want the tighter of the region's limit %d and the machine's 3", got, err, limit)
		}
	}
	where.CPU *= 100
	var never *fleet.StartError
	if got, err = open(t, where).Capacity(t.Context()); !errors.As(err, &never) || never.Kind != fleet.NoRoom || never.Remedy == "" {
		t.Errorf("got capacity %+v, %v, want that not even one fits", got, err)
	}
	findings, err := d.Check(t.Context())
	if err != nil || !slicesContain(findings, "size", load.FindingOK) || !slicesContain(findings, "clock", load.FindingOK) || !slicesContain(findings, "network", load.FindingOK) {
		t.Errorf("check: %+v, %v", findings, err)
	}
}

// A paused task is shown as one, and ends with the others.
func TestPaused(t *testing.T) {
	t.Parallel()
	host := engineHost(t)
	d := open(t, place(t, host))
	run := newRun(t, d)
	id := start(t, d, specs(run, "wait", "eu-1"))[0].Instance
	if _, err := dial(t, host).ContainerPause(t.Context(), id, client.ContainerPauseOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := instances(t, d, run)["eu-1"]; got.State != fleet.Up || !strings.Contains(got.Reason, "paused") {
		t.Errorf("a paused task is %+v", got)
	}
	if err := d.Stop(t.Context(), run); err != nil {
		t.Error(err)
	}
	if got := instances(t, d, run); len(got) != 0 {
		t.Errorf("after stop there is %+v", got)
	}
}
