package httpload

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/dial"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// request is one request of the scenario, made ready to be sent often.
type request struct {
	index     int
	label     string
	method    string
	url       template
	host      string // Host header instead of the URL's
	headers   []headerLine
	body      template
	raw       []byte // the body, when it is always the same
	file      *proto.File
	auth      auth
	checks    checks
	timeout   time.Duration
	think     load.Span
	redirects int
	needs     []int       // data sets that it takes rows from
	last      bool        // ask the server to close the connection
	varying   []*template // those that hold extracted values

	// When nothing of it varies, what is sent is made once.
	parsed *url.URL
	fixed  *proto.Message
}

type headerLine struct {
	name  string
	value template
}

// compiler makes requests ready.
type compiler struct {
	set         *setting
	names       *names
	dir         string
	think       load.Span
	compression bool
	host        string
}

// compile makes a scenario's request, its defaults filled in, ready.
func (c *compiler) compile(r *load.Request) (*request, error) {
	q := &request{
		label: r.Label, method: r.Method, host: c.host, timeout: time.Duration(r.Timeout), redirects: *r.Redirects,
		think: c.think, last: !c.set.keep,
	}
	if r.ThinkTime != nil {
		q.think = *r.ThinkTime
	}
	var err error
	if q.checks, err = c.names.checks(r); err != nil {
		return nil, err
	}
	if q.url, err = c.names.parse(r.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if q.url.fixed() {
		if q.parsed, err = parseURL(q.url.text); err != nil {
			return nil, fmt.Errorf("url: %w", err)
		}
	}
	if q.body, err = c.names.parse(r.Body); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	q.raw = []byte(q.body.text)
	if r.BodyFile != "" {
		if q.raw, q.file, err = openBodyFile(c.dir, r.BodyFile); err != nil {
			return nil, fmt.Errorf("body_file: %w", err)
		}
	}
	if err := c.headers(q, r); err != nil {
		return nil, err
	}
	if err := c.auth(q, r.Auth); err != nil {
		return nil, err
	}
	q.needs = q.sets()
	q.varying = slices.DeleteFunc(q.templates(), func(t *template) bool {
		return !slices.ContainsFunc(t.parts, func(p part) bool { return p.slot >= 0 })
	})
	return q, q.fix(c.set)
}

// headers puts the headers in a fixed order and adds our own where the scenario
// has none of that name.
func (c *compiler) headers(q *request, r *load.Request) error {
	add := func(name, value string) error {
		t, err := c.names.parse(value)
		q.headers = append(q.headers, headerLine{name, t})
		return err
	}
	own := map[string]bool{}
	for name := range r.Headers {
		own[http.CanonicalHeaderKey(name)] = true
	}
	if !own["User-Agent"] {
		_ = add("User-Agent", "onrush")
	}
	if c.compression && !own["Accept-Encoding"] {
		_ = add("Accept-Encoding", "gzip")
	}
	sorted := make([]string, 0, len(r.Headers))
	for name := range r.Headers {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		switch http.CanonicalHeaderKey(name) {
		case "Host":
			t, err := c.names.parse(r.Headers[name])
			if err != nil || !t.fixed() {
				return fmt.Errorf("headers.%s: it must not vary", name)
			}
			q.host = t.text
			continue
		case "Content-Length", "Transfer-Encoding":
			continue // they follow from the body
		}
		if err := add(name, r.Headers[name]); err != nil {
			return fmt.Errorf("headers.%s: %w", name, err)
		}
	}
	return nil
}

// sets lists the data sets whose columns the request holds.
func (q *request) sets() []int {
	var out []int
	for _, t := range q.templates() {
		for i := range t.parts {
			if d := t.parts[i].data; d >= 0 && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (q *request) templates() []*template {
	list := []*template{&q.url, &q.body}
	for i := range q.headers {
		list = append(list, &q.headers[i].value)
	}
	return append(list, q.auth.templates()...)
}

// fix makes the message once when nothing of it varies.
func (q *request) fix(set *setting) error {
	if set.cookies || q.auth.varies() {
		return nil
	}
	for _, t := range q.templates() {
		if !t.fixed() {
			return nil
		}
	}
	m := new(proto.Message)
	if err := q.write(m, q.parsed, &values{}); err != nil {
		return err
	}
	if o := dial.OriginOf(q.parsed); set.dialer.Absolute(o) {
		m.Absolute, m.Target = true, q.parsed.Host
		if auth := set.dialer.ProxyAuthorization(); auth != "" {
			m.Fields = append(m.Fields, proto.Field{Name: "Proxy-Authorization", Value: auth})
		}
	}
	q.fixed = m
	return nil
}

// fill gives a flight its message and where that goes.
func (q *request) fill(f *flight, v *values) error {
	if q.fixed != nil {
		f.msg = q.fixed
		f.at = place{q.parsed, f.w.fixedSite(q)}
		return nil
	}
	if lack := q.lacks(v); lack != nil {
		return lack
	}
	u := q.parsed
	if u == nil {
		var err error
		if u, err = parseURL(q.url.fill(v)); err != nil {
			return err
		}
	}
	f.own.Fields = f.own.Fields[:0]
	f.msg = &f.own
	if err := q.write(f.msg, u, v); err != nil {
		return err
	}
	f.address(u)
	return nil
}

// write fills a message in.
func (q *request) write(m *proto.Message, u *url.URL, v *values) error {
	*m = proto.Message{
		Method: q.method, Scheme: u.Scheme, Authority: q.host, Path: u.RequestURI(),
		Fields: m.Fields, Body: q.raw, File: q.file, Last: q.last,
	}
	if m.Authority == "" {
		m.Authority = u.Host
	}
	if !q.body.fixed() {
		m.Body = []byte(q.body.fill(v))
	}
	named := false
	for i := range q.headers {
		f := proto.Field{Name: q.headers[i].name, Value: q.headers[i].value.fill(v)}
		if strings.ContainsAny(f.Value, "\r\n\x00") {
			return fmt.Errorf("header %s: its value holds a line break", f.Name)
		}
		named = named || strings.EqualFold(f.Name, "Authorization")
		m.Fields = append(m.Fields, f)
	}
	if auth := basicAuth(u.User); auth != "" && !named {
		m.Fields = append(m.Fields, proto.Field{Name: "Authorization", Value: auth})
	}
	return nil
}

// fixedSite is where a request goes that always goes there.
func (w *worker) fixedSite(q *request) *site {
	for len(w.fixedSites) <= q.index {
		w.fixedSites = append(w.fixedSites, nil)
	}
	s := w.fixedSites[q.index]
	if s == nil {
		s = w.site(dial.OriginOf(q.parsed))
		w.fixedSites[q.index] = s
	}
	return s
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is no absolute http or https URL", text)
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	return u, nil
}

// escapeQuery escapes those bytes alone that would break the request line.
func escapeQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(query[i])
	}
	return b.String()
}
