package bus

import (
	"bytes"
	"compress/flate"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// The environment variables in which a task finds its ticket, or the file that
// holds it.
const (
	TicketEnv     = "ONRUSH_TICKET"
	TicketFileEnv = "ONRUSH_TICKET_FILE"
)

// MaxTicket bounds an encoded ticket: platforms hand it over in the
// environment, and some of them leave few kilobytes for all of that.
const MaxTicket = 4 << 10

// mostTicket bounds what a ticket unpacks to.
const mostTicket = 64 << 10

// Ticket is all that an agent needs to reach the bus and speak for its task. It
// is a secret: it is never logged, and never an argument of a command.
type Ticket struct {
	Reach
	CA      []byte `json:"ca,omitempty"` // DER of the authority behind the bus's own certificate; with a tls:// URL only
	JWT     string `json:"jwt"`          // credentials that hold the agent to its own subjects
	Seed    string `json:"seed"`         // private key that goes with JWT
	Run     string `json:"run"`
	Task    string `json:"task"`
	Region  string `json:"region"`
	Attempt int    `json:"attempt"`
	// Ephemeral says that the server lives only as long as the run: an agent
	// that loses it for good ends itself soon instead of going on.
	Ephemeral bool `json:"ephemeral,omitempty"`
}

// authority is what the bus's own listener proves itself by: a certificate of
// its own authority.
func (t Ticket) authority() (*tls.Config, error) {
	authority, err := x509.ParseCertificate(t.CA)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "the ticket's CA is no certificate")
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, nil
}

// Reach is how a region's tasks reach the server.
type Reach struct {
	// URLs of the bus: tls:// where it listens itself, ws:// or wss:// through
	// the HTTP server, tried in that order.
	URLs []string `json:"urls"`
	// Roots are authorities (DER, one after the other) that are trusted for
	// wss:// and https:// beside the system's own.
	Roots []byte `json:"roots,omitempty"`
	// Name is the name that the HTTP server's certificate bears, where that is
	// not the host of its URL.
	Name string `json:"name,omitempty"`
}

// TLS is for connections to the HTTP server: wss:// and the links to files.
func (r Reach) TLS() (*tls.Config, error) {
	config := &tls.Config{ServerName: r.Name, MinVersion: tls.VersionTLS12}
	if len(r.Roots) == 0 {
		return config, nil
	}
	extra, err := x509.ParseCertificates(r.Roots)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "the ticket's roots are no certificates")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a bare image has none
	}
	for _, root := range extra {
		pool.AddCert(root)
	}
	config.RootCAs = pool
	return config, nil
}

// split parts the URLs of the bus's own listener from those that lead through
// the HTTP server: one connection uses one kind.
func (r Reach) split() (direct, web []string) {
	for _, u := range r.URLs {
		if strings.HasPrefix(u, "ws") {
			web = append(web, u)
		} else {
			direct = append(direct, u)
		}
	}
	return direct, web
}

// Encode renders the ticket as one word for an environment variable. It is
// packed: credentials and certificates are base64 already, and would grow by a
// third each time that they are put into another text.
func (t Ticket) Encode() string {
	data, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("encode ticket: %v", err)) // plain fields: cannot happen
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		panic(fmt.Sprintf("encode ticket: %v", err)) // a known level: cannot happen
	}
	_, _ = w.Write(data) // into memory: cannot fail
	_ = w.Close()
	return base64.RawURLEncoding.EncodeToString(packed.Bytes())
}

// ParseTicket is the inverse of Encode. Its errors never hold the ticket.
func ParseTicket(encoded string) (Ticket, error) {
	if encoded == "" {
		return Ticket{}, load.Errorf(load.Invalid, "%s is empty: an agent is started by a server, which hands it a ticket", TicketEnv)
	}
	packed, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return Ticket{}, load.Errorf(load.Invalid, "%s is not a ticket: not base64", TicketEnv)
	}
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), mostTicket))
	if err != nil {
		return Ticket{}, load.Errorf(load.Invalid, "%s is not a ticket: not packed as one", TicketEnv)
	}
	var t Ticket
	if err := json.Unmarshal(data, &t); err != nil {
		return Ticket{}, load.Errorf(load.Invalid, "%s is not a ticket: not JSON", TicketEnv)
	}
	if len(t.URLs) == 0 || t.Run == "" || t.Task == "" || t.JWT == "" || t.Seed == "" {
		return Ticket{}, load.Errorf(load.Invalid, "%s is not a whole ticket: urls, run, task, jwt and seed must be there", TicketEnv)
	}
	return t, nil
}

// String keeps the secret out of logs and error texts.
func (t Ticket) String() string {
	return fmt.Sprintf("ticket of task %s, attempt %d, run %s", t.Task, t.Attempt, t.Run)
}

// GoString keeps the secret out of %#v.
func (t Ticket) GoString() string { return t.String() }

func (t Ticket) sender() sender { return sender{t.Run, t.Task, t.Attempt} }
