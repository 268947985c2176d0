package install

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// k6 is built from its Go module, with the sums of its own go.sum, and with an
// output of ours (see _k6 and docs/adr/0007). A machine without Go takes the
// release.
type k6 struct{}

const (
	k6Module  = "go.k6.io/k6/v2"
	k6Release = "v2.2.0"
	// k6Sum is what the Go checksum database says of the module's zip.
	k6Sum    = "h1:FXtQJeClRQm25eraUvz/cbn2xcYZThs6cv2lBnid8tM="
	k6ModSum = "h1:7OY2MP0BM2TOKvOXmHbWixaIXmLVnZbbSWiKSQnQnSU=" // of its go.mod
)

//go:embed _k6/main.go _k6/output.go
var k6Sources embed.FS

func (k6) Name() string    { return "k6" }
func (k6) Version() string { return k6Release }

// Install implements Installer.
func (k k6) Install(ctx context.Context, dir string, o Options) (tools.Manifest, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return k.download(ctx, dir, o)
	}
	work, err := os.MkdirTemp("", "onrush-k6-")
	if err != nil {
		return tools.Manifest{}, err
	}
	defer os.RemoveAll(work)
	source, err := k.fetch(ctx, work, o)
	if err != nil {
		return tools.Manifest{}, err
	}
	if err := k.lay(work, source); err != nil {
		return tools.Manifest{}, fmt.Errorf("lay out the build of k6: %w", err)
	}
	o.say("building k6 %s with its onrush output; that takes one to three minutes", k6Release)
	target := filepath.Join(dir, "k6")
	ldflags := "-s -w -X " + k6Module + "/lib/consts.VersionDetails=onrush"
	if err := goRun(ctx, work, o, "build", "-trimpath", "-mod=mod", "-ldflags", ldflags, "-o", target, "."); err != nil {
		return tools.Manifest{}, err
	}
	license, err := os.ReadFile(filepath.Join(source, "LICENSE.md"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "LICENSE.md"), license, 0o644)
	}
	return tools.Manifest{
		Name: "k6", Version: k6Release, Path: "k6", Extras: []string{tools.K6Output},
		Source: "built from the Go module " + k6Module + "@" + k6Release + ", licence AGPL-3.0",
	}, err
}

// fetch downloads the module and returns its folder in the module cache.
func (k6) fetch(ctx context.Context, work string, o Options) (string, error) {
	o.say("downloading the Go module %s@%s", k6Module, k6Release)
	cmd := goCommand(ctx, work, o, "mod", "download", "-json", k6Module+"@"+k6Release)
	out, runErr := cmd.Output()
	var m struct{ Dir, Sum, Error string }
	if err := json.Unmarshal(out, &m); err != nil || m.Error != "" {
		return "", load.Errorf(load.Unavailable, "download %s@%s: %s", k6Module, k6Release, firstOf(m.Error, stderrOf(runErr), fmt.Sprint(runErr)))
	}
	if m.Sum != k6Sum {
		return "", load.Errorf(load.Invalid, "the module %s@%s has the sum %s, want %s: the registry hands out something else", k6Module, k6Release, m.Sum, k6Sum)
	}
	return m.Dir, nil
}

// lay makes a module of our two files that requires exactly what k6's release
// was made of: its go.mod and go.sum are taken over.
func (k6) lay(work, source string) error {
	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(source, "go.sum"))
	if err != nil {
		return err
	}
	var kept []string
	for line := range strings.Lines(string(mod)) {
		if !strings.HasPrefix(line, "toolchain ") { // ours builds it, whichever that is
			kept = append(kept, line)
		}
	}
	text := strings.Replace(strings.Join(kept, ""), "module "+k6Module+"\n", "module k6\n\nrequire "+k6Module+" "+k6Release+"\n", 1)
	for name, data := range map[string][]byte{
		"go.mod": []byte(text),
		"go.sum": append(sums, fmt.Sprintf("%[1]s %[2]s %[3]s\n%[1]s %[2]s/go.mod %[4]s\n", k6Module, k6Release, k6Sum, k6ModSum)...),
	} {
		if err := os.WriteFile(filepath.Join(work, name), data, 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{"main.go", "output.go"} {
		data, err := k6Sources.ReadFile("_k6/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// download takes the release's program. It lacks our output, so its samples cost
// more to read.
func (k6) download(ctx context.Context, dir string, o Options) (tools.Manifest, error) {
	base := firstOf(o.K6URL, "https://github.com/grafana/k6/releases/download/"+k6Release)
	if err := fetchK6(ctx, base, dir, o); err != nil {
		return tools.Manifest{}, load.Errorf(load.Unavailable, "there is no Go on this machine to build k6 with (https://go.dev/dl), and its release could not be fetched: %w", err)
	}
	return tools.Manifest{Name: "k6", Version: k6Release, Path: "k6", Source: base}, nil
}

func goRun(ctx context.Context, dir string, o Options, args ...string) error {
	cmd := goCommand(ctx, dir, o, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return load.Errorf(load.Unavailable, "go %s: %w:\n%s", args[0], err, out)
	}
	return nil
}

func goCommand(ctx context.Context, dir string, o Options, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOWORK=off")
	if o.Target != nil {
		cmd.Env = append(cmd.Env, "GOOS=linux", "GOARCH="+o.Target.Arch)
	}
	if o.GoProxy != "" {
		cmd.Env = append(cmd.Env, "GOPROXY="+o.GoProxy)
	}
	return cmd
}

func stderrOf(err error) string {
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as Output returns it
		return strings.TrimSpace(string(exit.Stderr))
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
