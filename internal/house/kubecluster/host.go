package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// makeNetwork makes the pods' bridge and the way from the API service's address
// to the API server.
func (h host) makeNetwork(api int) error {
	for _, line := range []string{
		"ip link add " + h.bridge + " type bridge",
		"ip addr add " + h.gateway() + "/17 dev " + h.bridge,
		"ip link set " + h.bridge + " up",
		"sysctl -q -w net.ipv4.ip_forward=1",
	} {
		if err := sh(line); err != nil {
			return err
		}
	}
	for _, rule := range h.apiRules(fmt.Sprint(api)) {
		if err := sh("iptables -w -t nat -A " + rule); err != nil {
			return err
		}
	}
	return nil
}

func (h host) apiRules(port string) []string {
	match := " -d " + h.apiService() + "/32 -p tcp -m tcp --dport 443 -m comment --comment " + h.bridge + " -j DNAT --to-destination " + h.gateway() + ":" + port
	return []string{"PREROUTING" + match, "OUTPUT" + match}
}

// removeNetwork takes the bridge off, and every rule that names it: ours, and
// those that the network plugins left of pods that were killed.
func (h host) removeNetwork() {
	if exists("/sys/class/net/" + h.bridge) {
		_ = sh("ip link del " + h.bridge)
	}
	rules, err := exec.Command("iptables-save", "-t", "nat").Output()
	if err != nil {
		return
	}
	var chains []string
	for line := range strings.Lines(string(rules)) {
		rule, appended := strings.CutPrefix(strings.TrimSpace(line), "-A ")
		if !appended || !strings.Contains(rule, h.bridge) {
			continue
		}
		if chain, rest, _ := strings.Cut(rule, " "); !strings.HasPrefix(chain, "CNI-") {
			_ = exec.Command("sh", "-c", "iptables -w -t nat -D "+rule).Run()
			if _, jump, ok := strings.Cut(rest, "-j CNI-"); ok {
				chains = append(chains, "CNI-"+strings.Fields(jump)[0])
			}
		}
	}
	for _, chain := range chains {
		_ = sh("iptables -w -t nat -F " + chain)
		_ = sh("iptables -w -t nat -X " + chain)
	}
}

// hierarchies are the folders below which control groups are made: one per
// controller in version 1, one in all in version 2.
func hierarchies() []string {
	if exists("/sys/fs/cgroup/cgroup.controllers") {
		return []string{"/sys/fs/cgroup"}
	}
	entries, _ := filepath.Glob("/sys/fs/cgroup/*/cgroup.procs")
	var found []string
	for _, entry := range entries {
		found = append(found, filepath.Dir(entry))
	}
	return found
}

func (h host) makeGroups() error {
	for _, root := range hierarchies() {
		if control := filepath.Join(root, "cgroup.subtree_control"); exists(control) {
			// What is not there, or delegated already, is no harm.
			_ = os.WriteFile(control, []byte("+cpu +memory +pids +cpuset +io"), 0o644)
		}
		dir := filepath.Join(root, h.groups)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for _, name := range []string{"cpuset.cpus", "cpuset.mems"} { // empty ones take no process
			if all, err := os.ReadFile(filepath.Join(root, name)); err == nil {
				if err := os.WriteFile(filepath.Join(dir, name), all, 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// removeGroups removes our control groups, the innermost first. None has a
// process any more.
func (h host) removeGroups() {
	for _, root := range hierarchies() {
		var dirs []string
		_ = filepath.WalkDir(filepath.Join(root, h.groups), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			_ = os.Remove(dir)
		}
	}
}

// sh runs a line of plain words.
func sh(line string) error {
	words := strings.Fields(line)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, strings.TrimSpace(string(out)))
	}
	return nil
}
