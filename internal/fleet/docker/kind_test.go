package docker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

func region(settings map[string]string) fleet.Place {
	return fleet.Place{Region: load.Region{Name: "eu", Driver: "docker", Settings: settings}, Server: "s1"}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings map[string]string
		want     string // part of the error; empty: it is fine
	}{
		"none":                   {nil, ""},
		"engines of every sort":  {map[string]string{"hosts": "unix:///a.sock, tcp://h:2376\nssh://u@h:22/b.sock"}, ""},
		"an engine twice":        {map[string]string{"hosts": "unix:///a,unix:///a"}, "each engine once"},
		"a host without port":    {map[string]string{"hosts": "tcp://h"}, "settings.hosts"},
		"a password":             {map[string]string{"hosts": "ssh://u:secret@h"}, "settings.hosts"},
		"an option for ssh":      {map[string]string{"hosts": "ssh://-oProxyCommand=x"}, "settings.hosts"},
		"another scheme":         {map[string]string{"hosts": "http://h:1"}, "settings.hosts"},
		"a certificate, no key":  {map[string]string{"tls_cert": "c.pem"}, "settings.tls_cert"},
		"a word for pull":        {map[string]string{"pull": "sometimes"}, `settings.pull: found "sometimes", allowed: missing, always or never`},
		"a network with options": {map[string]string{"network": "container:x"}, "settings.network"},
		"extra hosts":            {map[string]string{"extra_hosts": "a:1.2.3.4,b:host-gateway,c:2001:db8::1"}, ""},
		"half an extra host":     {map[string]string{"extra_hosts": "a"}, "settings.extra_hosts"},
		"a name for dns":         {map[string]string{"dns": "ns.example"}, "settings.dns"},
		"a small tmp":            {map[string]string{"tmp_size": "1KB"}, "settings.tmp_size"},
		"no number":              {map[string]string{"parallel": "0"}, "settings.parallel"},
		"sizes":                  {map[string]string{"tmp_size": "4GiB", "log_size": "1MiB", "nofile": "65536", "parallel": "20"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readOptions(region(c.settings))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret")):
				t.Errorf("got %v, want it to hold %q", err, c.want)
			}
		})
	}
}

// FuzzHosts: an address that settings take can be dialled, or says why not.
func FuzzHosts(f *testing.F) {
	for _, seed := range []string{"unix:///var/run/docker.sock", "tcp://10.0.0.5:2376", "ssh://load@host:22/run/docker.sock", "ssh://[::1]", "tcp://h:99999", "unix://", "ssh://a b", "%", "tcp://h:1?x", "unix:///a%00b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		o, err := readOptions(region(map[string]string{"hosts": host}))
		if err != nil {
			return
		}
		d, err := New(o)
		if err != nil {
			if load.ErrorCode(err) != load.Invalid {
				t.Errorf("%q: %v is not of code invalid", host, err)
			}
			return
		}
		for _, e := range d.engines {
			u, err := parseHost(e.host)
			if err != nil {
				t.Errorf("%q was taken and is not read: %v", e.host, err)
				continue
			}
			if u.Scheme == "ssh" {
				for _, arg := range (sshDialer{url: u}).args() {
					if strings.HasPrefix(arg, "-o") && arg != "-o" {
						t.Errorf("%q becomes an option of ssh: %q", host, arg)
					}
				}
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestPlacements(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := newPlacements(dir)
	a, b := taskKey{"r1", "eu-1", 0}, taskKey{"r1", "eu-2", 1}
	if !p.mayHold("r1", "h1") {
		t.Error("of a run that nothing is known of, any engine may hold tasks")
	}
	for _, step := range []struct {
		key  taskKey
		host string
	}{{a, "h1"}, {b, "h1"}, {b, "h2"}} {
		if err := p.note(step.key, step.host); err != nil {
			t.Fatal(err)
		}
	}
	// A crash in the middle of a line.
	file := filepath.Join(dir, "r1.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, `{"task":"eu-3","att`...), 0o600); err != nil {
		t.Fatal(err)
	}
	again := newPlacements(dir)
	if again.host(a) != "h1" || again.host(b) != "h2" || again.mayHold("r1", "h3") || !again.mayHold("r1", "h2") {
		t.Errorf("after a crash: %v", again.runs)
	}
	// What comes after the broken line is not lost with it.
	c := taskKey{"r1", "eu-4", 0}
	if err := again.note(c, "h3"); err != nil {
		t.Fatal(err)
	}
	if got := newPlacements(dir).host(c); got != "h3" {
		t.Errorf("a note after a broken line is read as %q", got)
	}
	if err := again.forget("r1", []string{"eu-2"}); err != nil {
		t.Fatal(err)
	}
	if left := newPlacements(dir); left.host(b) != "" || left.host(a) != "h1" {
		t.Errorf("after one task is forgotten: %v", left.runs)
	}
	if err := again.forget("r1", nil); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("after the run is forgotten there is %v, %v", left, err)
	}
}
