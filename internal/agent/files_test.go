package agent

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

func file(name, url string, content []byte) load.OrderFile {
	sum := sha256.Sum256(content)
	return load.OrderFile{Name: name, URL: url, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL + "/secret-link"
}

func TestFilesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "task")
	content := []byte("rows")
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(content) })
	names := []string{"users.csv", "data/users.csv", "../up.csv", "../../../far.csv", "/etc/abs.csv", "a/../../b.csv", `..\win.csv`}
	var files []load.OrderFile
	for _, name := range names {
		f := file(name, url, content)
		if name == "users.csv" {
			f.Size = 0 // not known
		}
		files = append(files, f)
	}
	if err := fetchFiles(t.Context(), &http.Client{}, files, dir, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found++
			if !strings.HasPrefix(path, dir+string(filepath.Separator)) {
				t.Errorf("%s lies outside of the task's folder", path)
			}
		}
		return err
	})
	if err != nil || found != len(names) {
		t.Errorf("%d files, %v; want %d", found, err, len(names))
	}
	for _, name := range names {
		if got, err := os.ReadFile(engine.FilePath(dir, name)); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestFetchTriesAgain(t *testing.T) {
	t.Parallel()
	content := []byte(strings.Repeat("x", 1000))
	var tries atomic.Int64
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch tries.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2: // half of it, then the connection ends
			w.Header().Set("Content-Length", "1000")
			w.Write(content[:500])
		default:
			w.Write(content)
		}
	})
	dir := t.TempDir()
	if err := fetchFiles(t.Context(), &http.Client{}, []load.OrderFile{file("f", url, content)}, dir, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	content := []byte("the right content")
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    load.Code
		want    string
	}{
		"gone":      {status(http.StatusNotFound), load.NotFound, "does not have it"},
		"forbidden": {status(http.StatusForbidden), load.Forbidden, "refuses its link"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) { w.Write(append(content, '!')) }, load.TooLarge, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := file("users.csv", serve(t, c.handler), content)
			err := fetchFiles(t.Context(), &http.Client{}, []load.OrderFile{f}, t.TempDir(), slog.New(slog.DiscardHandler))
			if load.ErrorCode(err) != c.code || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "users.csv") {
				t.Errorf("got %v (code %s), want code %s, the file's name and %q", err, load.ErrorCode(err), c.code, c.want)
			}
			if strings.Contains(err.Error(), "secret-link") {
				t.Errorf("error %q holds the link", err)
			}
		})
	}
}

func TestFetchChecksTheSum(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("evil")) })
	err := fetch(t.Context(), http.DefaultClient, file("f", url, []byte("good")), filepath.Join(t.TempDir(), "f"))
	if err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("got %v, want the wrong sum named", err)
	}
	err = fetch(t.Context(), http.DefaultClient, file("f", "http://127.0.0.1:1/secret-link", nil), filepath.Join(t.TempDir(), "f"))
	if err == nil || strings.Contains(err.Error(), "secret-link") {
		t.Errorf("got %v, want an error without the link", err)
	}
}

func TestFilesThatCollide(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("a")) })
	files := []load.OrderFile{file("x.csv", url, []byte("a")), file("../x.csv", url, []byte("b"))}
	err := fetchFiles(t.Context(), &http.Client{}, files, t.TempDir(), slog.New(slog.DiscardHandler))
	if load.ErrorCode(err) != load.Invalid {
		t.Errorf("got %v, want an error of code invalid", err)
	}
}

func TestGuardTellsOfPanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a := &agent{Options: Options{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	err := a.guard(func() error { panic("index out of range") })
	if err == nil || !strings.Contains(err.Error(), "index out of range") || strings.Contains(err.Error(), "goroutine") {
		t.Errorf("got %v, want the panic without its stack", err)
	}
	if !strings.Contains(log.String(), "files_test.go") {
		t.Error("the log lacks the stack")
	}
}
