package load

import (
	"net/netip"
	"net/url"
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
	if c.Proxy != "" {
		u, err := url.Parse(c.Proxy)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
			f.add("connection.proxy", c.Proxy, "http://HOST:PORT", "%q is no HTTP proxy: write its URL, such as http://proxy.example:3128", c.Proxy)
		}
	}
	switch tls := &c.TLS; {
	case tls.Certificate != "" && tls.Key == "":
		f.add("connection.tls.key", "", "a PEM file", "a client certificate needs its key: write key")
	case tls.Certificate == "" && tls.Key != "":
		f.add("connection.tls.certificate", "", "a PEM file", "a key needs its client certificate: write certificate")
	}
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
