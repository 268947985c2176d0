package h3

import (
	"net"
	"sync/atomic"
)

// packets is a connected UDP socket as the library wants sockets to be. 
type packets struct {
	*net.UDPConn
	dead atomic.Bool
}

func (p *packets) WriteMsgUDP(b, oob []byte, _ *net.UDPAddr) (int, int, error) {
	return p.UDPConn.WriteMsgUDP(b, oob, nil)
}

func openPackets(r route, _ int) (*packets, error) {
	c, err := dialUDP(r)
	if err != nil {
		return nil, err
	}
	return &packets{UDPConn: c}, nil
}
