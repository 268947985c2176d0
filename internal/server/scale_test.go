package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// TestFiveHundredTasks runs 500 agents over the real bus, in two regions: all
// start, every sample is counted, and nothing is left.
func TestFiveHundredTasks(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a machine for half a minute")
	}
	inside := map[string]string{"agents": "inside"}
	s, err := server.Start(t.Context(), server.Config{
		DataDir: t.TempDir(), AgentCommand: []string{agent}, Scripted: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Regions: []load.Region{{Name: "eu", Driver: "scripted", Settings: inside}, {Name: "us", Driver: "scripted", Settings: inside}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	c := client.New(s.URL(), s.Token())
	run := startRun(t, c, "name: five-hundred\nengine: scripted\nregions: [{name: eu, tasks: 300}, {name: us, tasks: 200}]\n"+
		"load: {rate: 5000, duration: 10s}\nscripted: {latency: 5ms}\n")
	report := waitEnd(t, c, run.ID)
	if report.Run.Outcome != load.Completed {
		t.Fatalf("outcome %s, cause %q", report.Run.Outcome, report.Run.Cause)
	}
	acc := report.Accounting
	if acc.TasksStarted != 500 || acc.TasksReported != 500 || acc.SamplesReceived != 50_000 || acc.SamplesSent != acc.SamplesReceived || acc.WindowsMissing != 0 {
		t.Errorf("accounting is %+v", acc)
	}
	for name, tasks := range map[string]int{"eu": 300, "us": 200} {
		p := report.Provisioning[name]
		if p.Tasks != tasks || p.Up.Tasks != tasks || p.Hello.Tasks != tasks || p.Ready.Tasks != tasks || p.Load.Tasks != tasks {
			t.Errorf("provisioning of %s is %+v", name, p)
		}
		t.Logf("%s: up %s, hello %s, ready %s, load %s after it was asked for; skew %.1f ms", name,
			p.Up.Last.Sub(p.Asked), p.Hello.Last.Sub(p.Asked), p.Ready.Last.Sub(p.Asked), p.Load.Last.Sub(p.Asked), p.SkewMS)
	}
	t.Logf("start skew %.1f ms; ended %s after it was created", report.StartSkewMS, report.Run.Ended.Sub(report.Run.Created).Round(time.Millisecond))
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the report is %d KiB", len(text)>>10)
	nothingLeft(t, c)
}
