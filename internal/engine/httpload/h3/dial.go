package h3

import (
	"context"
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/quic-go/quic-go"
)

// The sizes of flow control's windows. They begin as large as they get: a
// generator that had to wait for its own windows would measure itself.
const (
	streamWindow     = 8 << 20
	connectionWindow = 24 << 20
)

// defaultIdle is how long a connection lives without a packet from the server.
const defaultIdle = 30 * time.Second

// DialOptions say where a connection goes and how its session works.
type DialOptions struct {
	Remote netip.AddrPort
	Local  netip.Addr // where it comes from; the zero value: as routed
	// TLS holds the server's name, what is verified and by which roots, client
	// certificates, and, for session resumption, a ClientSessionCache. The
	// protocol (h3) is set here; it is not changed.
	TLS *tls.Config
	// Idle is how long the connection lives without hearing from the server; 0
	// means 30 s. The server may ask for less.
	Idle time.Duration
	// KeepAlive is how often to ask for a sign of life when there is nothing to
	// send; 0: never.
	KeepAlive time.Duration

	MaxStreams int   // most exchanges at once; 0 means 1. The server may allow fewer.
	MaxHead    int   // most bytes of a field section; 0 means 1 MiB
	MaxBody    int64 // most bytes of a response's body; 0: no bound

	// Group holds what the connections of one loop share. When nil, the
	// connection has a socket of its own.
	Group *Group
	// Post runs a function on the loop soon. It is called from any goroutine and
	// may not block.
	Post func(func())
	// Roomy is called on the loop when Room has become greater without an
	// exchange that ended: the server allows more streams. May be nil.
	Roomy func()
	// Gone is called on the loop when the connection ended otherwise than by
	// Farewell; err is a *proto.Failure. Exchanges under way are told by their own
	// receivers, before or after. It may come before the loop has seen what Dial
	// returned. May be nil.
	Gone func(err error)
}

// Dial opens a connection and says how long the handshake took, which with QUIC
// is connecting and TLS in one. It blocks, so it belongs on a goroutine of its
// own; ctx bounds it. A failure is a *proto.Failure.
func Dial(ctx context.Context, o DialOptions) (*Conn, time.Duration, error) {
	group := o.Group
	if group == nil {
		group = NewGroup(1)
	}
	sock, err := group.socket(o.Local, o.Remote)
	if err != nil {
		return nil, 0, dialFailure(ctx, err)
	}
	begin := time.Now()
	qc, err := sock.transport.Dial(ctx, sock.remote, tlsFor(o.TLS), quicConfig(&o))
	took := time.Since(begin)
	if err != nil {
		sock.release()
		return nil, took, dialFailure(ctx, err)
	}
	c, err := newConn(qc, sock, group, &o)
	if err != nil {
		sock.release()
		return nil, took, dialFailure(ctx, err)
	}
	return c, took, nil
}

// tlsFor returns the settings with what HTTP/3 wants, and the same ones when
// they have it.
func tlsFor(c *tls.Config) *tls.Config {
	if c == nil {
		c = &tls.Config{}
	}
	if len(c.NextProtos) == 1 && c.NextProtos[0] == "h3" && c.MinVersion == tls.VersionTLS13 {
		return c
	}
	c = c.Clone()
	c.NextProtos = []string{"h3"}
	c.MinVersion = tls.VersionTLS13
	return c
}

func quicConfig(o *DialOptions) *quic.Config {
	idle := o.Idle
	if idle == 0 {
		idle = defaultIdle
	}
	return &quic.Config{
		Versions:                       []quic.Version{quic.Version1},
		HandshakeIdleTimeout:           handshakeIdle,
		MaxIdleTimeout:                 idle,
		KeepAlivePeriod:                o.KeepAlive,
		InitialStreamReceiveWindow:     streamWindow,
		MaxStreamReceiveWindow:         streamWindow,
		InitialConnectionReceiveWindow: connectionWindow,
		MaxConnectionReceiveWindow:     connectionWindow,
		MaxIncomingStreams:             -1, // a server may not begin any
		MaxIncomingUniStreams:          8,  // control, QPACK's two, and some that we do not know
	}
}

// handshakeIdle is long: how long connecting may take is the caller's to say.
const handshakeIdle = 5 * time.Minute

// settings is our control stream: its type, and the SETTINGS frame.
func settings(maxHead int) []byte {
	payload := appendVarint(appendVarint(nil, settingMaxFieldSection), uint64(maxHead))
	b := appendVarint(nil, streamControl)
	b = appendVarint(b, frameSettings)
	b = appendVarint(b, uint64(len(payload)))
	return append(b, payload...)
}
