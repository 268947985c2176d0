package httpload

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// request is one request of the scenario, made ready to be sent often.
type request struct {
	label     string
	method    string
	url       template
	parsed    *url.URL // when the URL is always the same
	host      string   // Host header instead of the URL's
	headers   []headerLine
	body      template
	raw       []byte // the body, when it is always the same
	file      *bodyFile
	expect    []load.StatusPattern
	contains  []byte
	timeout   time.Duration
	redirects int
}

type headerLine struct {
	name  string
	value template
}

// bodyFile is a body that is not kept in the scenario. A small one is kept in
// memory, a large one is read anew from its file for every request.
type bodyFile struct {
	path string
	size int64
	data []byte
}

// smallFile is the largest body file that is kept in memory.
const smallFile = 1 << 20

func openBodyFile(dir, name string) (*bodyFile, error) {
	f := &bodyFile{path: engine.FilePath(dir, name)}
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if f.size = info.Size(); f.size > smallFile {
		return f, nil
	}
	f.data, err = os.ReadFile(f.path)
	f.size = int64(len(f.data))
	return f, err
}

func (f *bodyFile) open() (io.ReadCloser, error) {
	if f.data != nil || f.size == 0 {
		return io.NopCloser(bytes.NewReader(f.data)), nil
	}
	return os.Open(f.path)
}

// compile makes a scenario's request, its defaults filled in, ready.
func compile(r *load.Request, c *load.Connection, n *names, dir string) (*request, error) {
	q := &request{
		label: r.Label, method: r.Method, host: c.Host, timeout: time.Duration(r.Timeout), redirects: *r.Redirects,
		expect: r.Expect.Status, contains: []byte(r.Expect.BodyContains),
	}
	var err error
	if q.url, err = n.parse(r.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if q.url.fixed() {
		if q.parsed, err = parseURL(q.url.text); err != nil {
			return nil, fmt.Errorf("url: %w", err)
		}
	}
	if q.body, err = n.parse(r.Body); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	q.raw = []byte(q.body.text)
	if r.BodyFile != "" {
		if q.file, err = openBodyFile(dir, r.BodyFile); err != nil {
			return nil, fmt.Errorf("body_file: %w", err)
		}
	}
	return q, q.compileHeaders(r.Headers, c, n)
}

// compileHeaders puts the headers in a fixed order and adds our own where the
// scenario has none of that name.
func (q *request) compileHeaders(headers map[string]string, c *load.Connection, n *names) error {
	add := func(name, value string) error {
		t, err := n.parse(value)
		q.headers = append(q.headers, headerLine{name, t})
		return err
	}
	own := map[string]bool{}
	for name := range headers {
		own[http.CanonicalHeaderKey(name)] = true
	}
	if !own["User-Agent"] {
		_ = add("User-Agent", "onrush")
	}
	if c.Compression && !own["Accept-Encoding"] {
		_ = add("Accept-Encoding", "gzip")
	}
	sorted := make([]string, 0, len(headers))
	for name := range headers {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		switch http.CanonicalHeaderKey(name) {
		case "Host":
			t, err := n.parse(headers[name])
			if err != nil || !t.fixed() {
				return fmt.Errorf("headers.%s: it must not vary", name)
			}
			q.host = t.text
			continue
		case "Content-Length", "Transfer-Encoding":
			continue // they follow from the body
		}
		if err := add(name, headers[name]); err != nil {
			return fmt.Errorf("headers.%s: %w", name, err)
		}
	}
	return nil
}

// message fills the request in with rows of data.
func (q *request) message(rows [][]string) (*message, error) {
	m := &message{method: q.method, url: q.parsed, file: q.file, body: q.raw}
	var err error
	if m.url == nil {
		if m.url, err = parseURL(q.url.fill(rows)); err != nil {
			return nil, err
		}
	}
	if !q.body.fixed() {
		m.body = []byte(q.body.fill(rows))
	}
	if m.host = q.host; m.host == "" {
		m.host = m.url.Host
	}
	m.fields = make([]field, 0, len(q.headers)+1)
	named := false
	for i := range q.headers {
		f := field{q.headers[i].name, q.headers[i].value.fill(rows)}
		if strings.ContainsAny(f.value, "\r\n\x00") {
			return nil, fmt.Errorf("header %s: its value holds a line break", f.name)
		}
		named = named || strings.EqualFold(f.name, "Authorization")
		m.fields = append(m.fields, f)
	}
	if auth := basicAuth(m.url.User); auth != "" && !named {
		m.fields = append(m.fields, field{"Authorization", auth})
	}
	return m, nil
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

// expects says whether a status is a success.
func (q *request) expects(status int) bool {
	for _, p := range q.expect {
		if p.Has(status) {
			return true
		}
	}
	return false
}
