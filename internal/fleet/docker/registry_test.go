package docker_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// images is a registry of images with one image, that asks for a login.
type images struct {
	host string // 127.0.0.1:PORT

	mu    sync.Mutex
	blobs map[string][]byte // by digest
	tag   []byte            // the manifest that the image's tag means
	asked int               // fetches of the manifest
}

const login = "Basic bG9hZDpzM2NyZXQ=" // load:s3cret

func startRegistry(t *testing.T, script string) *images {
	t.Helper()
	r := &images{blobs: map[string][]byte{}}
	r.put(t, script)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// put gives the image other contents, such as no engine has seen before.
func (r *images) put(t *testing.T, script string) {
	t.Helper()
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatal(err)
	}
	var plain, packed bytes.Buffer
	w := tar.NewWriter(&plain)
	for name, data := range map[string][]byte{"bin/sh": busybox, "program": fmt.Appendf(nil, "%s\n# %d\n", script, time.Now().UnixNano())} {
		if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(data))}), write(w, data)); err != nil {
			t.Fatal(err)
		}
	}
	z := gzip.NewWriter(&packed)
	if err := errors.Join(w.Close(), write(z, plain.Bytes()), z.Close()); err != nil {
		t.Fatal(err)
	}
	config := fmt.Appendf(nil, `{"os":"linux","architecture":%q,"config":{"Entrypoint":["/bin/sh","/program"]},"rootfs":{"type":"layers","diff_ids":[%q]}}`, runtime.GOARCH, digest(plain.Bytes()))
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%d,"digest":%q},`+
		`"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":%d,"digest":%q}]}`,
		manifestType, len(config), digest(config), packed.Len(), digest(packed.Bytes()))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tag = manifest
	for _, blob := range [][]byte{config, packed.Bytes(), manifest} {
		r.blobs[digest(blob)] = blob
	}
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

func write(w interface{ Write([]byte) (int, error) }, data []byte) error {
	_, err := w.Write(data)
	return err
}

// ServeHTTP is as much of a registry as an engine asks for.
func (r *images) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.Header.Get("Authorization") != login {
		w.Header().Set("WWW-Authenticate", `Basic realm="images"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	name := filepath.Base(q.URL.Path)
	data := r.blobs[name]
	switch {
	case q.URL.Path == "/v2/":
	case strings.Contains(q.URL.Path, "/manifests/"):
		if name == "1" {
			data = r.tag
		}
		if q.Method == http.MethodGet {
			r.asked++
		}
		w.Header().Set("Content-Type", manifestType)
		w.Header().Set("Docker-Content-Digest", digest(data))
		fallthrough
	default:
		if data == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data)
	}
}

// An engine fetches an image from a registry with the credentials of docker
// login: when it lacks it, or always, as the region says.
func TestFetch(t *testing.T) {
	t.Parallel()
	host := engineHost(t)
	registry := startRegistry(t, "echo the first")
	image := registry.host + "/load/agent:1"
	api := dial(t, host)
	t.Cleanup(func() {
		if _, err := api.ImageRemove(context.Background(), image, client.ImageRemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	})
	where := place(t, host)
	where.Image = image
	where.Settings["pull"] = "missing"
	where.Settings["registry_config"] = filepath.Join(t.TempDir(), "config.json")

	// Nobody logged in.
	d := open(t, where)
	run := newRun(t, d)
	answers, err := d.Start(t.Context(), specs(run, "", "eu-1"))
	if err != nil {
		t.Fatal(err)
	}
	var refused *fleet.StartError
	if !errors.As(answers[0].Err, &refused) || refused.Kind != fleet.BadImage || !strings.Contains(refused.Remedy, "docker login") {
		t.Errorf("without a login: got %+v, want to be told to log in", answers[0])
	}
	if findings, err := d.Check(t.Context()); err != nil || !slicesContain(findings, "image", load.FindingFailed) {
		t.Errorf("check without a login: %+v, %v", findings, err)
	}

	config, err := json.Marshal(map[string]any{"auths": map[string]any{registry.host: map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte("load:s3cret"))}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(where.Settings["registry_config"], config, 0o600); err != nil {
		t.Fatal(err)
	}
	d = open(t, where)
	if findings, err := d.Check(t.Context()); err != nil || !slicesContain(findings, "image", load.FindingOK) {
		t.Errorf("check with a login: %+v, %v", findings, err)
	}
	run = newRun(t, d)
	before := registry.fetches()
	start(t, d, specs(run, "", names(4)...))
	if got := registry.fetches() - before; got != 1 {
		t.Errorf("four tasks fetched the image %d times, want once", got)
	}
	if got := output(t, d, run, "eu-4"); got != "the first\n" {
		t.Errorf("the task wrote %q", got)
	}

	registry.put(t, "echo the second")
	start(t, d, specs(run, "", "eu-5"))
	if got := output(t, d, run, "eu-5"); got != "the first\n" {
		t.Errorf("with pull missing the task wrote %q", got)
	}
	where.Settings["pull"] = "always"
	d = open(t, where)
	run = newRun(t, d)
	start(t, d, specs(run, "", names(3)...))
	if got := output(t, d, run, "eu-3"); got != "the second\n" {
		t.Errorf("with pull always the task wrote %q", got)
	}
}

func (r *images) fetches() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}
