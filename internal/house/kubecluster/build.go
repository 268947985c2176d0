package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// build returns the program of test/kubernetes, built once for its sources: the
// first time takes about ten minutes on two cores.
func (c *cluster) build() (string, error) {
	source, err := moduleDir()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range []string{"go.mod", "go.sum", "hyper/main.go"} {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	program := filepath.Join(c.cache, "hyper-"+hex.EncodeToString(sum.Sum(nil))[:16])
	// Not the cluster's lock: a build must not keep a down waiting.
	lock, err := os.OpenFile(filepath.Join(c.cache, "build.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	say("building Kubernetes %s once; ten minutes on two cores", version)
	stamp := []string{
		"-X k8s.io/component-base/version.gitVersion=v" + version,
		"-X k8s.io/component-base/version.gitMajor=" + strings.Split(version, ".")[0],
		"-X k8s.io/component-base/version.gitMinor=" + strings.Split(version, ".")[1],
		"-X k8s.io/client-go/pkg/version.gitVersion=v" + version,
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w "+strings.Join(stamp, " "), "-o", program+".new", "./hyper")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build Kubernetes: %w", err)
	}
	return program, os.Rename(program+".new", program)
}

// moduleDir finds test/kubernetes from any folder of the repository.
func moduleDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if found := filepath.Join(dir, "test", "kubernetes"); exists(filepath.Join(found, "go.mod")) {
			return found, nil
		}
	}
	return "", fmt.Errorf("no folder test/kubernetes above %s", dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
