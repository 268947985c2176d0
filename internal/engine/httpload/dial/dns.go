package dial

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// dnsPort is where DNS servers listen.
const dnsPort = 53

// mostUDP is the largest answer asked for by UDP: one that no network splits.
const mostUDP = 1232

// errTruncated: the answer does not fit into a datagram.
var errTruncated = errors.New("the answer was cut short")

// reply is what a DNS server says of one name and type.
type reply struct {
	addrs  []netip.Addr
	life   time.Duration // of the addresses, or of their absence
	absent bool          // there is no such name, whatever the type
}

// exchange asks one server, by UDP first unless told otherwise.
func exchange(ctx context.Context, server netip.AddrPort, tcp bool, name dnsmessage.Name, typ dnsmessage.Type) (reply, error) {
	id := uint16(rand.Uint32())
	question, err := packQuestion(id, name, typ)
	if err != nil {
		return reply{}, err
	}
	if !tcp {
		r, err := exchangeOver(ctx, "udp", server, question, id)
		if !errors.Is(err, errTruncated) {
			return r, err
		}
	}
	return exchangeOver(ctx, "tcp", server, question, id)
}

func exchangeOver(ctx context.Context, network string, server netip.AddrPort, question []byte, id uint16) (reply, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, server.String())
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	if limit, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(limit)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if network == "udp" {
		return exchangeUDP(c, question, id)
	}
	return exchangeTCP(c, question, id)
}

func exchangeUDP(c net.Conn, question []byte, id uint16) (reply, error) {
	if _, err := c.Write(question); err != nil {
		return reply{}, err
	}
	buf := make([]byte, mostUDP)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return reply{}, err
		}
		// Anybody may send datagrams: what is no answer to us does not count.
		if !answers(buf[:n], question, id) {
			continue
		}
		return parseReply(buf[:n])
	}
}

func exchangeTCP(c net.Conn, question []byte, id uint16) (reply, error) {
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(question)))
	if _, err := c.Write(append(framed, question...)); err != nil {
		return reply{}, err
	}
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return reply{}, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, buf); err != nil {
		return reply{}, err
	}
	if !answers(buf, question, id) {
		return reply{}, errors.New("the answer is to another question")
	}
	r, err := parseReply(buf)
	if errors.Is(err, errTruncated) {
		err = errors.New("the answer is cut short even by TCP")
	}
	return r, err
}

func packQuestion(id uint16, name dnsmessage.Name, typ dnsmessage.Type) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id, RecursionDesired: true})
	b.EnableCompression()
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(dnsmessage.Question{Name: name, Type: typ, Class: dnsmessage.ClassINET}); err != nil {
		return nil, err
	}
	if err := b.StartAdditionals(); err != nil {
		return nil, err
	}
	var opt dnsmessage.ResourceHeader
	if err := opt.SetEDNS0(mostUDP, dnsmessage.RCodeSuccess, false); err != nil {
		return nil, err
	}
	if err := b.OPTResource(opt, dnsmessage.OPTResource{}); err != nil {
		return nil, err
	}
	return b.Finish()
}

// answers says whether msg answers question.
func answers(msg, question []byte, id uint16) bool {
	var got, asked dnsmessage.Parser
	h, err := got.Start(msg)
	if err != nil || !h.Response || h.ID != id {
		return false
	}
	if _, err := asked.Start(question); err != nil {
		return false
	}
	q, err := got.Question()
	if err != nil {
		return false
	}
	want, err := asked.Question()
	return err == nil && q.Type == want.Type && q.Class == want.Class && strings.EqualFold(q.Name.String(), want.Name.String())
}

