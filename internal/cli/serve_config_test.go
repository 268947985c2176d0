package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"onrush.dev/onrush/internal/load"
)

func TestServeConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "onrush.yaml")
	write(t, file, "data: "+dir+"/kept\nlisten: 127.0.0.1:1\nlog-level: warn\ntrusted-proxies: [10.0.0.0/16, 'fd00::/8']\nregions:\n  - {name: eu, limit: 5}\n  - {name: us, cpu: 0.5, memory: 1GiB, labels: {location: '40,-74'}}\n")
	config, err := (&serveCmd{Config: file, Listen: "127.0.0.1:2"}).config(&Env{Err: io.Discard, Version: "v"})
	if err != nil {
		t.Fatal(err)
	}
	if config.Listen != "127.0.0.1:2" || config.DataDir != dir+"/kept" || config.Version != "v" {
		t.Errorf("got %+v", config)
	}
	if got := fmt.Sprint(config.TrustedProxies); got != "[10.0.0.0/16 fd00::/8]" {
		t.Errorf("trusted proxies: %s", got)
	}
	want := []load.Region{{Name: "eu", Driver: "local", Limit: 5}, {Name: "us", Driver: "local", CPU: 0.5, Memory: 1 << 30, Labels: map[string]string{"location": "40,-74"}}}
	if diff := cmp.Diff(want, config.Regions); diff != "" {
		t.Errorf("regions:\n%s", diff)
	}
}

func TestServeConfigFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ file, want string }{
		{"lisen: 127.0.0.1:1\nregions:\n  - {name: eu}\n", ":1: lisen: unknown key"},
		{"data: a\nregions:\n  - {nam: eu}\n", ":3: regions[0].nam: there is no field nam here; did you mean name?"},
		{"regions:\n  - name: eu\n    driver: locl\n    limit: 0\n", `:3: regions[0].driver: there is no driver "locl"`},
		{"regions:\n  - name: eu\n    limit: 0\n", ":3: regions[0].limit: 0 is not allowed here"},
		{"regions:\n  - name: eu\n    settings: {cpu: '2'}\n", ":3: regions[0].settings.cpu: the driver local has no setting cpu"},
		{"regions: eu\n", ":1: "},
		{"trusted-proxies: [everybody]\n", "everybody"},
		{"log-level: loud\n", "log-level"},
		{"log-format: xml\n", "log-format"},
		{"data: [\n", "line 1"},
	} {
		path := filepath.Join(t.TempDir(), "onrush.yaml")
		write(t, path, tc.file)
		_, err := (&serveCmd{Config: path}).config(&Env{Err: io.Discard})
		var said strings.Builder
		exitCode(&said, err)
		if !strings.Contains(said.String(), tc.want) {
			t.Errorf("%q: got %q, want %q in it", tc.file, said.String(), tc.want)
		}
	}
}

// TestServeListensInTheClearWhenTold: other machines are served over HTTPS, ours
// or a proxy's, unless the user says otherwise.
func TestServeListensInTheClearWhenTold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cmd     serveCmd
		refused bool
	}{
		{serveCmd{}, false},
		{serveCmd{Listen: "localhost:1"}, false},
		{serveCmd{Listen: "[::1]:1"}, false},
		{serveCmd{Listen: ":8080"}, true},
		{serveCmd{Listen: "0.0.0.0:8080"}, true},
		{serveCmd{Listen: "10.1.2.3:8080", PublicURL: "http://load.example.com"}, true},
		{serveCmd{Listen: "0.0.0.0:8080", PublicURL: "https://load.example.com"}, false},
		{serveCmd{Listen: "0.0.0.0:8080", TLSCert: "cert.pem", TLSKey: "key.pem"}, false},
		{serveCmd{Listen: "0.0.0.0:8080", PlainHTTP: true}, false},
	} {
		_, err := tc.cmd.config(&Env{Err: io.Discard})
		if refused := load.ErrorCode(err) == load.Invalid; refused != tc.refused || !refused && err != nil {
			t.Errorf("%+v: got %v, want refused: %v", tc.cmd, err, tc.refused)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
