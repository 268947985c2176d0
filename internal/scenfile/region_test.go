package scenfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
)

func TestParseRegion(t *testing.T) {
	t.Parallel()
	want := load.Region{
		Name: "eu", Driver: "docker", Settings: map[string]string{"hosts": "a,b", "tls": "true"}, Limit: 20, CPU: 2, Memory: 4 << 30,
		Images: map[string]string{"k6": "k6:1"}, Labels: map[string]string{"location": "50.1,8.7"},
	}
	for name, text := range map[string]string{
		"region.yaml": "name: eu\ndriver: docker\nsettings: {hosts: 'a,b', tls: true}\nlimit: 20\ncpu: 2\nmemory: 4GiB\nimages: {k6: k6:1}\nlabels: {location: '50.1,8.7'}\n",
		"region.json": `{"name":"eu","driver":"docker","settings":{"hosts":"a,b","tls":true},"limit":20,"cpu":2.0,"memory":"4GiB","images":{"k6":"k6:1"},"labels":{"location":"50.1,8.7"}}`,
	} {
		got, err := scenfile.ParseRegion(name, []byte(text), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestParseRegionFaults(t *testing.T) {
	t.Parallel()
	check := func(r load.Region) []load.Problem {
		return load.ValidateRegion(r, []load.DriverKind{{Name: "local"}})
	}
	for _, tc := range []struct{ text, want string }{
		{"", "empty"},
		{"- eu\n", "a region is a mapping"},
		{"name: eu\nlimt: 3\n", "line 2: limt: there is no field limt here; did you mean limit?"},
		{"name: eu\ncpu: much\n", "line 2: cpu"},
		{"name: eu\ncpu: '2'\n", "a number without quotes"},
		{"name: eu\n\nlimit: 0\n", "line 3: limit: 0 is not allowed here"},
		{"name: eu\ndriver: locl\n", `line 2: driver: there is no driver "locl"`},
		{"driver: local\n", "line 1: name: a region needs its name"},
		{"name: eu\nsettings: [a]\n", "line 2: settings"},
		{"name: [\n", "no YAML"},
	} {
		_, err := scenfile.ParseRegion("", []byte(tc.text), check)
		if err == nil || load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: got %v, want %q in it", tc.text, err, tc.want)
		}
	}
	_, err := scenfile.ParseRegion("", make([]byte, scenfile.MaxSize+1), nil)
	if load.ErrorCode(err) != load.TooLarge {
		t.Errorf("a large file gave %v", err)
	}
}

func FuzzParseRegion(f *testing.F) {
	for _, seed := range []string{"name: eu\ncpu: 1e3\nmemory: 1GiB\n", `{"name":"eu","settings":{"a":"b"}}`, "name: &a eu\nimage: *a\n", "cpu: .nan\nname: eu"} {
		f.Add([]byte(seed))
	}
	drivers := []load.DriverKind{{Name: "local", Settings: []load.Setting{{Name: "a", Required: true}}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		region, err := scenfile.ParseRegion("", data, func(r load.Region) []load.Problem { return load.ValidateRegion(r, drivers) })
		if err == nil && (region.Name == "" || region.Settings["a"] == "") {
			t.Errorf("%q was taken as %+v", data, region)
		}
		if err != nil && len(load.Problems(err)) == 0 && load.ErrorCode(err) != load.TooLarge {
			t.Errorf("%q was refused without a reason: %v", data, err)
		}
	})
}
