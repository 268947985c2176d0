//go:build !linux

package h3

import (
	"net"
	"sync/atomic"
)

// packets is a connected UDP socket as the library wants sockets to be.
type packets struct {
	*net.UDPConn
	dead atomic.Bool // never known here
}

func openPackets(r route, _ *Group) (*packets, error) {
	c, err := dialUDP(r)
	if err != nil {
		return nil, err
	}
	return &packets{UDPConn: c}, nil
}

// WriteMsgUDP sends where the socket is connected to.
func (p *packets) WriteMsgUDP(b, oob []byte, _ *net.UDPAddr) (n, oobn int, err error) {
	return p.UDPConn.WriteMsgUDP(b, oob, nil)
}
