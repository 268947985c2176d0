// Package peers gets the other load generators that we measure ourselves
// against: from the system's packages, from the registries of Go, Rust, Java and
// Python, each at a pinned version, built or unpacked once into the user's cache
// folder. They run as processes of their own; nothing of them is linked or
// copied. It knows how to get a tool and how to call it, and measures nothing.
// Read Get first, then calls.go.
package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// source is where a tool comes from.
type source struct {
	pkg     string // Debian package, for tools of the system
	module  string // Go package with its version
	crate   string // Rust crate with its version
	feature string // of the crate
	get     func(ctx context.Context, dir string) (string, error)
	version string // of what get gets, part of its folder's name
}

// sources names every tool once. The versions are those that the goals were set
// against.
func sources() map[string]source {
	return map[string]source{
		"nginx":  {pkg: "nginx-light"},
		"wrk":    {pkg: "wrk"},
		"h2load": {pkg: "nghttp2-client"},
		"curl":   {pkg: "curl"},
		"vegeta": {module: "github.com/tsenart/vegeta/v12@v12.13.0"},
		"hey":    {module: "github.com/rakyll/hey@v0.1.5"},
		"fortio": {module: "fortio.org/fortio@v1.68.0"},
		"k6":     {module: "go.k6.io/k6@v1.8.1"},
		"oha":    {crate: "oha@1.16.0", feature: "http3"},
		"jmeter": {get: getJMeter, version: "5.6.3"},
		"locust": {get: getLocust, version: "2.47.0"},
	}
}

// Cache is the folder for what is built and unpacked.
func Cache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "onrush-bench"), nil
}

// Get returns a tool's path, and gets the tool first when it is not there. Its
// error is the reason for which a row cannot be measured.
func Get(ctx context.Context, name string) (string, error) {
	s, known := sources()[name]
	if !known {
		return "", fmt.Errorf("no tool is called %s", name)
	}
	if s.pkg != "" {
		return system(ctx, name, s.pkg)
	}
	cache, err := Cache()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(cache, "bin"), 0o755); err != nil {
		return "", err
	}
	switch {
	case s.module != "":
		return goInstall(ctx, cache, name, s.module)
	case s.crate != "":
		return cargoInstall(ctx, cache, name, s.crate, s.feature)
	}
	dir := filepath.Join(cache, name+"-"+s.version)
	return s.get(ctx, dir)
}

// system looks for a program of the system, and installs it as root on Debian
// and Ubuntu, as scripts/setup-test does.
func system(ctx context.Context, name, pkg string) (string, error) {
	look := func() (string, error) {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		for _, dir := range []string{"/usr/sbin", "/sbin"} {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path, nil
			}
		}
		return "", fmt.Errorf("%s is not installed (apt-get install %s)", name, pkg)
	}
	path, err := look()
	if err == nil || os.Getuid() != 0 {
		return path, err
	}
	apt, missing := exec.LookPath("apt-get")
	if missing != nil {
		return "", err
	}
	say("installing %s", pkg)
	for _, args := range [][]string{{"update", "-q"}, {"install", "-y", "-q", "--no-install-recommends", pkg}} {
		cmd := exec.CommandContext(ctx, apt, args...)
		// RUNLEVEL keeps a package from starting its service.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if failed := quietly(cmd); failed != nil {
			return "", errors.Join(err, failed)
		}
	}
	return look()
}

// goInstall builds a program outside our module, so that its modules are none of
// ours. Its version is part of its file's name.
func goInstall(ctx context.Context, cache, name, module string) (string, error) {
	_, version, _ := strings.Cut(module, "@")
	path := filepath.Join(cache, "bin", name+"-"+version)
	if isThere(path) {
		return path, nil
	}
	build, err := os.MkdirTemp(cache, "go-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(build)
	say("building %s, once", module)
	cmd := exec.CommandContext(ctx, "go", "install", "-ldflags", "-s -w", module)
	cmd.Dir = build
	cmd.Env = append(os.Environ(), "GOBIN="+build, "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if err := quietly(cmd); err != nil {
		return "", err
	}
	return path, os.Rename(filepath.Join(build, name), path)
}

func cargoInstall(ctx context.Context, cache, name, crate, feature string) (string, error) {
	_, version, _ := strings.Cut(crate, "@")
	path := filepath.Join(cache, "bin", name+"-"+version)
	if isThere(path) {
		return path, nil
	}
	if _, err := exec.LookPath("cargo"); err != nil {
		return "", fmt.Errorf("%s is built by cargo, which is not installed", name)
	}
	build := filepath.Join(cache, "cargo")
	say("building %s, once; this takes some minutes", crate)
	cmd := exec.CommandContext(ctx, "cargo", "install", crate, "--locked", "--features", feature, "--root", build, "--target-dir", filepath.Join(build, "target"))
	if err := quietly(cmd); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(build, "bin", name), path); err != nil {
		return "", err
	}
	return path, os.RemoveAll(build)
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// say tells on the side what takes its time.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: %s %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}

// quietly runs a command and shows the end of what it said only in its error.
func quietly(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(said.String())
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, text[max(0, len(text)-300):])
	}
	return nil
}
