package jmeter

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// checkHosts refuses addresses of hosts that Java's file of hosts cannot have.
func checkHosts(hosts map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		if _, err := netip.ParseAddr(strings.Trim(hosts[name], "[]")); err != nil {
			return load.Errorf(load.Invalid, "connection.hosts.%s: found %q, and JMeter takes an IP address without a port: the plan's own samplers say the port", name, hosts[name])
		}
	}
	return nil
}

// hostsArgs give Java a file of hosts with the scenario's addresses before the
// machine's own. Java asks no DNS then.
func (e *Engine) hostsArgs() ([]string, error) {
	hosts := e.work.Scenario.Connection.Hosts
	if len(hosts) == 0 {
		return nil, nil
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		out.WriteString(strings.Trim(hosts[name], "[]") + " " + name + "\n")
	}
	machine, _ := os.ReadFile("/etc/hosts") // a machine without one has no names
	for line := range strings.Lines(string(machine)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		for i := 1; i < len(fields); i++ {
			if _, ours := hosts[fields[i]]; !ours {
				out.WriteString(fields[0] + " " + fields[i] + "\n")
			}
		}
	}
	file := filepath.Join(e.work.Own, "hosts")
	return []string{"-Djdk.net.hosts.file=" + file}, os.WriteFile(file, []byte(out.String()), 0o600)
}
