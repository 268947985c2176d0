package httpload

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// client sends requests, each with its redirects, as one user or as many.
type client struct {
	dialer  *dialer
	buffers *buffers
	keep    bool // reuse connections
	maxBody int64
}

// result is what became of one request.
type result struct {
	failure   *failure // nil: success
	status    int
	begin     time.Time
	end       time.Time
	firstByte time.Duration // from begin; -1: none came
	connect   time.Duration // -1: no connection was opened
	in, out   int64
	redirects int
}

// do sends one request over the pool's connections and reads the whole
// response. It does not panic or fail: whatever goes wrong is in the result.
func (c *client) do(ctx context.Context, p *pool, q *request, m *message) result {
	r := result{begin: time.Now(), firstByte: -1, connect: -1}
	m.deadline = r.begin.Add(q.timeout)
	rep, err := c.follow(ctx, p, q, m, &r)
	r.end = time.Now()
	r.status = rep.status
	switch {
	case err != nil && ctx.Err() != nil:
		r.failure = fail(load.CauseStopped, "cut off: %w", err)
	case err != nil:
		r.failure = netFailure(err, load.CauseOther)
	case !q.expects(rep.status):
		r.failure = fail(load.CauseStatus, "status %d", rep.status)
	case len(q.contains) > 0 && !rep.found:
		r.failure = fail(load.CauseBody, "the body does not hold %q", q.contains)
	}
	return r
}

// follow sends m and then wherever its redirects lead.
func (c *client) follow(ctx context.Context, p *pool, q *request, m *message, r *result) (reply, error) {
	for {
		rep, err := c.send(ctx, p, q, m, r)
		if !rep.firstByte.IsZero() {
			r.firstByte = rep.firstByte.Sub(r.begin)
		}
		if err != nil || q.redirects == 0 || !isRedirect(rep.status) {
			return rep, err
		}
		if r.redirects == q.redirects {
			return rep, fail(load.CauseRedirect, "more than %d redirects", q.redirects)
		}
		if m, err = redirected(m, rep); err != nil {
			return rep, err
		}
		r.redirects++
	}
}

// send makes one exchange, on an idle connection or on a new one.
func (c *client) send(ctx context.Context, p *pool, q *request, m *message, r *result) (reply, error) {
	o := originOf(m.url)
	m.last = !c.keep
	m.absolute = c.dialer.proxy != nil && o.scheme == "http" && c.dialer.version != "2"
	if m.absolute && c.dialer.proxy.User != nil {
		m.fields = append(m.fields, field{"Proxy-Authorization", basicAuth(c.dialer.proxy.User)})
	}
	con := p.get(o)
	if con == nil {
		begin := time.Now()
		opened, w, err := c.dialer.open(ctx, o, m.deadline)
		r.connect = max(r.connect, 0) + time.Since(begin)
		if err != nil {
			r.count(w)
			return reply{}, err
		}
		con = opened
	}
	s := sink{buffers: c.buffers, max: c.maxBody, want: q.contains}
	rep, err := con.exchange(ctx, m, &s)
	r.count(con.wire)
	if err == nil && rep.reusable {
		p.put(con)
	} else {
		con.close(err == nil)
	}
	return rep, err
}

func (r *result) count(w *wire) {
	in, out := w.take()
	r.in += in
	r.out += out
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirected is the request that a redirect asks for. As browsers do, 301, 302
// and 303 turn everything but HEAD into a GET without a body.
func redirected(m *message, rep reply) (*message, error) {
	if rep.location == "" {
		return nil, fail(load.CauseRedirect, "status %d without a Location", rep.status)
	}
	u, err := m.url.Parse(rep.location)
	if err == nil {
		u, err = parseURL(u.String())
	}
	if err != nil {
		return nil, &failure{load.CauseRedirect, fmt.Errorf("follow redirect: %w", err)}
	}
	next := *m
	next.url = u
	elsewhere := originOf(u) != originOf(m.url)
	if elsewhere {
		next.host = u.Host
	}
	keepBody := rep.status == http.StatusTemporaryRedirect || rep.status == http.StatusPermanentRedirect
	if !keepBody && m.method != http.MethodHead {
		next.method, next.body, next.file = http.MethodGet, nil, nil
	}
	next.fields = nil
	for _, f := range m.fields {
		name := strings.ToLower(f.name)
		secret := name == "authorization" || name == "cookie"
		if name == "proxy-authorization" || (secret && elsewhere) || (next.method != m.method && strings.HasPrefix(name, "content-")) {
			continue
		}
		next.fields = append(next.fields, f)
	}
	return &next, nil
}
