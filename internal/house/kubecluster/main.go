// Command kubecluster brings a real Kubernetes up on this machine for tests, and
// takes it down again: etcd, API server, controllers, scheduler and a kubelet on a
// containerd of its own, all in one folder of the tests' cache. It may not touch
// another containerd, nor leave a process, mount or bridge behind.
// scripts/components/kubernetes calls it. Read up in this file first, then parts.go.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// version is that of Kubernetes, as test/kubernetes/go.mod pins it: the newest
// one that takes cgroup v1 as it comes.
const version = "1.34.4"

// The variables that tests read.
const (
	kubeconfigEnv = "ONRUSH_TEST_KUBECONFIG" // path of the file
	ctrEnv        = "ONRUSH_TEST_CTR"        // the command that imports images into the node
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 || args[0] != "up" && args[0] != "down" && args[0] != "build" {
		return errors.New("usage: scripts/components/kubernetes up|down|build")
	}
	if there := os.Getenv(kubeconfigEnv); there != "" && args[0] != "build" {
		if args[0] == "up" { // somebody else's cluster: used, and left alone
			fmt.Printf("%s=%s\n%s=%s\n", kubeconfigEnv, there, ctrEnv, os.Getenv(ctrEnv))
		}
		return nil
	}
	c, err := newCluster()
	if err != nil {
		return err
	}
	if args[0] == "build" {
		_, err := c.build()
		return err
	}
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if args[0] == "down" {
		return c.down()
	}
	return c.up()
}

// cluster is the one cluster of a cache folder.
type cluster struct {
	cache string // kept: programs
	dir   string // thrown away with every start: certificates, data, logs
}

func newCluster() (*cluster, error) {
	root := os.Getenv("ONRUSH_TEST_CACHE")
	if root == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		root = filepath.Join(home, ".cache", "onrush-test")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	cache := filepath.Join(root, "kubernetes-"+version)
	return &cluster{cache: cache, dir: filepath.Join(cache, "cluster")}, os.MkdirAll(cache, 0o755)
}

func (c *cluster) file(name ...string) string {
	return filepath.Join(append([]string{c.dir}, name...)...)
}

// up answers with the cluster that is there when it is whole, else with a new
// one. Each up wants a down: the last one ends the cluster.
func (c *cluster) up() error {
	program, err := c.build()
	if err != nil {
		return err
	}
	users := c.users()
	if users == 0 || !c.whole() {
		if err := c.clear(); err != nil {
			return err
		}
		if err := c.start(program); err != nil {
			return fmt.Errorf("%w; logs are in %s", err, c.file("log"))
		}
		users = 0
	}
	if err := os.WriteFile(c.file("users"), []byte(strconv.Itoa(users+1)), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s=%s\n%s=%s\n", kubeconfigEnv, c.file("kubeconfig"), ctrEnv, c.ctr())
	return nil
}

func (c *cluster) down() error {
	if users := c.users(); users > 1 && c.whole() {
		say("%d others still use the cluster", users-1)
		return os.WriteFile(c.file("users"), []byte(strconv.Itoa(users-1)), 0o644)
	}
	return c.clear()
}

// users is how many ups wait for their down.
func (c *cluster) users() int {
	text, err := os.ReadFile(c.file("users"))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return n
}

// ctr is the command that works on the node's images.
func (c *cluster) ctr() string {
	return "ctr --address " + c.file("containerd.sock") + " --namespace k8s.io"
}

// lock keeps a second up or down waiting.
func (c *cluster) lock() (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(c.cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return func() { file.Close() }, nil
}

// say tells people how it goes: standard output is for the variables.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "kubernetes: "+format+"\n", args...)
}
