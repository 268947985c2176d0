package load

import (
	"maps"
	"strings"
	"testing"
)

func regionDrivers() []DriverKind {
	return []DriverKind{
		{Name: "local", Summary: "here"},
		{Name: "cloud", Summary: "there", Settings: []Setting{
			{Name: "cluster", Help: "Where tasks run.", Required: true, Example: "onrush"},
			{Name: "network", Help: "Which network; empty means bridge.", Allowed: []string{"bridge", "host"}},
			{Name: "hosts", Help: "Addresses, parted by commas."},
		}},
	}
}

func TestValidateRegionAccepts(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Region{
		"a name alone": {Name: "eu"},
		"everything": {
			Name: "eu-west_1", Driver: "cloud", Limit: 100, RunLimit: 100, UsersPerTask: 500, CPU: 0.25, Memory: 512 << 20,
			Settings: map[string]string{"cluster": "c", "network": "host", "hosts": "ssh://ann@one,tcp://two:2376"},
			Image:    "registry.example.com:5000/onrush-agent:1.2@sha256:00", Images: map[string]string{"k6": "onrush-k6:1"},
			Server: "https://onrush.example.com/here", Labels: map[string]string{"location": "-33.9, 151.2", "provider_region": "ap-southeast-2", "team": "load"},
		},
		"the ends of the world": {Name: "pole", Labels: map[string]string{"location": "90,-180"}},
	} {
		if problems := ValidateRegion(r, regionDrivers()); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// Every fault is told, with its field, what was found and what is allowed.
func TestValidateRegionFaults(t *testing.T) {
	t.Parallel()
	r := Region{
		Name: "eu/1", Driver: "clod", Limit: -3, RunLimit: 2_000_000, UsersPerTask: -1, CPU: 0.001, Memory: 1024,
		Image: "two words", Images: map[string]string{"k7": "x", "k6": ""}, Server: "ftp://x",
		Labels: map[string]string{"Location": "1,2", "location": "91,0", "a b": "x", "empty": ""},
	}
	want := map[string]string{ // path: a word of the message
		"name": "letters", "driver": `did you mean "cloud"?`, "limit": "-3", "run_limit": "1000000", "users_per_task": "-1", "cpu": "0.05",
		"memory": "16MiB", "image": "without spaces", "images.k7": `did you mean "k6"?`, "images.k6": "no image", "server": "https://",
		"labels.Location": "written location", "labels.location": "50.1,8.7", `labels["a b"]`: "cannot name a label", "labels.empty": "1 to 200",
	}
	for _, p := range ValidateRegion(r, regionDrivers()) {
		word, expected := want[p.Path]
		if !expected || !strings.Contains(p.Message, word) || p.Found == "" || p.Allowed == "" {
			t.Errorf("unexpected, or not whole: %+v (want %q)", p, word)
		}
		delete(want, p.Path)
	}
	for path := range maps.Keys(want) {
		t.Errorf("nothing was said of %s", path)
	}
}

func TestValidateRegionSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, path, word string
		settings         map[string]string
	}{
		{"missing", "settings.cluster", "e.g. onrush", nil},
		{"not a word of it", "settings.network", `did you mean "host"?`, map[string]string{"cluster": "c", "network": "hots"}},
		{"unknown", "settings.clustr", `did you mean "cluster"?`, map[string]string{"cluster": "c", "clustr": "d"}},
		{"far from all", "settings.x", "it has cluster, network, hosts", map[string]string{"cluster": "c", "x": "d"}},
		{"a password", "settings.hosts", "no passwords", map[string]string{"cluster": "c", "hosts": "tcp://one, https://ann:hush@two"}},
	} {
		problems := ValidateRegion(Region{Name: "eu", Driver: "cloud", Settings: tc.settings}, regionDrivers())
		if len(problems) != 1 || problems[0].Path != tc.path || !strings.Contains(problems[0].Message, tc.word) {
			t.Errorf("%s: got %v, want %s with %q", tc.name, problems, tc.path, tc.word)
		}
		for _, p := range problems {
			if strings.Contains(p.String()+p.Found, "hush") {
				t.Errorf("%s: the password is shown: %+v", tc.name, p)
			}
		}
	}
}

func TestRunLimitWithinLimit(t *testing.T) {
	t.Parallel()
	problems := ValidateRegion(Region{Name: "eu", Limit: 5, RunLimit: 6}, regionDrivers())
	if len(problems) != 1 || problems[0].Path != "run_limit" {
		t.Errorf("got %v", problems)
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"50.1,8.7": true, " -1 , 2 ": true, "50.1": false, "50.1,8.7,3": false, "north,east": false, "NaN,0": false, "0,181": false, "": false,
	} {
		if _, _, got := (Region{Labels: map[string]string{"location": text}}).Location(); got != ok {
			t.Errorf("%q is a place: %t, want %t", text, got, ok)
		}
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	ok, warning, failed := Finding{State: FindingOK}, Finding{State: FindingWarning}, Finding{State: FindingFailed}
	for want, findings := range map[CheckState][]Finding{
		CheckOK: {ok, ok}, CheckWarning: {ok, warning, ok}, CheckFailed: {warning, failed, ok},
	} {
		if got := Worst(findings); got != want {
			t.Errorf("the worst of %v is %s, want %s", findings, got, want)
		}
	}
}
