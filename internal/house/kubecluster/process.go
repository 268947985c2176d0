package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// spawn starts a part of the cluster in the background. What is noted of it is
// enough to end it later, and nothing else: its number and its birth.
func (c *cluster) spawn(name string, command ...string) error {
	log, err := os.Create(c.file("log", name))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = c.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	pid := cmd.Process.Pid
	note := fmt.Sprintf("%d %s\n", pid, birth(pid))
	if err := os.WriteFile(c.file("pid", name), []byte(note), 0o644); err != nil {
		return errors.Join(err, cmd.Process.Kill())
	}
	return cmd.Process.Release()
}

// environment is this process's own, without proxies: all that the parts talk
// to is on this machine.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(strings.ToUpper(v), "=")
		return strings.HasSuffix(name, "_PROXY")
	})
	return append(env, "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
}

// birth tells a process apart from a later one with the same number.
func birth(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}

// pids are the parts that are alive, by name.
func (c *cluster) pids() map[string]int {
	alive := map[string]int{}
	notes, _ := filepath.Glob(c.file("pid", "*"))
	for _, note := range notes {
		text, err := os.ReadFile(note)
		if err != nil {
			continue
		}
		number, born, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
		if pid, err := strconv.Atoi(number); err == nil && pid > 1 && born != "" && birth(pid) == born {
			alive[filepath.Base(note)] = pid
		}
	}
	return alive
}

// whole says whether every part is alive and the API server answers.
func (c *cluster) whole() bool {
	alive := c.pids()
	for _, name := range parts {
		if alive[name] == 0 {
			return false
		}
	}
	answer, err := c.get("/readyz")
	return err == nil && answer == "ok"
}

// clear ends what is left of a cluster, also of one that was killed, and removes
// its folder. The kubelet goes first, so that nothing starts pods anew.
func (c *cluster) clear() error {
	if !exists(c.dir) {
		return nil
	}
	for _, name := range slices.Backward(parts) {
		if err := c.end(name); err != nil {
			return err
		}
	}
	for _, pid := range c.strays() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	deadline := time.Now().Add(20 * time.Second)
	for len(c.strays()) > 0 {
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v did not end", c.strays())
		}
		<-time.After(50 * time.Millisecond)
	}
	if err := c.unmount(); err != nil {
		return err
	}
	c.removeNetwork()
	c.removeGroups()
	return os.RemoveAll(c.dir)
}

// end ends one part, by force when it does not heed.
func (c *cluster) end(name string) error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		pid := c.pids()[name]
		if pid == 0 {
			return nil
		}
		_ = syscall.Kill(pid, syscall.SIGCONT) // a stopped one heeds nothing
		_ = syscall.Kill(pid, signal)
		for deadline := time.Now().Add(5 * time.Second); c.pids()[name] != 0 && time.Now().Before(deadline); {
			<-time.After(20 * time.Millisecond)
		}
	}
	if c.pids()[name] != 0 {
		return fmt.Errorf("%s did not end", name)
	}
	return nil
}

// strays are the shims of the cluster's containerd, all below them, and what is in
// the pods' control groups: shims that were killed leave their pods alone. A shim
// names its containerd's socket in its arguments; no other one does.
func (c *cluster) strays() []int {
	children := map[int][]int{}
	var found []int
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, _ := strconv.Atoi(filepath.Base(entry))
		stat, err := os.ReadFile(entry + "/stat")
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
		line, _ := os.ReadFile(entry + "/cmdline")
		if args := strings.Split(string(line), "\x00"); strings.Contains(args[0], "containerd-shim") && slices.Contains(args, c.file("containerd.sock")) {
			found = append(found, pid)
		}
		if in, _ := os.ReadFile(entry + "/cgroup"); strings.Contains(string(in), ":"+c.groups+"/") {
			found = append(found, pid)
		}
	}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}

// unmount takes off everything that is mounted below the cluster's folder.
func (c *cluster) unmount() error {
	for range 5 {
		file, err := os.Open("/proc/self/mounts")
		if err != nil {
			return err
		}
		var points []string
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 1 && strings.HasPrefix(fields[1], c.dir+"/") {
				points = append(points, strings.ReplaceAll(fields[1], `\040`, " "))
			}
		}
		file.Close()
		if len(points) == 0 {
			return nil
		}
		for _, point := range slices.Backward(points) {
			_ = syscall.Unmount(point, syscall.MNT_DETACH)
		}
	}
	return fmt.Errorf("something is still mounted below %s", c.dir)
}
