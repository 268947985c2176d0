package load

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

func (s *Scenario) checkConnection(f *faults) {
	c := &s.Connection
	if c.Host != "" && (strings.ContainsAny(c.Host, " /\\\t\r\n\x00") || len(c.Host) > 300) {
		f.add("connection.host", c.Host, "a host name, with or without port", "%q is no value for the Host header: write a host name, with or without a port", c.Host)
	}
	for _, name := range sortedKeys(c.Hosts) {
		here := JoinPath("connection.hosts", name)
		if name == "" || strings.ContainsAny(name, " /:\t\r\n\x00") {
			f.add(here, name, "a host name without port", "%q is no host name: write it as it stands in the URL, without port", name)
			continue
		}
		checkAddress(f, here, c.Hosts[name], true)
	}
	for i, address := range c.Resolvers {
		checkAddress(f, at("connection.resolvers", i), address, true)
	}
	for i, address := range c.LocalAddresses {
		checkAddress(f, at("connection.local_addresses", i), address, false)
	}
	c.checkProxy(f)
	c.checkUnixSocket(f)
	c.checkVersion(f)
	s.checkHTTP3(f)
	switch tls := &c.TLS; {
	case or(tls.MaxVersion, "1.3") < tls.MinVersion:
		f.add("connection.tls.max_version", tls.MaxVersion, "at least "+tls.MinVersion, "the newest TLS version, %s, is older than the oldest, %s (min_version)", tls.MaxVersion, tls.MinVersion)
	case tls.Certificate != "" && tls.Key == "":
		f.add("connection.tls.key", "", "a PEM file", "a client certificate needs its key: write key")
	case tls.Certificate == "" && tls.Key != "":
		f.add("connection.tls.certificate", "", "a PEM file", "a key needs its client certificate: write certificate")
	}
}

func (c *Connection) checkProxy(f *faults) {
	if c.Proxy == "" {
		return
	}
	const allowed = "http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT"
	u, err := url.Parse(c.Proxy)
	switch {
	case err != nil, u.Hostname() == "", u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		f.add("connection.proxy", c.Proxy, allowed, "%q is no proxy: write its URL, such as http://proxy.example:3128 or socks5://proxy.example:1080", c.Proxy)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		f.add("connection.proxy", c.Proxy, allowed, "a proxy's URL ends after its port: %q does not", c.Proxy)
	}
}

// maxSocketPath is what the address of a Unix socket has room for.
const maxSocketPath = 107

// checkUnixSocket: where a socket's path says where all requests go, nothing
// else can.
func (c *Connection) checkUnixSocket(f *faults) {
	if c.UnixSocket == "" {
		return
	}
	if !strings.HasPrefix(c.UnixSocket, "/") || len(c.UnixSocket) > maxSocketPath || strings.ContainsRune(c.UnixSocket, 0) {
		f.add("connection.unix_socket", c.UnixSocket, "an absolute path of at most 107 letters", "%q is no path of a Unix socket: write it from / on, with at most %d letters", c.UnixSocket, maxSocketPath)
	}
	for _, other := range []struct {
		field, found string
		given        bool
	}{
		{"proxy", c.Proxy, c.Proxy != ""},
		{"hosts", plural(len(c.Hosts), "host"), len(c.Hosts) > 0},
		{"resolvers", strings.Join(c.Resolvers, ", "), len(c.Resolvers) > 0},
		{"local_addresses", strings.Join(c.LocalAddresses, ", "), len(c.LocalAddresses) > 0},
		{"ip", c.IP, c.IP == IP4 || c.IP == IP6},
	} {
		if other.given {
			f.add("connection."+other.field, other.found, "one of unix_socket and "+other.field, "all requests go to the Unix socket: leave %s out, or unix_socket", other.field)
		}
	}
}

// checkVersion: many requests at once need a protocol that can, and
// connections that stay.
func (c *Connection) checkVersion(f *faults) {
	switch {
	case c.Streams <= 1:
	case c.HTTP == HTTP1:
		f.add("connection.streams", strconv.Itoa(c.Streams), "1 with http: 1.1", "HTTP/1.1 has one request at a time on a connection: leave streams out, or write http: 2 or 3")
	case c.KeepAlive != nil && !*c.KeepAlive:
		f.add("connection.streams", strconv.Itoa(c.Streams), "1 with keep_alive: false", "each request has a connection of its own (keep_alive: false): leave streams out, or keep connections")
	}
}

// checkHTTP3: QUIC goes over UDP, always encrypted.
func (s *Scenario) checkHTTP3(f *faults) {
	c := &s.Connection
	if c.HTTP != HTTP3 {
		return
	}
	if c.Proxy != "" {
		f.add("connection.proxy", c.Proxy, "no proxy with http: 3", "HTTP/3 does not go through a proxy: leave the proxy out, or write http: 2")
	}
	if c.UnixSocket != "" {
		f.add("connection.unix_socket", c.UnixSocket, "no unix_socket with http: 3", "HTTP/3 goes over UDP, not to a Unix socket: leave unix_socket out, or write http: 2")
	}
	if c.TLS.MaxVersion == "1.2" {
		f.add("connection.tls.max_version", c.TLS.MaxVersion, "1.3 with http: 3", "HTTP/3 needs TLS 1.3: leave max_version out")
	}
	s.EachRequest(func(path string, r *Request) {
		full := expand(r.URL, func(name string) string { return or(s.Variables[name], "${"+name+"}") })
		if strings.HasPrefix(strings.ToLower(full), "http://") {
			f.add(path+".url", r.URL, "an https URL with http: 3", "HTTP/3 is always encrypted, and %q is not: write https, or connection.http: auto", r.URL)
		}
	})
}

// checkAddress: an IP, and where that may be, with a port.
func checkAddress(f *faults, path, text string, port bool) {
	allowed := "an IP address"
	if port {
		allowed = "an IP address, with or without port"
		if _, err := netip.ParseAddrPort(text); err == nil {
			return
		}
	}
	if _, err := netip.ParseAddr(strings.Trim(text, "[]")); err != nil {
		f.add(path, text, allowed, "%q is no address: write %s, such as 10.0.0.7", text, allowed)
	}
}
