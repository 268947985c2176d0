package regions

import (
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// What drivers and tasks say is told by what it is about, with a remedy: the
// driver's own where it named one.
func TestFailure(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, check, remedy string }{
		{"region lab: agent program onrush-agent cannot be run: executable file not found in $PATH (build it, or name the right one)", "agent", "build it, or name the right one"},
		{"ImagePullBackOff: onrush-agent:9 cannot be pulled", "image", "whether the platform may pull it"},
		{"exec format error", "image", "processors"},
		{"AccessDeniedException: not authorized to perform ecs:RunTask", "permission", "right that is named"},
		{"UnrecognizedClientException: the security token is invalid", "credentials", "give the server credentials"},
		{"40 of 200 tasks: vCPU quota reached (raise the quota L-3032A538)", "quota", "raise the quota L-3032A538"},
		{"0/3 nodes are available: Insufficient cpu", "quota", "raise the quota"},
		{"the subnet has no free address", "addresses", "free addresses"},
		{"OOMKilled", "memory", "more memory"},
		{"reach the server: tls://10.0.0.1:4223: i/o timeout", "reach", "server's address reachable"},
		{"dial tcp 10.0.0.9:2376: connect: connection refused", "platform", "platform's API"},
		{"exit code 7: something else", "run", "run's log"},
	} {
		got := failure(tc.text)
		if got.State != load.FindingFailed || got.Check != tc.check || !strings.Contains(got.Remedy, tc.remedy) || got.Text == "" {
			t.Errorf("%q became %+v, want %s with %q", tc.text, got, tc.check, tc.remedy)
		}
		if strings.Contains(got.Text, got.Remedy) {
			t.Errorf("%q says its remedy twice", got.Text)
		}
	}
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	text := "one\ntwo\n\nthree\nfour\nfive\nbroken \xff byte\n" + long + "\n"
	got := lastLines(strings.NewReader(text))
	if strings.Contains(got, "four") || !strings.HasPrefix(got, "five | broken \uFFFD byte | xxx") || len(got) > 2*longestLine {
		t.Errorf("got %q", got)
	}
	if got := lastLines(strings.NewReader("")); got != "" {
		t.Errorf("of nothing it got %q", got)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		region load.Region
		want   string
	}{
		{load.Region{}, ""},
		{load.Region{Image: "a"}, "a"},
		{load.Region{Image: "a", Images: map[string]string{"k6": "k", "locust": "l", "jmeter": "k"}}, "a k l"},
		{load.Region{Image: "a", Images: map[string]string{"http": "h"}}, "h a"},
	} {
		if got := strings.Join(images(tc.region), " "); got != tc.want {
			t.Errorf("images of %+v are %q, want %q", tc.region, got, tc.want)
		}
	}
}

// A check whose server ended is over, and another may be started.
func TestLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)
	s := New(Options{Now: func() time.Time { return now }})
	defer s.Close()
	running := load.RegionCheck{State: load.CheckRunning, Updated: now.Add(-quiet / 2)}
	if got := s.settled(running); got.State != load.CheckRunning {
		t.Errorf("a check that was just worked on is %s", got.State)
	}
	running.Updated = now.Add(-2 * quiet)
	got := s.settled(running)
	if got.State != load.CheckFailed || got.Ended == nil || len(got.Findings) != 1 || got.Findings[0].Remedy == "" {
		t.Errorf("a check that was left is %+v", got)
	}
	if running.State = load.CheckOK; s.left(running) {
		t.Error("a check that has ended counts as left")
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for want, runs := range map[string][]string{
		"run a": {"a"}, "runs a, b": {"a", "b"}, "runs a, b, c, d, e and 2 more": {"a", "b", "c", "d", "e", "f", "g"},
	} {
		if got := named(runs); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "less than 1 ms", 12 * time.Millisecond: "12 ms", 4200 * time.Millisecond: "4.2 s", 90 * time.Second: "1m30s",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
