package sbom_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/images/sbom"
)

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	jars := sbom.Jars(strings.Repeat("ab", 32) + "  org/apache/jmeter/ApacheJMeter_core/5.6.3/ApacheJMeter_core-5.6.3.jar\nnot a line\n")
	list := append(jars, sbom.Debian("libc6", "1:2.36-9+deb12u14", "glibc", "arm64", "bookworm", strings.Repeat("cd", 32)))
	list = append(list, list[0]) // two parts may hold the same
	when := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var texts []string
	for range 2 {
		var buf bytes.Buffer
		if err := sbom.Write(&buf, "onrush-agent", "1.2", when, list); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, buf.String())
		slices.Reverse(list)
	}
	if texts[0] != texts[1] {
		t.Error("another order made another bill")
	}
	file := filepath.Join(t.TempDir(), "bill.json")
	if err := os.WriteFile(file, []byte(texts[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := sbom.Read(file)
	if err != nil || len(got) != 2 {
		t.Fatalf("read %d components, %v, want 2", len(got), err)
	}
	for i, want := range []string{
		"pkg:deb/debian/libc6@1%3A2.36-9%2Bdeb12u14?arch=arm64&distro=bookworm",
		"pkg:maven/org.apache.jmeter/ApacheJMeter_core@5.6.3",
	} {
		if got[i].PackageURL != want || got[i].Hashes == nil {
			t.Errorf("component %d is %q, want %q with its sum", i, got[i].PackageURL, want)
		}
	}
}

func TestGo(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "onrush-agent")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "onrush.dev/onrush/cmd/onrush-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list, err := sbom.Go(program, "1.2", "Apache-2.0")
	if err != nil {
		t.Fatal(err)
	}
	found := slices.ContainsFunc(list, func(c sbom.Component) bool {
		return strings.HasPrefix(c.PackageURL, "pkg:golang/github.com/nats-io/nats.go@v")
	})
	if !found || list[0].Name != "onrush-agent" || list[1].Name != "std" {
		t.Errorf("got %v", list)
	}
}

func TestPython(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info := filepath.Join(dir, "Flask_Cors-6.0.dist-info")
	if err := os.Mkdir(info, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "Metadata-Version: 2.4\nName: Flask_Cors\nVersion: 6.0\nLicense-Expression: MIT\n\nA long text: with colons\n"
	if err := os.WriteFile(filepath.Join(info, "METADATA"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := sbom.Python(dir)
	if err != nil || len(list) != 1 || list[0].PackageURL != "pkg:pypi/flask-cors@6.0" {
		t.Errorf("got %v, %v", list, err)
	}
}
