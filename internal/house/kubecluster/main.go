// Command kubecluster brings a real Kubernetes up on this machine for tests, and
// takes it down again: etcd, API server, controllers, scheduler and a kubelet on a
// containerd of its own, all in one folder of the tests' cache. It may not touch
// another containerd, nor leave a process, mount or bridge behind.
// scripts/components/kubernetes calls it. Read up in this file first, then parts.go.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	host
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
	dir := filepath.Join(cache, "cluster")
	return &cluster{cache: cache, dir: dir, host: hostOf(dir)}, os.MkdirAll(cache, 0o755)
}

func (c *cluster) file(name ...string) string {
	return filepath.Join(append([]string{c.dir}, name...)...)
}

// up answers with the cluster that is there when it is whole, else with a new
// one. It ends when the last of its users is done.
func (c *cluster) up() error {
	program, err := c.build()
	if err != nil {
		return err
	}
	users := c.users()
	if !c.whole() {
		if err := c.clear(); err != nil {
			return err
		}
		if err := c.start(program); err != nil {
			return fmt.Errorf("%w; logs are in %s", err, c.file("log"))
		}
		users = nil
	}
	if !slices.Contains(users, me()) {
		users = append(users, me())
	}
	if err := os.WriteFile(c.file("users"), []byte(strings.Join(users, "\n")), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s=%s\n%s=%s\n", kubeconfigEnv, c.file("kubeconfig"), ctrEnv, c.ctr())
	return nil
}

func (c *cluster) down() error {
	others := slices.DeleteFunc(c.users(), func(u string) bool { return u == me() })
	if len(others) > 0 && c.whole() {
		say("the cluster is still used by %s", strings.Join(others, ", "))
		return os.WriteFile(c.file("users"), []byte(strings.Join(others, "\n")), 0o644)
	}
	return c.clear()
}

// byHand is the user of a cluster that no run of the tests brought up.
const byHand = "somebody by hand"

// me is who uses the cluster: the process of a run of the tests.
func me() string { return cmp.Or(os.Getenv("ONRUSH_TEST_RUN"), byHand) }

// users are those who use the cluster; runs that were killed do not any more.
func (c *cluster) users() []string {
	text, err := os.ReadFile(c.file("users"))
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(u string) bool {
		return u == "" || u != byHand && !exists("/proc/"+u)
	})
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
