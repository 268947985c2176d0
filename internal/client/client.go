// Package client speaks the API from Go: the command line, tests and programs
// use it. It knows the API's bodies (package wire) and nothing of how the
// server answers them. A fault of the server comes back as the *load.Error that
// it was there, with its code and problems. Read client.go first, then watch.go.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// Client calls one server. It is safe for concurrent use.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// answerTime bounds the wait for an answer to begin; planning asks the regions,
// which may take a while.
const answerTime = 90 * time.Second

// New makes a client of the server at base, such as http://127.0.0.1:8080. The
// token may be empty for what strangers may call.
func New(base, token string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerTime
	return &Client{
		base: strings.TrimRight(base, "/") + "/api/v1", token: token,
		// A redirect would carry the token elsewhere; the API never sends one.
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// path joins an API path; each part is escaped.
func path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// query adds the parameters that are not empty.
func query(p string, values url.Values) string {
	for k, v := range values {
		if len(v) == 0 || v[0] == "" || v[0] == "0" {
			delete(values, k)
		}
	}
	if len(values) == 0 {
		return p
	}
	return p + "?" + values.Encode()
}

// call sends a JSON body, if any, and reads a JSON answer into out, if any.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	_, err := c.callStatus(ctx, method, path, in, out)
	return err
}

func (c *Client) callStatus(ctx context.Context, method, path string, in, out any) (int, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return 0, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	res, err := c.send(ctx, method, path, "application/json", body, nil)
	if err != nil {
		return 0, err
	}
	defer drain(res)
	if out == nil {
		return res.StatusCode, nil
	}
	return res.StatusCode, decode(res, out)
}

// drain reads what is left, so that the connection can be used again.
func drain(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // only a courtesy
	_ = res.Body.Close()                          // read as far as needed
}

// send makes a request; answers that are no success become errors.
func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "the server's address is not a URL: %w", err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, load.Errorf(load.Unavailable, "cannot reach the server: %w", err)
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return res, nil
	}
	defer drain(res)
	return nil, asError(req, res)
}

// asError turns a fault back into the error that it was in the server.
func asError(req *http.Request, res *http.Response) error {
	var f wire.Fault
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		err = json.Unmarshal(raw, &f)
	}
	if err == nil && f.Code != "" {
		return &load.Error{Code: f.Code, Message: f.Detail, Problems: f.Problems}
	}
	code := load.Internal
	switch res.StatusCode {
	case http.StatusUnauthorized:
		code = load.Unauthorized
	case http.StatusForbidden:
		code = load.Forbidden
	case http.StatusNotFound:
		code = load.NotFound
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		code = load.Unavailable
	}
	return errors.Join(load.Errorf(code, "%s %s was answered by %s, in no form of ours: is this an Onrush server?", req.Method, req.URL.Path, res.Status), err)
}
