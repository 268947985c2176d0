package install_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools/install"
)

// What a mirror hands out is compared with the list, and nothing is left of an
// installation that failed.
func TestJMeterIsNotInstalledFromAFaultyMirror(t *testing.T) {
	t.Parallel()
	jmeter, err := install.ByName("jmeter")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		status int
		code   load.Code
		want   string
	}{
		"other jars": {http.StatusOK, load.Invalid, "SHA-256"},
		"no jars":    {http.StatusNotFound, load.Unavailable, "--maven-url"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/maven/") || !strings.HasSuffix(r.URL.Path, ".jar") {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte("no jar"))
			}))
			defer mirror.Close()
			dir := t.TempDir()
			_, err := install.Run(t.Context(), jmeter, dir, install.Options{MavenURL: mirror.URL + "/maven/"})
			if err == nil || load.ErrorCode(err) != test.code || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in an error of code %s", err, test.want, test.code)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
