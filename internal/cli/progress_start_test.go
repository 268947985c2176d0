package cli

import (
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// TestProvisioningLines: what a log says while tasks come up, and that it does
// not say it over and over.
func TestProvisioningLines(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1000, 0)
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	var out strings.Builder
	l := &lines{w: &out}
	for s := range 12 {
		eu := load.RegionStart{Tasks: 200, Asked: begin, Up: load.Reached{Tasks: min(200, 50*(s/4))}, Ready: load.Reached{Tasks: 10 * (s / 4)}}
		if s > 6 {
			eu.Failed, eu.Why = 40, []string{"40 tasks in eu (eu-161, eu-162, …): did not start: vCPU quota"}
		}
		l.Snapshot(load.Snapshot{Status: load.Provisioning, Second: -1, At: at(s), Provisioning: map[string]load.RegionStart{
			"eu": eu, "us": {Tasks: 3}, // us was not asked yet
		}})
	}
	want := `eu: 0 of 200 up, 0 ready
eu: 50 of 200 up, 10 ready
eu: 100 of 200 up, 20 ready, 40 failed
  40 tasks in eu (eu-161, eu-162, …): did not start: vCPU quota
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
