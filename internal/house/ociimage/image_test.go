package ociimage_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/house/ociimage"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(source, []byte("#!/bin/true"), 0o600); err != nil {
		t.Fatal(err)
	}
	image := ociimage.Image{
		Ref: "onrush.test/x:1", Entrypoint: []string{"/app/program"}, User: "10001",
		Files: []ociimage.File{{Path: "/app/program", Source: source}, {Path: "/bin/p", Link: "../app/program"}},
	}
	var first, second bytes.Buffer
	for _, w := range []io.Writer{&first, &second} {
		if err := ociimage.Write(w, image); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same image is not the same bytes")
	}
	files := read(t, first.Bytes())
	for name, content := range files {
		if sum, ok := strings.CutPrefix(name, "blobs/sha256/"); ok {
			if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != sum {
				t.Errorf("%s does not hold what it is named by", name)
			}
		}
	}
	var saved []struct {
		Config string
		Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &saved); err != nil || len(saved) != 1 || len(saved[0].Layers) != 1 {
		t.Fatalf("manifest.json is %s, %v", files["manifest.json"], err)
	}
	layer := read(t, files[saved[0].Layers[0]])
	if string(layer["app/program"]) != "#!/bin/true" {
		t.Errorf("the layer has %v", layer)
	}
	if _, ok := layer["app/"]; !ok {
		t.Error("the layer lacks the folder of a file")
	}
	if !strings.Contains(string(files[saved[0].Config]), `"10001"`) || !strings.Contains(string(files["index.json"]), image.Ref) {
		t.Error("user or name is not kept")
	}
	image.Files[0].Source = "/no/such/file"
	if err := ociimage.Write(io.Discard, image); err == nil {
		t.Error("an image of a file that is not there is no error")
	}
}

func read(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
