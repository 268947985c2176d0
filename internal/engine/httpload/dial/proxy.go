package dial

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// The kinds of proxies, as their URLs call them.
const (
	plain  = "http"
	secure = "https"
	socks  = "socks5"
)

// mostReply bounds what a proxy may say before the tunnel is there.
const mostReply = 64 << 10

// proxy is the one that connections go through.
type proxy struct {
	kind          string
	origin        Origin
	user          string
	password      string
	authorization string // header value; "": no user is given
	tls           *tls.Config
}

func newProxy(text string, configs *configs) (*proxy, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, load.Errorf(load.Invalid, "connection.proxy: not a URL: write http, https or socks5://HOST:PORT") // text may hold a password
	}
	p := &proxy{kind: u.Scheme, origin: OriginOf(u)}
	if u.User != nil {
		p.user = u.User.Username()
		p.password, _ = u.User.Password()
		p.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password))
	}
	switch p.kind {
	case plain:
	case secure:
		p.tls = configs.toProxy(p.origin.Host)
	case socks, "socks5h": // names are always the proxy's to find, which the h stands for
		p.kind, p.authorization = socks, ""
		if u.Port() == "" {
			p.origin.Port = "1080"
		}
		if len(p.user) > 255 || len(p.password) > 255 {
			return nil, load.Errorf(load.Invalid, "connection.proxy: socks5 knows users and passwords of at most 255 bytes")
		}
	default:
		return nil, load.Errorf(load.Invalid, "connection.proxy: %q is no kind of proxy: write http, https or socks5", u.Scheme)
	}
	return p, nil
}

// tunnel asks for a way to o. It takes no byte of what comes through it.
func (p *proxy) tunnel(c io.ReadWriter, o Origin) error {
	if p.kind == socks {
		return p.socks(c, o)
	}
	to := o.Address()
	ask := "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n"
	if p.authorization != "" {
		ask += "Proxy-Authorization: " + p.authorization + "\r\n"
	}
	if _, err := c.Write([]byte(ask + "\r\n")); err != nil {
		return p.broke(err, load.CauseConnect)
	}
	status, reason, err := readHead(c)
	if err != nil {
		return p.broke(err, load.CauseMalformed)
	}
	said := strings.TrimSpace(strconv.Itoa(status) + " " + reason)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == 407 && p.authorization == "":
		return proto.Failf(load.CauseConnect, "the proxy %s wants a user and a password (write them in connection.proxy): it answers %q", p.origin.Address(), said)
	case status == 407:
		return proto.Failf(load.CauseConnect, "the proxy %s does not accept the user and the password: it answers %q", p.origin.Address(), said)
	}
	return proto.Failf(load.CauseConnect, "the proxy %s opens no way to %s: it answers %q", p.origin.Address(), to, said)
}

// broke is the failure of a connection to the proxy.
func (p *proxy) broke(err error, fallback load.Cause) error {
	return proto.Failf(StreamCause(err, fallback), "the proxy %s: %w", p.origin.Address(), err)
}

// readHead reads the head of a response and nothing beyond: the next byte may
// already be the target's. So it asks for no more than surely belongs to it.
func readHead(r io.Reader) (status int, reason string, err error) {
	head := make([]byte, 0, 256)
	for {
		for !headEnds(head) {
			want := 2 // an empty line is to come
			switch {
			case len(head) == 0:
				want = len("HTTP/1.1 200\n\n")
			case bytes.HasSuffix(head, []byte("\n")), bytes.HasSuffix(head, []byte("\n\r")):
				want = 1
			}
			from := len(head)
			head = append(head, make([]byte, want)...)
			if _, err := io.ReadFull(r, head[from:]); err != nil {
				return 0, "", err
			}
			if len(head) > mostReply {
				return 0, "", fmt.Errorf("its answer is longer than %d bytes", mostReply)
			}
			if len(head) >= 5 && string(head[:5]) != "HTTP/" {
				return 0, "", fmt.Errorf("its answer %q is not HTTP", head[:min(len(head), 16)])
			}
		}
		if status, reason, err = statusLine(head); err != nil || status >= 200 {
			return status, reason, err
		}
		head = head[:0] // an interim one; the real one follows
	}
}

func headEnds(head []byte) bool {
	return bytes.HasSuffix(head, []byte("\n\r\n")) || bytes.HasSuffix(head, []byte("\n\n"))
}

func statusLine(head []byte) (int, string, error) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	words := strings.SplitN(strings.TrimSpace(string(line)), " ", 3)
	if len(words) < 2 {
		return 0, "", fmt.Errorf("its answer %q has no status", line)
	}
	status, err := strconv.Atoi(words[1])
	if err != nil || status < 100 || status > 999 {
		return 0, "", fmt.Errorf("its answer %q has no status", line)
	}
	if len(words) == 3 {
		return status, words[2], nil
	}
	return status, "", nil
}
