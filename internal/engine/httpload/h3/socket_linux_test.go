package h3

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// pair is two of our sockets, connected to each other.
func pair(t *testing.T, address string, perSocket int) (a, b *packets) {
	t.Helper()
	ip := netip.MustParseAddr(address)
	free := func() netip.AddrPort {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	open := func(local, remote netip.AddrPort) *packets {
		c, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(local), net.UDPAddrFromAddrPort(remote))
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPackets(c, remote, NewGroup(perSocket))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		return p
	}
	x, y := free(), free()
	return open(x, y), open(y, x)
}

// receiveAll reads until so many datagrams are there.
func receiveAll(t *testing.T, p *packets, n int) [][]byte {
	t.Helper()
	var got [][]byte
	ms := make([]ipv4.Message, 8)
	for i := range ms {
		ms[i].Buffers, ms[i].OOB = [][]byte{make([]byte, 2000)}, make([]byte, 128)
	}
	_ = p.SetReadDeadline(time.Now().Add(patience))
	for len(got) < n {
		m, err := p.ReadBatch(ms, 0)
		if err != nil {
			t.Fatalf("after %d of %d datagrams: %v", len(got), n, err)
		}
		for _, x := range ms[:m] {
			got = append(got, bytes.Clone(x.Buffers[0][:x.N]))
			if x.Addr == nil {
				t.Fatal("a datagram from nowhere")
			}
		}
	}
	return got
}

// TestSocketsKeepDatagrams sends datagrams of many sizes, alone and several at
// once, and wants all of them as they were.
func TestSocketsKeepDatagrams(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1", "::1"} {
		for _, perSocket := range []int{1, 8} {
			for _, single := range []bool{false, true} {
				t.Run(fmt.Sprint(address, perSocket, single), func(t *testing.T) {
					t.Parallel()
					a, b := pair(t, address, perSocket)
					a.out.single = single
					var want [][]byte
					send := func(segment, size int, ecn uint32) {
						data := pattern(size)
						data[0] = byte(len(want))
						oob := appendControl(make([]byte, 0, controlSize), unix.IPPROTO_IP, unix.IP_TOS, ecn, 4)
						if segment > 0 {
							oob = appendControl(oob, unix.SOL_UDP, unix.UDP_SEGMENT, uint32(segment), 2)
							want = append(want, slices.Collect(slices.Chunk(data, segment))...)
						} else {
							want = append(want, data)
						}
						if n, _, err := a.WriteMsgUDP(data, oob, nil); n != size || err != nil {
							t.Fatalf("%d of %d bytes, %v", n, size, err)
						}
					}
					for i := range 40 {
						send(0, 50+i%4, 2)
						send(1252, 60+i%3, uint32(i%3))
						if i%10 == 0 {
							send(1252, 1252*7+100, 2)
						}
					}
					got := receiveAll(t, b, len(want))
					slices.SortFunc(got, bytes.Compare)
					slices.SortFunc(want, bytes.Compare)
					if !slices.EqualFunc(got, want, bytes.Equal) {
						t.Errorf("%d datagrams are not the %d that were sent", len(got), len(want))
					}
				})
			}
		}
	}
}

// TestSocketsLearnOfRefusal wants both directions to fail when the port at the
// other end is closed.
func TestSocketsLearnOfRefusal(t *testing.T) {
	t.Parallel()
	for _, perSocket := range []int{1, 8} {
		a, b := pair(t, "127.0.0.1", perSocket)
		b.Close()
		if _, _, err := a.WriteMsgUDP([]byte("x"), nil, nil); err != nil {
			t.Error(err)
		}
		ms := []ipv4.Message{{Buffers: [][]byte{make([]byte, 10)}}}
		if _, err := a.ReadBatch(ms, 0); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("read: %v", err)
		}
		if _, _, err := a.WriteMsgUDP([]byte("x"), nil, nil); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("write: %v", err)
		}
	}
}

// TestTooLargeForThePath drops what the kernel does not take and sends the rest.
func TestTooLargeForThePath(t *testing.T) {
	t.Parallel()
	a, b := pair(t, "127.0.0.1", 8)
	for _, size := range []int{100, 70000, 100} {
		if _, _, err := a.WriteMsgUDP(make([]byte, size), nil, nil); err != nil {
			t.Error(err)
		}
	}
	receiveAll(t, b, 2)
}

func TestControlMessages(t *testing.T) {
	t.Parallel()
	build := func(level, kind int32, value uint32, size int) []byte {
		return appendControl(make([]byte, 0, controlSize), level, kind, value, size)
	}
	both := append(build(unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 1, 4), build(unix.SOL_UDP, unix.UDP_SEGMENT, 1252, 2)...)
	if segment, ecn := parseControl(both); segment != 1252 || ecn != 1 {
		t.Errorf("segment %d, ecn %d", segment, ecn)
	}
	for i := range both { // whatever is cut off, nothing may break
		parseControl(both[:i])
		segmentSize(both[:i])
	}
	if n := segmentSize(append(build(unix.IPPROTO_IP, unix.IP_TOS, 2, 4), build(unix.SOL_UDP, unix.UDP_GRO, 1000, 4)...)); n != 1000 {
		t.Errorf("segments of %d bytes", n)
	}
}
