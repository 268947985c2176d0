// Package cookies keeps the cookies of one user and sends them back, as
// browsers do (RFC 6265, with the list of public suffixes).
//
// It adapts the standard library's jar to heads and fields, and bounds it: what
// the target sends must not grow memory. It knows neither users nor
// connections. There is only this file.
package cookies

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// Bounds of a jar. Browsers keep about as much.
const (
	maxCookies = 200
	maxLine    = 4096 // bytes of one Set-Cookie
)

// Jar is one user's cookies. Its zero value is an empty jar, which costs
// nothing; it is for one goroutine.
type Jar struct {
	jar  *cookiejar.Jar
	seen map[string]struct{} // cookies in the jar, expired ones too
}

// Keep takes the cookies of a response to a request for u.
func (j *Jar) Keep(u *url.URL, head *proto.Head) {
	for i := range head.Fields {
		f := &head.Fields[i]
		if len(f.Name) != len("set-cookie") || len(f.Value) > maxLine || !strings.EqualFold(string(f.Name), "set-cookie") {
			continue
		}
		if cookie, err := http.ParseSetCookie(string(f.Value)); err == nil {
			j.keep(u, cookie)
		}
	}
}

func (j *Jar) keep(u *url.URL, cookie *http.Cookie) {
	if j.jar == nil {
		jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
		if err != nil {
			return // never, by its contract
		}
		j.jar, j.seen = jar, map[string]struct{}{}
	}
	key := strings.Join([]string{cookie.Name, cookie.Domain, cookie.Path, u.Hostname()}, "\x00")
	if _, known := j.seen[key]; !known {
		if len(j.seen) >= maxCookies {
			return
		}
		j.seen[key] = struct{}{}
	}
	j.jar.SetCookies(u, []*http.Cookie{cookie})
}

// AddTo adds the cookies for u to the fields of a request. A Cookie that the
// scenario wrote stays in front, in one line with them.
func (j *Jar) AddTo(fields []proto.Field, u *url.URL) []proto.Field {
	if j.jar == nil {
		return fields
	}
	cookies := j.jar.Cookies(u)
	if len(cookies) == 0 {
		return fields
	}
	var b strings.Builder
	for _, cookie := range cookies {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(cookie.String())
	}
	for i := range fields {
		if strings.EqualFold(fields[i].Name, "Cookie") {
			fields[i].Value += "; " + b.String()
			return fields
		}
	}
	return append(fields, proto.Field{Name: "Cookie", Value: b.String()})
}

// Clear empties the jar, for the next user.
func (j *Jar) Clear() { j.jar, j.seen = nil, nil }
