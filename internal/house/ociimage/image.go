// Package ociimage writes container images as archives, for tests: of a few
// files, on machines with neither a registry nor a builder. containerd imports
// what it writes, and Docker loads it. It may not run anything. Read Write first.
package ociimage

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
)

// Image is what an archive holds.
type Image struct {
	Ref        string // registry.test/name:tag
	Files      []File
	Entrypoint []string
	Env        []string // KEY=value
	User       string   // a number; empty: root
}

// File is a file of an image: a copy of one of this machine, or a link.
type File struct {
	Path   string // in the image: /bin/sh
	Source string // on this machine
	Link   string // instead of Source: where a symbolic link leads
}

// Busybox is a shell and its commands, from Debian's package busybox-static.
func Busybox() []File {
	files := []File{{Path: "/bin/busybox", Source: "/bin/busybox"}}
	for _, command := range []string{"sh", "cat", "sleep", "echo", "env", "id", "ls", "touch", "head", "tail", "true", "mkdir", "wc"} {
		files = append(files, File{Path: "/bin/" + command, Link: "busybox"})
	}
	return files
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Write writes an image as one archive in both formats in use: the OCI image
// layout and that of `docker save`. The same image is the same bytes.
func Write(w io.Writer, image Image) error {
	layer, err := layerOf(image.Files)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	blob := func(mediaType string, content []byte) (descriptor, error) {
		sum := sha256.Sum256(content)
		digest := hex.EncodeToString(sum[:])
		err := add(archive, "blobs/sha256/"+digest, content)
		return descriptor{MediaType: mediaType, Digest: "sha256:" + digest, Size: len(content)}, err
	}
	layerBlob, err := blob("application/vnd.oci.image.layer.v1.tar", layer)
	if err != nil {
		return err
	}
	config, err := blob("application/vnd.oci.image.config.v1+json", encode(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": image.Entrypoint, "Env": append([]string{"PATH=/bin"}, image.Env...), "User": image.User},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{layerBlob.Digest}},
	}))
	if err != nil {
		return err
	}
	manifest, err := blob("application/vnd.oci.image.manifest.v1+json", encode(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": config, "layers": []descriptor{layerBlob},
	}))
	if err != nil {
		return err
	}
	manifest.Annotations = map[string]string{"io.containerd.image.name": image.Ref}
	for _, file := range []struct {
		name    string
		content any
	}{
		{"oci-layout", map[string]string{"imageLayoutVersion": "1.0.0"}},
		{"index.json", map[string]any{"schemaVersion": 2, "manifests": []descriptor{manifest}}},
		{"manifest.json", []map[string]any{{
			"Config": blobPath(config), "RepoTags": []string{image.Ref}, "Layers": []string{blobPath(layerBlob)},
		}}},
	} {
		if err := add(archive, file.name, encode(file.content)); err != nil {
			return err
		}
	}
	return archive.Close()
}

func blobPath(d descriptor) string {
	return "blobs/sha256/" + strings.TrimPrefix(d.Digest, "sha256:")
}

// layerOf packs files and the folders above them. Nothing in it tells when or
// by whom it was packed.
func layerOf(files []File) ([]byte, error) {
	var buffer bytes.Buffer
	layer := tar.NewWriter(&buffer)
	var folders []string
	for _, file := range files {
		for dir := path.Dir(path.Clean("/" + file.Path)); dir != "/"; dir = path.Dir(dir) {
			folders = append(folders, dir)
		}
	}
	slices.Sort(folders)
	for _, dir := range slices.Compact(folders) {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimPrefix(dir, "/") + "/", Mode: 0o755}
		if err := layer.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	for _, file := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(file.Path, "/"), Mode: 0o755}
		var content []byte
		if file.Link != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, file.Link
		} else {
			var err error
			if content, err = os.ReadFile(file.Source); err != nil {
				return nil, fmt.Errorf("pack %s: %w", file.Path, err)
			}
			header.Size = int64(len(content))
		}
		if err := layer.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := layer.Write(content); err != nil {
			return nil, err
		}
	}
	err := layer.Close()
	return buffer.Bytes(), err
}

func add(archive *tar.Writer, name string, content []byte) error {
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode: %v", err)) // maps of plain values: cannot happen
	}
	return data
}
