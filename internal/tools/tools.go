// Package tools finds the programs that engines drive: k6, Java and JMeter,
// Python and Locust, on this machine. It installs nothing (package
// tools/install does) and runs no load. Read Find first.
package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Tool is a program found on this machine.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Path is the program: k6, java, the Python of Locust's environment; for
	// jmeter the folder that JMeter calls its home.
	Path   string `json:"path"`
	Origin Origin `json:"origin"`
	// Extras are what this one has beside the plain tool: "onrush output".
	Extras []string `json:"extras,omitempty"`
}

// String is the tool for people: "k6 v2.2.0".
func (t Tool) String() string { return strings.TrimSpace(t.Name + " " + t.Version) }

// Has says whether the tool has an extra.
func (t Tool) Has(extra string) bool { return slices.Contains(t.Extras, extra) }

// Origin says where a tool was found.
type Origin string

// The origins, in the order in which they are looked at.
const (
	Configured Origin = "configured" // named in the environment
	Installed  Origin = "installed"  // by onrush engines install
	OnPath     Origin = "on PATH"
)

// Kind is one sort of tool that is known: a row of Kinds.
type Kind struct {
	Name    string
	Env     string   // names the program, or for jmeter its home: ONRUSH_K6
	Program []string // tried on PATH, in this order; none: not looked for there
	// Places are programs that the tool's own environment variables name, tried
	// before PATH; nil: it has none.
	Places func() []string
	// Home turns a program that was found into the tool's path; nil: it is that.
	Home func(path string) string
	// Version asks the program for its version and extras.
	Version func(ctx context.Context, path string) (version string, extras []string, err error)
	Needs   []string // other kinds that must be there too
	Remedy  string   // what to do when there is none
}

// Kinds lists all tools. A further engine adds its row here.
func Kinds() []Kind {
	return []Kind{k6Kind(), javaKind(), jmeterKind(), locustKind()}
}

// Dir is where tools are installed: ONRUSH_TOOLS, else a folder of the user's
// that server, command line and local tasks share.
func Dir() string {
	if dir := os.Getenv("ONRUSH_TOOLS"); dir != "" {
		return dir
	}
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "onrush", "tools")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "onrush-tools")
	}
	return filepath.Join(home, ".local", "share", "onrush", "tools")
}

// Manifest stands in an installed tool's folder, as onrush-tool.json.
type Manifest struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Path    string            `json:"path"` // of the program or home, relative to the folder
	Extras  []string          `json:"extras,omitempty"`
	Source  string            `json:"source"`          // where it came from, for people
	Files   map[string]string `json:"files,omitempty"` // path to SHA-256, of all files
}

// ManifestFile is the manifest's name.
const ManifestFile = "onrush-tool.json"

// ErrMissing is in the chain of the error for a tool that is nowhere.
var ErrMissing = errors.New("not found")

// Find finds a tool by its name: the one that the environment names, else the
// one that was installed, else one on PATH. Unavailable: there is none, and the
// text says what to do.
func Find(ctx context.Context, name string) (Tool, error) {
	at := slices.IndexFunc(Kinds(), func(k Kind) bool { return k.Name == name })
	if at < 0 {
		return Tool{}, load.Errorf(load.Invalid, "there is no tool %q", name)
	}
	kind := Kinds()[at]
	if path := os.Getenv(kind.Env); kind.Env != "" && path != "" {
		t, err := kind.look(ctx, path, Configured)
		if err != nil {
			return t, load.Errorf(load.Unavailable, "%s names %s for %s, which cannot be used: %w", kind.Env, path, name, err)
		}
		return t, nil
	}
	if t, ok := newest(installed(Dir()), name); ok {
		return t, nil
	}
	programs := kind.Program
	if kind.Places != nil {
		programs = append(kind.Places(), programs...)
	}
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		if t, err := kind.look(ctx, path, OnPath); err == nil {
			return t, nil
		}
	}
	return Tool{}, load.Errorf(load.Unavailable, "%s is not on this machine: %s: %w", name, kind.Remedy, ErrMissing)
}

// look asks a program who it is.
func (k Kind) look(ctx context.Context, path string, origin Origin) (Tool, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if k.Home != nil {
		path = k.Home(path)
	}
	version, extras, err := k.Version(ctx, path)
	return Tool{Name: k.Name, Version: version, Path: path, Origin: origin, Extras: extras}, err
}

// installed reads what lies in the folder of tools. What cannot be read is left
// out: a tool is there once its manifest is.
func installed(dir string) []Tool {
	files, err := filepath.Glob(filepath.Join(dir, "*", ManifestFile))
	if err != nil {
		return nil
	}
	var found []Tool
	for _, file := range files {
		if m, err := ReadManifest(file); err == nil {
			found = append(found, Tool{
				Name: m.Name, Version: m.Version, Origin: Installed, Extras: m.Extras,
				Path: filepath.Join(filepath.Dir(file), filepath.FromSlash(m.Path)),
			})
		}
	}
	return found
}

// ReadManifest reads a manifest file.
func ReadManifest(file string) (Manifest, error) {
	var m Manifest
	data, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", file, err)
	}
	return m, nil
}

func newest(all []Tool, name string) (Tool, bool) {
	all = slices.DeleteFunc(all, func(t Tool) bool {
		_, err := os.Stat(t.Path)
		return t.Name != name || errors.Is(err, fs.ErrNotExist)
	})
	if len(all) == 0 {
		return Tool{}, false
	}
	return slices.MaxFunc(all, func(a, b Tool) int { return CompareVersions(a.Version, b.Version) }), true
}

// CompareVersions compares by numbers: v1.9.0 is before v1.10.0.
func CompareVersions(a, b string) int {
	split := func(v string) []string {
		return strings.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	}
	as, bs := split(a), split(b)
	for i := 0; i < len(as) && i < len(bs); i++ {
		if c := cmp.Or(cmp.Compare(len(as[i]), len(bs[i])), cmp.Compare(as[i], bs[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// List finds every known tool; the error of those that are missing says why.
func List(ctx context.Context) ([]Tool, map[string]error) {
	var found []Tool
	missing := map[string]error{}
	for _, k := range Kinds() {
		t, err := Find(ctx, k.Name)
		if err != nil {
			missing[k.Name] = err
			continue
		}
		found = append(found, t)
	}
	return found, missing
}
