package httpload

import (
	"net/http"
	"net/url"
	"strings"

	"onrush.dev/onrush/internal/engine/httpload/dial"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// place is where a message goes.
type place struct {
	url  *url.URL
	site *site
}

// turn makes the message that a redirect asks for. As browsers do, 301, 302 and
// 303 turn everything but HEAD into a GET without a body.
func (f *flight) turn() error {
	if f.location == "" {
		return proto.Failf(load.CauseRedirect, "status %d without a Location", f.status)
	}
	u, err := f.at.url.Parse(f.location)
	if err == nil {
		u, err = parseURL(u.String())
	}
	if err != nil {
		return proto.Failf(load.CauseRedirect, "follow redirect: %w", err)
	}
	old := f.msg
	next := proto.Message{
		Method: old.Method, Scheme: u.Scheme, Authority: old.Authority, Path: u.RequestURI(),
		Body: old.Body, File: old.File, Last: old.Last,
	}
	elsewhere := dial.OriginOf(u) != f.at.site.origin
	if elsewhere {
		next.Authority = u.Host
	}
	keepBody := f.status == http.StatusTemporaryRedirect || f.status == http.StatusPermanentRedirect
	if !keepBody && next.Method != http.MethodHead {
		next.Method, next.Body, next.File = http.MethodGet, nil, nil
	}
	for _, h := range old.Fields {
		name := strings.ToLower(h.Name)
		secret := name == "authorization" || name == "cookie"
		again := (name == "cookie" && f.values.jar != nil) || (f.call.auth.key != nil && signed(name))
		if name == "proxy-authorization" || (secret && elsewhere) || again || (next.Method != old.Method && strings.HasPrefix(name, "content-")) {
			continue
		}
		next.Fields = append(next.Fields, h)
	}
	f.own = next
	f.msg = &f.own
	f.elsewhere = f.elsewhere || elsewhere
	f.address(u)
	return nil
}

// address sets where the flight's own message goes and adds what depends on it:
// cookies, what a proxy needs, and at last who sends it. A login is for the
// scenario's own target alone.
func (f *flight) address(u *url.URL) {
	w := f.w
	f.at = place{u, w.site(dial.OriginOf(u))}
	if jar := f.values.jar; jar != nil {
		f.own.Fields = jar.AddTo(f.own.Fields, u)
	}
	if f.call.auth.varies() && !f.elsewhere && (f.redirects == 0 || f.call.auth.key != nil) {
		f.login()
	}
	f.own.Absolute = f.at.site.absolute
	if f.own.Absolute {
		f.own.Target = u.Host
		if auth := w.dialer.ProxyAuthorization(); auth != "" {
			f.own.Fields = append(f.own.Fields, proto.Field{Name: "Proxy-Authorization", Value: auth})
		}
	}
}
