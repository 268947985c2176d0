package dial

import (
	"net/netip"
	"sync/atomic"
)

// Targets are the addresses to connect to, in the order in which to try.
type Targets struct {
	Unix  string // path of a Unix socket, instead of addresses
	addrs []netip.Addr
	port  uint16
	first int // how many of them are used in turn: those of the preferred family
	start int // which of these comes first this time
}

// Len is how many there are: 0 with a Unix socket.
func (t Targets) Len() int { return len(t.addrs) }

// At is the one to try as number i, from 0.
func (t Targets) At(i int) netip.AddrPort {
	if i < t.first {
		return netip.AddrPortFrom(t.addrs[(i+t.start)%t.first], t.port)
	}
	return netip.AddrPortFrom(t.addrs[i], t.port)
}

// targets orders addrs by the scenario's policy. Turns are counted for each name
// apart: else two names asked for alternately would see half of their addresses.
func (d *Dialer) targets(turn *atomic.Uint64, addrs []netip.Addr, port uint16) Targets {
	t := Targets{addrs: addrs, port: port, first: 1}
	if d.inOrder {
		return t
	}
	for t.first < len(addrs) && addrs[t.first].Is4() == addrs[0].Is4() {
		t.first++
	}
	if t.first > 1 {
		t.start = int((turn.Add(1) - 1) % uint64(t.first))
	}
	return t
}
