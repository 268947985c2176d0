package h3

import (
	"net"
	"net/netip"
	"sync"

	"github.com/quic-go/quic-go"
)

// Group is what the connections of one loop share: UDP sockets and buffers. It
// is safe for concurrent use.
type Group struct {
	perSocket int

	mu      sync.Mutex
	sockets map[route][]*socket

	small, large sync.Pool // *chunk
}

// NewGroup makes a group whose sockets carry perSocket connections each. All
// connections of a socket have the same port, so a server that spreads its
// clients over processes by their addresses sees them as one client; more than
// one lets many packets go and come in one system call.
func NewGroup(perSocket int) *Group {
	return &Group{perSocket: max(1, perSocket), sockets: map[route][]*socket{}}
}

// route is where a socket's packets go and come from.
type route struct {
	local  netip.Addr
	remote netip.AddrPort
}

// socket is a connected UDP socket, which so learns that nobody listens at the
// other end, with the library's transport on it.
type socket struct {
	group     *Group
	route     route
	remote    *net.UDPAddr
	packets   *packets
	transport *quic.Transport
	used      int // connections on it; guarded by group.mu
}

// socket returns a socket with room for another connection.
func (g *Group) socket(local netip.Addr, remote netip.AddrPort) (*socket, error) {
	r := route{local, netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sockets[r] {
		if s.used < g.perSocket && !s.packets.dead.Load() {
			s.used++
			return s, nil
		}
	}
	packets, err := openPackets(r, g)
	if err != nil {
		return nil, err
	}
	s := &socket{group: g, route: r, remote: net.UDPAddrFromAddrPort(r.remote), packets: packets, used: 1}
	s.transport = &quic.Transport{Conn: packets}
	g.sockets[r] = append(g.sockets[r], s)
	return s, nil
}

// release gives a connection's place back. The last one closes the socket.
func (s *socket) release() {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	if s.used--; s.used > 0 {
		return
	}
	list := s.group.sockets[s.route]
	for i := range list {
		if list[i] == s {
			s.group.sockets[s.route] = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(s.group.sockets[s.route]) == 0 {
		delete(s.group.sockets, s.route)
	}
	go func() { // the library waits for its goroutines
		_ = s.transport.Close()
		_ = s.packets.Close()
	}()
}

// dialUDP opens the socket of a route.
func dialUDP(r route) (*net.UDPConn, error) {
	var local *net.UDPAddr
	if r.local.IsValid() {
		local = net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.local, 0))
	}
	return net.DialUDP("udp", local, net.UDPAddrFromAddrPort(r.remote))
}

// Sizes of the pieces in which streams are read: most responses fit into the
// small one, and the large one is for those that fill it.
const (
	smallChunk = 4 << 10
	largeChunk = 64 << 10
)

// chunk is a piece of a stream on its way to the loop.
type chunk struct {
	buf []byte
	n   int
}

func (g *Group) chunk(large bool) *chunk {
	pool, size := &g.small, smallChunk
	if large {
		pool, size = &g.large, largeChunk
	}
	if k, ok := pool.Get().(*chunk); ok {
		return k
	}
	return &chunk{buf: make([]byte, size)}
}

func (g *Group) put(k *chunk) {
	k.n = 0
	if len(k.buf) == largeChunk {
		g.large.Put(k)
	} else {
		g.small.Put(k)
	}
}
