package httpload

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/engine/httpload/sign"
	"onrush.dev/onrush/internal/load"
)

// auth is how a request says who sends it, where that is more than a header
// line that never varies.
type auth struct {
	user, password *template // Basic
	key            *keyTemplate
	bodyHash       string // of a body that never varies
}

// keyTemplate is load.SigV4 with names to be filled in.
type keyTemplate struct{ service, region, access, secret, token template }

// basicAuth is the header value for a URL's user and password, if it has them.
func basicAuth(u *url.Userinfo) string {
	if u == nil {
		return ""
	}
	password, _ := u.Password()
	return sign.Basic(u.Username(), password)
}

// auth prepares a request's login. The request's body is known by then.
func (c *compiler) auth(q *request, a *load.Auth) error {
	switch {
	case a == nil:
		return nil
	case a.Bearer != "":
		t, err := c.names.parse(sign.Bearer(a.Bearer))
		q.headers = append(q.headers, headerLine{"Authorization", t})
		return wrap("auth.bearer", err)
	case a.Basic != nil:
		return c.basic(q, a.Basic)
	case a.SigV4 != nil:
		return c.signature(q, a.SigV4)
	}
	return nil
}

func wrap(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", field, err)
}

func (c *compiler) basic(q *request, b *load.Basic) error {
	user, err := c.names.parse(b.User)
	if err != nil {
		return wrap("auth.basic.user", err)
	}
	password, err := c.names.parse(b.Password)
	if err != nil {
		return wrap("auth.basic.password", err)
	}
	if user.fixed() && password.fixed() {
		q.headers = append(q.headers, headerLine{"Authorization", template{text: sign.Basic(user.text, password.text)}})
		return nil
	}
	q.auth.user, q.auth.password = &user, &password
	return nil
}

func (c *compiler) signature(q *request, s *load.SigV4) error {
	k := new(keyTemplate)
	for _, part := range []struct {
		name, text string
		to         *template
	}{
		{"service", s.Service, &k.service},
		{"region", s.Region, &k.region},
		{"access_key", s.AccessKey, &k.access},
		{"secret_key", s.SecretKey, &k.secret},
		{"session_token", s.SessionToken, &k.token},
	} {
		var err error
		if *part.to, err = c.names.parse(part.text); err != nil {
			return wrap("auth.sigv4."+part.name, err)
		}
	}
	q.auth.key = k
	if !q.body.fixed() {
		return nil
	}
	var body io.Reader = bytes.NewReader(q.raw)
	if q.file != nil {
		body = io.NewSectionReader(q.file.Reader, 0, q.file.Size)
	}
	var err error
	q.auth.bodyHash, err = sign.HashOf(body)
	return wrap("body_file", err)
}

// templates are those whose names the login takes values from.
func (a *auth) templates() []*template {
	var list []*template
	if a.user != nil {
		list = append(list, a.user, a.password)
	}
	if k := a.key; k != nil {
		list = append(list, &k.service, &k.region, &k.access, &k.secret, &k.token)
	}
	return list
}

// varies says whether each message needs a login of its own.
func (a *auth) varies() bool { return a.user != nil || a.key != nil }

// login adds to a message who sends it. Everything else of it is there.
func (f *flight) login() {
	a := &f.call.auth
	if a.user != nil {
		f.own.Fields = append(f.own.Fields, proto.Field{
			Name: "Authorization", Value: sign.Basic(a.user.fill(f.values), a.password.fill(f.values)),
		})
	}
	if a.key == nil {
		return
	}
	k := load.SigV4{
		Service: a.key.service.fill(f.values), Region: a.key.region.fill(f.values),
		AccessKey: a.key.access.fill(f.values), SecretKey: a.key.secret.fill(f.values), SessionToken: a.key.token.fill(f.values),
	}
	hash := a.bodyHash
	if hash == "" || (f.own.Body == nil && f.own.File == nil) {
		hash = sign.Hash(f.own.Body)
	}
	m := &f.own
	m.Fields = f.w.signer.Sign(m.Fields, &k, m.Method, m.Authority, m.Path, hash, time.Now())
}

// signed says whether a field, by its name in small letters, is what a signature
// added.
func signed(name string) bool {
	return name == "authorization" || strings.HasPrefix(name, "x-amz-")
}
