package docker

import (
	"cmp"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// The names of the settings.
const (
	setHosts      = "hosts"
	setTLSCA      = "tls_ca"
	setTLSCert    = "tls_cert"
	setTLSKey     = "tls_key"
	setSSHConfig  = "ssh_config"
	setNetwork    = "network"
	setExtraHosts = "extra_hosts"
	setDNS        = "dns"
	setPull       = "pull"
	setRegistry   = "registry_config"
	setTmpSize    = "tmp_size"
	setNoFile     = "nofile"
	setLogSize    = "log_size"
	setParallel   = "parallel"
)

// What settings are when nothing is said.
const (
	defaultHost     = "unix:///var/run/docker.sock"
	defaultNetwork  = "host"
	defaultTmpSize  = "1GiB"
	defaultNoFile   = 1048576
	defaultLogSize  = "20MiB"
	defaultParallel = 8
)

// Whether images are fetched.
const (
	pullMissing = "missing"
	pullAlways  = "always"
	pullNever   = "never"
)

// Kind is the docker driver for the list of drivers.
func Kind() fleet.Kind {
	return fleet.Kind{
		Name:    "docker",
		Summary: "containers on one or several Docker engines",
		Settings: []fleet.Setting{
			{Name: setHosts, Help: "The engines, filled evenly: unix://, tcp:// and ssh:// addresses with commas between. Empty: DOCKER_HOST of the server, else " + defaultHost + ".", Example: "tcp://10.0.0.5:2376,ssh://load@10.0.0.6"},
			{Name: setTLSCA, Help: "File of the authority that signed the certificates of tcp:// engines. Empty: no TLS, unless a certificate is named.", Example: "/etc/onrush/docker/ca.pem"},
			{Name: setTLSCert, Help: "File of the certificate that the server shows to tcp:// engines. Empty: it shows none.", Example: "/etc/onrush/docker/cert.pem"},
			{Name: setTLSKey, Help: "File of that certificate's key. Empty: it shows none.", Example: "/etc/onrush/docker/key.pem"},
			{Name: setSSHConfig, Help: "Configuration file of the ssh client for ssh:// engines: keys, ports, known hosts. Empty: that of the server's user.", Example: "/etc/onrush/docker/ssh_config"},
			{Name: setNetwork, Help: "Network of the tasks: host (no address translation between load and target), bridge, or the name of one that the engines have. Empty: host.", Default: defaultNetwork, Example: "loadnet"},
			{Name: setExtraHosts, Help: "Names that tasks resolve to fixed addresses, NAME:ADDRESS with commas between. Empty: none.", Example: "shop.test:10.0.0.9,server:host-gateway"},
			{Name: setDNS, Help: "Addresses of the name servers that tasks ask, with commas between; not with network host. Empty: the engine's.", Example: "10.0.0.2"},
			{Name: setPull, Help: "Whether engines fetch the image: missing (only when they lack it), always (once for each start of a run), never.", Default: pullMissing, Allowed: []string{pullMissing, pullAlways, pullNever}},
			{Name: setRegistry, Help: "File with the credentials of image registries, as docker login writes it. Empty: config.json in DOCKER_CONFIG or in .docker of the server's user.", Example: "/etc/onrush/docker/config.json"},
			{Name: setTmpSize, Help: "Most bytes of a task's /tmp, the only place it can write to; it is memory.", Default: defaultTmpSize, Example: "4GiB"},
			{Name: setNoFile, Help: "Most files and sockets that a task may have open. An engine that may not grant so many gives its own most.", Default: strconv.Itoa(defaultNoFile)},
			{Name: setLogSize, Help: "Most bytes that an engine keeps of a task's log; the oldest go first.", Default: defaultLogSize},
			{Name: setParallel, Help: "Most containers that are started at the same time on one engine.", Default: strconv.Itoa(defaultParallel)},
		},
		Open: func(place fleet.Place) (fleet.Driver, error) {
			options, err := readOptions(place)
			if err != nil {
				return nil, err
			}
			return New(options)
		},
	}
}

// readOptions reads a region's settings, and names the one that is wrong.
func readOptions(place fleet.Place) (Options, error) {
	o := Options{Place: place}
	r := reader{region: place.Name, settings: place.Settings}
	o.Hosts = r.list(setHosts)
	if len(o.Hosts) == 0 {
		o.Hosts = []string{cmp.Or(os.Getenv("DOCKER_HOST"), defaultHost)}
	}
	for i, host := range o.Hosts {
		if _, err := parseHost(host); err != nil {
			r.fault(setHosts, redacted(host), "unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST[:PORT]")
		}
		for _, other := range o.Hosts[:i] {
			if other == host {
				r.fault(setHosts, host, "each engine once")
			}
		}
	}
	o.TLS = tlsFiles{ca: r.text(setTLSCA), cert: r.text(setTLSCert), key: r.text(setTLSKey)}
	if (o.TLS.cert == "") != (o.TLS.key == "") {
		r.fault(setTLSCert, o.TLS.cert, "a certificate together with its key in "+setTLSKey)
	}
	o.SSHConfig = r.text(setSSHConfig)
	o.Network = r.match(setNetwork, cmp.Or(r.text(setNetwork), defaultNetwork), networkRule, "host, bridge, or a network's name")
	for _, pair := range r.list(setExtraHosts) {
		o.ExtraHosts = append(o.ExtraHosts, r.match(setExtraHosts, pair, extraHostRule, "NAME:ADDRESS"))
	}
	for _, text := range r.list(setDNS) {
		address, err := netip.ParseAddr(text)
		if err != nil {
			r.fault(setDNS, text, "IP addresses")
		}
		o.DNS = append(o.DNS, address)
	}
	o.Pull = r.match(setPull, cmp.Or(r.text(setPull), pullMissing), pullRule, "missing, always or never")
	o.Registry = cmp.Or(r.text(setRegistry), defaultRegistry())
	o.TmpSize = r.size(setTmpSize, defaultTmpSize, 1<<20)
	o.LogSize = r.size(setLogSize, defaultLogSize, 64<<10)
	o.NoFile = r.count(setNoFile, defaultNoFile, 64)
	o.Parallel = r.count(setParallel, defaultParallel, 1)
	return o, r.err
}

var (
	networkRule   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
	extraHostRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*:[0-9A-Za-z.:-]+$`)
	pullRule      = regexp.MustCompile(`^(missing|always|never)$`)
)

// defaultRegistry is where docker login of the server's own user writes.
func defaultRegistry() string {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker", "config.json")
}

// reader reads settings and keeps the first fault.
type reader struct {
	region   string
	settings map[string]string
	err      error
}

func (r *reader) fault(name, found, allowed string) {
	if r.err == nil {
		r.err = load.Errorf(load.Invalid, "region %s: settings.%s: found %q, allowed: %s", r.region, name, found, allowed)
	}
}

func (r *reader) text(name string) string { return strings.TrimSpace(r.settings[name]) }

func (r *reader) list(name string) []string {
	return strings.FieldsFunc(r.settings[name], func(c rune) bool { return strings.ContainsRune(", \t\r\n", c) })
}

func (r *reader) match(name, found string, rule *regexp.Regexp, allowed string) string {
	if !rule.MatchString(found) {
		r.fault(name, found, allowed)
	}
	return found
}

func (r *reader) size(name, otherwise string, least load.Bytes) int64 {
	var size load.Bytes
	text := cmp.Or(r.text(name), otherwise)
	if err := size.UnmarshalText([]byte(text)); err != nil || size < least {
		r.fault(name, text, "a size of at least "+least.String()+", e.g. "+otherwise)
	}
	return int64(size)
}

func (r *reader) count(name string, otherwise, least int) int {
	text := r.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		r.fault(name, text, "a whole number of at least "+strconv.Itoa(least))
	}
	return n
}
