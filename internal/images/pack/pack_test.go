package pack_test

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"onrush.dev/onrush/internal/images/pack"
)

const dockerfile = `# An image.
FROM scratch
ARG VERSION=dev
LABEL title="a thing" \
      version="${VERSION}"
COPY base/ /
COPY --chown=65532:65532 data/ /
ENV PATH=/usr/bin HOME=/tmp
USER 65532:65532
WORKDIR /tmp
VOLUME ["/data", "/tmp"]
EXPOSE 8080
ENTRYPOINT ["/usr/bin/thing"]
CMD ["serve"]
HEALTHCHECK --interval=10s CMD ["/usr/bin/thing", "health"]
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := pack.Parse(dockerfile, map[string]string{"VERSION": "1.2"})
	want := pack.Recipe{
		Copies:  []pack.Copy{{Part: "base"}, {Part: "data", UID: 65532, GID: 65532}},
		Env:     []string{"PATH=/usr/bin", "HOME=/tmp"},
		Labels:  map[string]string{"title": "a thing", "version": "1.2"},
		User:    "65532:65532",
		WorkDir: "/tmp", Volumes: []string{"/data", "/tmp"}, Ports: []string{"8080"},
		Entrypoint: []string{"/usr/bin/thing"}, Cmd: []string{"serve"},
		Health: &pack.Health{Command: []string{"/usr/bin/thing", "health"}, Interval: "10s"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// TestParseRefuses: what it does not do it does not pass over.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"FROM debian":                   "from scratch",
		"RUN apt-get install x":         "RUN",
		"COPY base/usr /usr":            "whole",
		"COPY --chown=onrush base/ /":   "UID:GID",
		"ENTRYPOINT /usr/bin/thing":     "invalid character",
		"ENV PATH":                      "no value",
		"LABEL a=\"b":                   "does not end",
		"HEALTHCHECK --retries=3 CMD x": "--retries",
	} {
		if got, err := pack.Parse("FROM scratch\n"+text+"\n", nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: got %+v, %v, want an error with %q and the line", text, got, err, want)
		}
	}
}

// tree makes a part.
func tree(t *testing.T, when time.Time) string {
	t.Helper()
	dir := t.TempDir()
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "usr", "bin"), 0o755),
		os.WriteFile(filepath.Join(dir, "usr", "bin", "thing"), []byte("program"), 0o755),
		os.Symlink("thing", filepath.Join(dir, "usr", "bin", "other")),
		os.Mkdir(filepath.Join(dir, "tmp"), 0o777),
		os.Chmod(filepath.Join(dir, "tmp"), 0o777|fs.ModeSticky),
		os.Chtimes(filepath.Join(dir, "usr", "bin", "thing"), when, when),
	)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestImageIsReproducible(t *testing.T) {
	t.Parallel()
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	recipe, err := pack.Parse("FROM scratch\nCOPY --chown=7:8 base/ /\nUSER 7:8\nENTRYPOINT [\"/usr/bin/thing\"]\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, when := range []time.Time{epoch, epoch.Add(time.Hour)} {
		dir := t.TempDir()
		layer, file := filepath.Join(dir, "base.tar.gz"), filepath.Join(dir, "image.tar")
		if err := pack.WriteLayer(layer, tree(t, when), recipe.Copies[0], epoch); err != nil {
			t.Fatal(err)
		}
		image := pack.Image{Reference: "onrush-thing:1", Arch: "arm64", Recipe: recipe, Layers: []string{layer}, Created: epoch}
		if err := image.Write(file); err != nil {
			t.Fatal(err)
		}
		if size, err := image.Measure(); err != nil || size.Unpacked != int64(len("program")) || size.Packed <= 0 {
			t.Errorf("size %+v, %v, want %d bytes unpacked", size, err, len("program"))
		}
		got, err := tarball.ImageFromPath(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := got.ConfigName()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest.String())
		config, err := got.ConfigFile()
		if err != nil || config.Architecture != "arm64" || config.Config.User != "7:8" {
			t.Errorf("config %+v, %v", config, err)
		}
		layers, err := got.Layers()
		if err != nil || len(layers) != 1 {
			t.Fatalf("%d layers, %v", len(layers), err)
		}
		content, err := layers[0].Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		checkLayer(t, content, epoch)
		content.Close()
	}
	if digests[0] != digests[1] {
		t.Errorf("the same files of another time made another image: %v", digests)
	}
}

func checkLayer(t *testing.T, r io.Reader, epoch time.Time) {
	t.Helper()
	seen := map[string]int64{}
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 7 || h.Gid != 8 || !h.ModTime.Equal(epoch) {
			t.Errorf("%s is of %d:%d at %v", h.Name, h.Uid, h.Gid, h.ModTime)
		}
		seen[h.Name] = h.Mode
	}
	want := map[string]int64{"tmp/": 0o1777, "usr/": 0o755, "usr/bin/": 0o755, "usr/bin/thing": 0o755, "usr/bin/other": 0o777}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("the layer holds %v, want %v", seen, want)
	}
}
