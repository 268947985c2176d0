package loop

import (
	"net"
	"net/netip"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

var noAddr netip.Addr

func addrOf(n net.Listener) netip.AddrPort { return netip.MustParseAddrPort(n.Addr().String()) }

// wholeSession adds what a loop never asks a session for.
type wholeSession struct{ *speech }

func (wholeSession) Start(*proto.Message, proto.Receiver)       {}
func (wholeSession) Cancel(proto.Receiver) (none proto.Traffic) { return none }
func (wholeSession) Room() int                                  { return 0 }
func (wholeSession) Busy() int                                  { return 0 }