// parseReply reads an answer: the addresses at the end of the chain of aliases,
// for as long as the shortest link lives.
func parseReply(msg []byte) (reply, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		return reply{}, fmt.Errorf("read its answer: %w", err)
	}
	switch {
	case h.Truncated:
		return reply{}, errTruncated
	case h.RCode != dnsmessage.RCodeSuccess && h.RCode != dnsmessage.RCodeNameError:
		return reply{}, errors.New(rcode(h.RCode))
	}
	q, err := p.Question()
	if err != nil {
		return reply{}, fmt.Errorf("read its answer: %w", err)
	}
	if err := p.SkipAllQuestions(); err != nil {
		return reply{}, fmt.Errorf("read its answer: %w", err)
	}
	records, aliases, err := readAnswers(&p)
	if err != nil {
		return reply{}, fmt.Errorf("read its answer: %w", err)
	}
	out := follow(strings.ToLower(q.Name.String()), records, aliases)
	if len(out.addrs) == 0 {
		out.absent = h.RCode == dnsmessage.RCodeNameError
		out.life = absentFor(&p)
	}
	return out, nil
}

// record is an address or an alias of a name.
type record struct {
	owner string
	addr  netip.Addr
	to    string
	life  time.Duration
}

func readAnswers(p *dnsmessage.Parser) (records []record, aliases map[string]record, err error) {
	aliases = map[string]record{}
	for {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return records, aliases, nil
		}
		if err != nil {
			return nil, nil, err
		}
		r := record{owner: strings.ToLower(h.Name.String()), life: time.Duration(h.TTL) * time.Second}
		switch h.Type {
		case dnsmessage.TypeA:
			body, err := p.AResource()
			if err != nil {
				return nil, nil, err
			}
			r.addr = netip.AddrFrom4(body.A)
			records = append(records, r)
		case dnsmessage.TypeAAAA:
			body, err := p.AAAAResource()
			if err != nil {
				return nil, nil, err
			}
			r.addr = netip.AddrFrom16(body.AAAA).Unmap()
			records = append(records, r)
		case dnsmessage.TypeCNAME:
			body, err := p.CNAMEResource()
			if err != nil {
				return nil, nil, err
			}
			r.to = strings.ToLower(body.CNAME.String())
			aliases[r.owner] = r
		default:
			if err := p.SkipAnswer(); err != nil {
				return nil, nil, err
			}
		}
	}
}

// follow walks the aliases from name. Each is taken once: they may form a ring.
func follow(name string, records []record, aliases map[string]record) reply {
	life := time.Duration(1<<63 - 1)
	for range len(aliases) {
		a, ok := aliases[name]
		if !ok {
			break
		}
		name, life = a.to, min(life, a.life)
	}
	var out reply
	for _, r := range records {
		if r.owner == name {
			out.addrs = append(out.addrs, r.addr)
			life = min(life, r.life)
		}
	}
	if len(out.addrs) > 0 {
		out.life = life
	}
	return out
}

// absentFor is how long the absence of a name holds: the authority says. 0: it
// does not.
func absentFor(p *dnsmessage.Parser) time.Duration {
	if p.SkipAllAnswers() != nil {
		return 0
	}
	for {
		h, err := p.AuthorityHeader()
		if err != nil {
			return 0
		}
		if h.Type != dnsmessage.TypeSOA {
			if p.SkipAuthority() != nil {
				return 0
			}
			continue
		}
		soa, err := p.SOAResource()
		if err != nil {
			return 0
		}
		return time.Duration(min(h.TTL, soa.MinTTL)) * time.Second
	}
}

// rcode is what a refusal means, by the names that DNS tools print.
func rcode(c dnsmessage.RCode) string {
	switch c {
	case dnsmessage.RCodeFormatError:
		return "it does not understand the question (FORMERR)"
	case dnsmessage.RCodeServerFailure:
		return "it could not find out (SERVFAIL)"
	case dnsmessage.RCodeNotImplemented:
		return "it cannot answer that (NOTIMP)"
	case dnsmessage.RCodeRefused:
		return "it refuses to answer (REFUSED)"
	}
	return fmt.Sprintf("it answers with code %d", c)
}
