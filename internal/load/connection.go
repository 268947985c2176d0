package load

// Connection says how requests reach the target.
type Connection struct {
	HTTP           string            `json:"http,omitempty" doc:"HTTP version: auto (1.1 or 2, by ALPN), 1.1, 2 (over clear text: with prior knowledge), 3 (QUIC, https only)." enum:"auto,1.1,2,3" default:"auto"`
	KeepAlive      *bool             `json:"keep_alive,omitempty" doc:"Reuse connections; false opens one per request." default:"true"`
	Streams        int               `json:"streams,omitempty" doc:"Most requests at once on one connection of HTTP/2 or HTTP/3. Above 1, users share connections." default:"1" least:"1" most:"1000"`
	TLS            TLS               `json:"tls,omitzero" doc:"TLS towards the target."`
	Host           string            `json:"host,omitempty" doc:"Value of the Host header, instead of the URL's."`
	Hosts          map[string]string `json:"hosts,omitempty" doc:"Addresses for host names, instead of DNS: name to IP or IP:port." items:"1000"`
	Resolvers      []string          `json:"resolvers,omitempty" doc:"DNS servers, IP or IP:port, instead of the system's." items:"10"`
	DNSTTL         *Duration         `json:"dns_ttl,omitempty" doc:"How long an answer of DNS is used, instead of its own time to live; 0s asks for every new connection." most:"1d"`
	IP             string            `json:"ip,omitempty" doc:"Addresses to use: auto (both kinds), 4 (IPv4 only), 6 (IPv6 only)." enum:"auto,4,6" default:"auto"`
	Addresses      string            `json:"addresses,omitempty" doc:"Several addresses of one name. turn: each new connection takes the next one. resolved: the first one, in the order of the answer, and the next only when it fails." enum:"turn,resolved" default:"turn"`
	LocalAddresses []string          `json:"local_addresses,omitempty" doc:"Source addresses, used in turn." items:"1000"`
	UnixSocket     string            `json:"unix_socket,omitempty" doc:"Absolute path of a Unix socket on the task's machine; all requests go there, whatever host their URL names."`
	Proxy          string            `json:"proxy,omitempty" doc:"URL of a proxy: http://, https:// or socks5://, with user and password if it wants them. The environment's proxies are never used."`
	Cookies        bool              `json:"cookies,omitempty" doc:"Keep cookies and send them back: a jar for each user, and one for each arrival with a rate." default:"false"`
	Compression    bool              `json:"compression,omitempty" doc:"Ask for compressed responses (Accept-Encoding: gzip)."`
	ConnectTimeout Duration          `json:"connect_timeout,omitempty" doc:"Bound for DNS, connect and TLS together." default:"10s" least:"1ms" most:"1h"`
	MaxHead        Bytes             `json:"max_head,omitempty" doc:"A response head larger than this is an error of cause malformed." default:"1MiB" least:"1KiB" most:"64MiB"`
	MaxBody        Bytes             `json:"max_body,omitempty" doc:"A response body larger than this is an error of cause too_large. Default: no bound but the timeout." least:"1B"`
}

// TLS is how the target's certificate is judged and what we present.
type TLS struct {
	Verify      *bool  `json:"verify,omitempty" doc:"Check the certificate." default:"true"`
	CA          string `json:"ca,omitempty" doc:"PEM file of certificate authorities to trust, instead of the system's."`
	Certificate string `json:"certificate,omitempty" doc:"PEM file of the client certificate."`
	Key         string `json:"key,omitempty" doc:"PEM file of the client certificate's key."`
	ServerName  string `json:"server_name,omitempty" doc:"SNI and name checked, instead of the URL's host."`
	MinVersion  string `json:"min_version,omitempty" doc:"Oldest TLS version." enum:"1.2,1.3" default:"1.2"`
	MaxVersion  string `json:"max_version,omitempty" doc:"Newest TLS version." enum:"1.2,1.3" default:"1.3"`
	Resume      bool   `json:"resume,omitempty" doc:"Resume TLS sessions: a new connection to a known host skips the certificates." default:"false"`
}

// Words of a connection that code compares with.
const (
	HTTPAuto          = "auto"
	HTTP1             = "1.1"
	HTTP2             = "2"
	HTTP3             = "3"
	IPAuto            = "auto"
	IP4               = "4"
	IP6               = "6"
	AddressesTurn     = "turn"
	AddressesResolved = "resolved"
)
