package images_test

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"onrush.dev/onrush/internal/images"
	"onrush.dev/onrush/internal/images/debian"
	"onrush.dev/onrush/internal/images/sbom"
)

// folder is where the images for the tests are.
func folder(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("images take a minute to build")
	}
	dir := os.Getenv("ONRUSH_TEST_IMAGES")
	if dir == "" {
		t.Fatal("ONRUSH_TEST_IMAGES is not set: run scripts/components/images up, and export what it prints")
	}
	return dir
}

// open reads an image of the tests.
func open(t *testing.T, name string) (images.Built, v1.Image, *v1.ConfigFile) {
	t.Helper()
	dir := folder(t)
	built, err := images.ReadBuilt(filepath.Join(dir, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(filepath.Join(dir, built.File), nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return built, image, config
}

// file is one thing in an image.
type file struct {
	tar.Header
	needs       []string // libraries, of a program or library
	interpreter string
	machine     elf.Machine // what it is compiled for
}

// reader reads layers, each once: images share them.
type reader map[v1.Hash]map[string]file

// files lists what an image holds, over all layers.
func (r reader) files(t *testing.T, image v1.Image) map[string]file {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]file{}
	for _, layer := range layers {
		id, err := layer.DiffID()
		if err != nil {
			t.Fatal(err)
		}
		if r[id] == nil {
			r[id] = readLayer(t, layer)
		}
		for name, f := range r[id] {
			if old, twice := all[name]; twice && (f.Typeflag != tar.TypeDir || old.Mode != f.Mode) {
				t.Errorf("two parts hold %s", name)
			}
			all[name] = f
		}
	}
	return all
}

func readLayer(t *testing.T, layer v1.Layer) map[string]file {
	t.Helper()
	all := map[string]file{}
	content, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	for members := tar.NewReader(content); ; {
		h, err := members.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		f := file{Header: *h}
		if h.Typeflag == tar.TypeReg && (h.Mode&0o111 != 0 || strings.Contains(h.Name, ".so")) {
			f.link(t, members)
		}
		all[strings.TrimSuffix(h.Name, "/")] = f
	}
}

// link reads what a program or library wants from others.
func (f *file) link(t *testing.T, r io.Reader) {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	program, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return // a script
	}
	defer program.Close()
	f.machine = program.Machine
	if f.needs, err = program.ImportedLibraries(); err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		t.Errorf("%s: %v", f.Name, err)
	}
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			text, err := io.ReadAll(p.Open())
			if err != nil {
				t.Fatal(err)
			}
			f.interpreter = strings.Trim(string(text), "/\x00")
		}
	}
}

// every lists all images that there are.
func every(t *testing.T) []string {
	t.Helper()
	known, err := images.Known("../..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range known {
		names = append(names, name+"-"+runtime.GOARCH)
	}
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	return append(names, "agent-"+other)
}

// TestBuiltImages holds every image to what is promised of all of them.
func TestBuiltImages(t *testing.T) {
	t.Parallel()
	layers := reader{}
	for _, name := range every(t) {
		t.Run(name, func(t *testing.T) {
			built, image, config := open(t, name)
			if config.Config.User != "65532:65532" {
				t.Errorf("it runs as %q, want the number of a user without rights", config.Config.User)
			}
			if config.Architecture != built.Arch {
				t.Errorf("it says it is for %s, want %s", config.Architecture, built.Arch)
			}
			for _, label := range []string{"title", "description", "version", "revision", "licenses", "vendor"} {
				if v := config.Config.Labels["org.opencontainers.image."+label]; v == "" || strings.Contains(v, "$") {
					t.Errorf("label %s is %q", label, v)
				}
			}
			all := layers.files(t, image)
			checkMachine(t, all, built.Arch)
			checkRights(t, all)
			checkLibraries(t, all)
			components, err := sbom.Read(filepath.Join(folder(t), built.SBOM))
			if err != nil || len(components) < 10 {
				t.Errorf("its bill lists %d components, %v", len(components), err)
			}
		})
	}
}

