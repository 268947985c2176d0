package dial

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// Numbers of SOCKS 5 (RFC 1928, RFC 1929).
const (
	socksVersion   = 5
	socksNoAuth    = 0
	socksPassword  = 2
	socksConnect   = 1
	socksIPv4      = 1
	socksName      = 3
	socksIPv6      = 4
	socksRefused   = 5
	socksNoMethods = 0xff
)

// socks asks a SOCKS 5 proxy for a way to o. Names go to it as they are.
func (p *proxy) socks(c io.ReadWriter, o Origin) error {
	ask, err := socksRequest(o)
	if err != nil {
		return err
	}
	hello := []byte{socksVersion, 1, socksNoAuth}
	if p.user != "" || p.password != "" {
		hello = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	if _, err := c.Write(hello); err != nil {
		return p.broke(err, load.CauseConnect)
	}
	var answer [4]byte
	if _, err := io.ReadFull(c, answer[:2]); err != nil {
		return p.broke(err, load.CauseMalformed)
	}
	if answer[0] != socksVersion {
		return proto.Failf(load.CauseMalformed, "the proxy %s does not speak SOCKS 5: it answers %q", p.origin.Address(), answer[:2])
	}
	switch {
	case answer[1] == socksNoAuth:
	case answer[1] == socksPassword && len(hello) == 4:
		if err := p.login(c); err != nil {
			return err
		}
	case answer[1] == socksNoMethods && len(hello) == 3:
		return proto.Failf(load.CauseConnect, "the proxy %s wants a user and a password: write them in connection.proxy", p.origin.Address())
	default:
		return proto.Failf(load.CauseConnect, "the proxy %s wants another way to log in than user and password", p.origin.Address())
	}
	if _, err := c.Write(ask); err != nil {
		return p.broke(err, load.CauseConnect)
	}
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return p.broke(err, load.CauseMalformed)
	}
	if answer[1] != 0 {
		cause := load.CauseConnect
		if answer[1] == socksRefused {
			cause = load.CauseRefused
		}
		return proto.Failf(cause, "the proxy %s opens no way to %s: %s", p.origin.Address(), o.Address(), socksFault(answer[1]))
	}
	return p.skipBound(c, answer[3])
}

// socksRequest asks for a connection to o.
func socksRequest(o Origin) ([]byte, error) {
	port, err := strconv.ParseUint(o.Port, 10, 16)
	if err != nil {
		return nil, proto.Failf(load.CauseOther, "%q is no port: write a number from 0 to 65535", o.Port)
	}
	ask := []byte{socksVersion, socksConnect, 0}
	switch ip, ok := literal(o.Host); {
	case ok && ip.Is4():
		ask = append(append(ask, socksIPv4), ip.AsSlice()...)
	case ok:
		ask = append(append(ask, socksIPv6), ip.AsSlice()...)
	case len(o.Host) > 255:
		return nil, proto.Failf(load.CauseOther, "the name %.20q… is too long for SOCKS 5, which knows 255 bytes", o.Host)
	default:
		ask = append(append(ask, socksName, byte(len(o.Host))), o.Host...)
	}
	return binary.BigEndian.AppendUint16(ask, uint16(port)), nil
}

func (p *proxy) login(c io.ReadWriter) error {
	ask := append([]byte{1, byte(len(p.user))}, p.user...)
	ask = append(append(ask, byte(len(p.password))), p.password...)
	if _, err := c.Write(ask); err != nil {
		return p.broke(err, load.CauseConnect)
	}
	var answer [2]byte
	if _, err := io.ReadFull(c, answer[:]); err != nil {
		return p.broke(err, load.CauseMalformed)
	}
	if answer[1] != 0 {
		return proto.Failf(load.CauseConnect, "the proxy %s does not accept the user and the password", p.origin.Address())
	}
	return nil
}

// skipBound reads the rest of the answer: where the proxy connects from.
func (p *proxy) skipBound(c io.Reader, kind byte) error {
	var size [1]byte
	switch kind {
	case socksIPv4:
		size[0] = 4
	case socksIPv6:
		size[0] = 16
	case socksName:
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return p.broke(err, load.CauseMalformed)
		}
	default:
		return proto.Failf(load.CauseMalformed, "the proxy %s answers with an address of unknown kind %d", p.origin.Address(), kind)
	}
	if _, err := io.ReadFull(c, make([]byte, int(size[0])+2)); err != nil {
		return p.broke(err, load.CauseMalformed)
	}
	return nil
}

// socksFault is what a reply code means.
func socksFault(code byte) string {
	faults := []string{
		"", "it failed", "its rules do not allow it", "the network is unreachable", "the host is unreachable",
		"the connection is refused", "the time to live is over", "it does not know the command", "it does not know the kind of address",
	}
	if int(code) < len(faults) {
		return faults[code]
	}
	return fmt.Sprintf("it answers with code %d", code)
}
