package httpload

import (
	"context"
	"net/url"
	"sync"
	"time"
)

// origin is where connections lead: two requests of one origin may share one.
type origin struct {
	scheme string
	host   string
	port   string
}

func originOf(u *url.URL) origin {
	o := origin{scheme: u.Scheme, host: u.Hostname(), port: u.Port()}
	if o.port == "" {
		o.port = "80"
		if o.scheme == "https" {
			o.port = "443"
		}
	}
	return o
}

// field is one header line.
type field struct{ name, value string }

// message is one request as it goes over a connection.
type message struct {
	method   string
	url      *url.URL
	host     string // value of Host or :authority
	fields   []field
	body     []byte
	file     *bodyFile // streamed; instead of body
	absolute bool      // the request line holds the whole URL: it goes to a proxy
	last     bool      // ask the server to close the connection after it
	deadline time.Time
}

// size is the length of the body.
func (m *message) size() int64 {
	if m.file != nil {
		return m.file.size
	}
	return int64(len(m.body))
}

// reply is what a whole response came to.
type reply struct {
	status    int
	location  string
	found     bool // the text looked for was in the body
	firstByte time.Time
	reusable  bool // the connection can carry another request
}

// protocol speaks HTTP on one connection, one exchange at a time.
type protocol interface {
	// exchange sends m and reads the whole response into s. It sends at most
	// once. When ctx ends it returns soon. After an error the connection is
	// spent.
	exchange(ctx context.Context, m *message, s *sink) (reply, error)
	// alive says whether an idle connection can still be used. It sends nothing.
	alive() bool
	// close ends the connection, politely when it is idle.
	close(idle bool)
}

// conn is an open connection.
type conn struct {
	protocol
	origin origin
	wire   *wire
}

// pool keeps idle connections. A user of the closed model has one of its own, as
// a browser has; in the open model the whole task shares one.
type pool struct {
	mu   sync.Mutex
	idle map[origin][]*conn
}

func newPool() *pool { return &pool{idle: make(map[origin][]*conn)} }

// get returns the idle connection used last, or nil. Connections that the
// server closed meanwhile are thrown away before anything is sent on them.
func (p *pool) get(o origin) *conn {
	for {
		c := p.pop(o)
		if c == nil || c.alive() {
			return c
		}
		c.close(false)
	}
}

func (p *pool) pop(o origin) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[o]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	list[len(list)-1] = nil
	p.idle[o] = list[:len(list)-1]
	return c
}

// put gives back a connection that can be used again.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle[c.origin] = append(p.idle[c.origin], c)
}

// close ends all idle connections.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for o, list := range p.idle {
		for _, c := range list {
			c.close(true)
		}
		delete(p.idle, o)
	}
}
