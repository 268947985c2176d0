package dial

import (
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// paths are the files by which a system says how names are found.
type paths struct {
	resolv, hosts, order string
	plain                bool // they are the truth on this system
}

// systemPaths are those of this system. Some systems have such files for show
// and keep the truth elsewhere.
func systemPaths() paths {
	p := paths{resolv: "/etc/resolv.conf", hosts: "/etc/hosts", order: "/etc/nsswitch.conf"}
	switch runtime.GOOS {
	case "linux", "freebsd", "openbsd", "netbsd", "dragonfly", "solaris", "illumos":
		p.plain = true
	}
	return p
}

// system is what the files say.
type system struct {
	config config
	hosts  map[string][]netip.Addr
	plain  bool // names are found in the hosts file and by DNS, and nowhere else
}

// config is /etc/resolv.conf.
type config struct {
	servers  []netip.AddrPort
	search   []string // domains to try, without dots at their ends
	ndots    int      // a name with so many dots is tried as it stands first
	attempts int
	timeout  time.Duration // for one question to one server
	rotate   bool          // begin with another server each time
	tcp      bool
	single   bool // one question at a time
}

// files reads the system's files again when they have changed.
type files struct {
	mu     sync.Mutex
	stamps [3]stamp
	system system
}

type stamp struct {
	at   time.Time
	size int64
}

func (f *files) read(p paths) system {
	f.mu.Lock()
	defer f.mu.Unlock()
	var stamps [3]stamp
	for i, name := range []string{p.resolv, p.hosts, p.order} {
		stamps[i].size = -1
		if info, err := os.Stat(name); err == nil {
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	if f.system.hosts != nil && stamps == f.stamps {
		return f.system
	}
	f.stamps = stamps
	f.system = system{
		config: parseConfig(readAll(p.resolv)),
		hosts:  parseHosts(readAll(p.hosts)),
		plain:  p.plain && plainOrder(readAll(p.order)),
	}
	return f.system
}

// readAll reads a file that may well not exist.
func readAll(name string) string {
	data, _ := os.ReadFile(name)
	return string(data)
}

// parseConfig reads the text of /etc/resolv.conf. As resolvers do, it passes over
// what it does not understand.
func parseConfig(text string) config {
	c := config{ndots: 1, attempts: 2, timeout: 5 * time.Second}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			if a, err := netip.ParseAddr(words[1]); err == nil && len(c.servers) < 3 {
				c.servers = append(c.servers, netip.AddrPortFrom(a.Unmap(), dnsPort))
			}
		case "domain":
			c.search = domains(words[1:2])
		case "search":
			c.search = domains(words[1:])
		case "options":
			for _, option := range words[1:] {
				c.option(option)
			}
		}
	}
	if len(c.servers) == 0 {
		c.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), dnsPort)}
	}
	return c
}

func domains(words []string) []string {
	var out []string
	for _, w := range words {
		if w = strings.Trim(w, "."); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func (c *config) option(text string) {
	name, value, _ := strings.Cut(text, ":")
	n, err := strconv.Atoi(value)
	number := func(least, most int) int { return min(max(n, least), most) }
	switch {
	case name == "ndots" && err == nil:
		c.ndots = number(0, 15)
	case name == "timeout" && err == nil:
		c.timeout = time.Duration(number(1, 30)) * time.Second
	case name == "attempts" && err == nil:
		c.attempts = number(1, 5)
	case name == "rotate":
		c.rotate = true
	case name == "use-vc", name == "usevc", name == "tcp":
		c.tcp = true
	case name == "single-request", name == "single-request-reopen":
		c.single = true
	}
}

// candidates are the full names to ask for when name is meant.
func (c *config) candidates(name string) []string {
	if strings.HasSuffix(name, ".") {
		return []string{name}
	}
	var out []string
	for _, domain := range c.search {
		out = append(out, name+"."+domain+".")
	}
	if strings.Count(name, ".") >= c.ndots {
		return slices.Insert(out, 0, name+".")
	}
	return append(out, name+".")
}

// parseHosts reads the text of /etc/hosts: addresses by name in small letters.
func parseHosts(text string) map[string][]netip.Addr {
	out := map[string][]netip.Addr{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		a, err := netip.ParseAddr(words[0])
		if err != nil {
			continue
		}
		for _, name := range words[1:] {
			name = hostKey(name)
			if name != "" && !slices.Contains(out[name], a.Unmap()) {
				out[name] = append(out[name], a.Unmap())
			}
		}
	}
	return out
}

// hostKey is a name as it is compared.
func hostKey(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// plainOrder says whether /etc/nsswitch.conf finds names in the hosts file first
// and then by DNS, and asks nobody else. Without the file that is what happens.
func plainOrder(text string) bool {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(strings.Replace(line, ":", ": ", 1))
		if len(words) > 0 && words[0] == "hosts:" {
			return slices.Equal(words[1:], []string{"files", "dns"})
		}
	}
	return true
}