// checkRights: nobody in an image may write to it or gain rights by it.
func checkRights(t *testing.T, all map[string]file) {
	t.Helper()
	for name, f := range all {
		if f.Typeflag == tar.TypeSymlink {
			target := path.Join(path.Dir(name), f.Linkname)
			if path.IsAbs(f.Linkname) {
				target = strings.TrimPrefix(f.Linkname, "/")
			}
			if _, ok := all[target]; !ok && !strings.HasPrefix(name, "usr/share/doc/") {
				t.Errorf("%s leads to %s, which is not there", name, f.Linkname)
			}
			continue
		}
		mode := f.FileInfo().Mode()
		switch {
		case mode&(fs.ModeSetuid|fs.ModeSetgid) != 0:
			t.Errorf("%s has mode %v", name, mode)
		case mode.Perm()&0o022 != 0 && name != "tmp":
			t.Errorf("%s may be written to: mode %v", name, mode)
		case f.Uid != 0 && name != "data":
			t.Errorf("%s belongs to user %d", name, f.Uid)
		}
	}
}

// checkLibraries: whatever a program or library loads is in the image as well.
func checkLibraries(t *testing.T, all map[string]file) {
	t.Helper()
	places := map[string]bool{}
	for name := range all {
		places[path.Base(name)] = true
	}
	for name, f := range all {
		if f.interpreter != "" {
			if _, ok := all[f.interpreter]; !ok {
				t.Errorf("%s is started by %s, which is not there", name, f.interpreter)
			}
		}
		for _, library := range f.needs {
			if !places[library] {
				t.Errorf("%s loads %s, which is not there", name, library)
			}
		}
	}
}

// TestWhatIsInside: each image has its tools, and its bill says so.
func TestWhatIsInside(t *testing.T) {
	t.Parallel()
	const k6, jmeter, locust = "pkg:golang/go.k6.io/k6/v2@", "pkg:maven/org.apache.jmeter/ApacheJMeter_core@", "pkg:pypi/locust@"
	for name, wanted := range map[string][]string{
		"agent":        nil,
		"agent-k6":     {k6},
		"agent-jmeter": {jmeter, "pkg:deb/debian/openjdk-17-jdk-headless@", "pkg:deb/debian/libc6@"},
		"agent-locust": {locust, "pkg:deb/debian/python3.11@", "pkg:pypi/gevent@"},
		"agent-all":    {k6, jmeter, locust},
		"server":       nil,
		"server-all":   {k6, jmeter, locust},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			components, err := sbom.Read(filepath.Join(folder(t), name+"-"+runtime.GOARCH+".cdx.json"))
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, c := range components {
				all = append(all, c.PackageURL)
			}
			text := strings.Join(all, "\n")
			for _, want := range append(wanted, "pkg:deb/debian/ca-certificates@", "pkg:golang/github.com/nats-io/nats.go@", "pkg:golang/std@") {
				if !strings.Contains(text, want) {
					t.Errorf("the bill has no %s", want)
				}
			}
			if wanted == nil && strings.Contains(text, "pkg:deb/debian/libc6@") {
				t.Error("there is a C library in an image of static programs")
			}
		})
	}
}

// checkMachine: everything compiled is for the image's own machine.
func checkMachine(t *testing.T, all map[string]file, arch string) {
	t.Helper()
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]
	compiled := 0
	for name, f := range all {
		if f.machine == 0 {
			continue
		}
		if compiled++; f.machine != want {
			t.Errorf("%s is for %v, want %v", name, f.machine, want)
		}
	}
	if compiled == 0 {
		t.Error("there is no program in it")
	}
}

// TestBuildIsReproducible builds the agent's image again, from the packages alone.
func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var sums []string
	for range 2 {
		cache := t.TempDir()
		if err := os.Symlink(filepath.Join(filepath.Dir(dir), "debian"), filepath.Join(cache, "debian")); err != nil {
			t.Fatal(err)
		}
		out := t.TempDir()
		_, err := images.Build(t.Context(), images.Options{
			Repo: repo, Out: out, Cache: cache, Version: "test", Revision: "one", Prefix: "onrush-", Mirror: debian.Mirror,
			Arches: []string{runtime.GOARCH}, Names: []string{"agent"}, Epoch: time.Unix(1767225600, 0), Say: t.Logf,
		})
		if err != nil {
			t.Fatal(err)
		}
		image, err := tarball.ImageFromPath(filepath.Join(out, "agent-"+runtime.GOARCH+".tar"), nil)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := image.ConfigName()
		if err != nil {
			t.Fatal(err)
		}
		bill, err := os.ReadFile(filepath.Join(out, "agent-"+runtime.GOARCH+".cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, sum.String()+string(bill))
	}
	if sums[0] != sums[1] {
		t.Error("the same sources made two images")
	}
}
