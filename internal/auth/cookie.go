package auth

import (
	"net/http"
	"strings"
	"time"
)

// Secure says that a request came over TLS, to us or to a proxy before us. The
// header that says so is believed from anybody: who lies gets a cookie that his
// own browser sends back over TLS only, and nothing else.
func Secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// CookieName is the session cookie's name. Over TLS it has the prefix that
// makes browsers refuse it from other hosts and from plain HTTP.
func CookieName(r *http.Request) string {
	if Secure(r) {
		return "__Host-onrush"
	}
	return "onrush"
}

// Cookie makes the cookie that carries a session's secret, or with an empty
// secret the one that clears it. Scripts cannot read it and other sites'
// requests do not carry it. secure says that the request came over TLS.
func Cookie(name, secret string, secure bool, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: secret, Path: "/",
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
		MaxAge: int(life.Seconds()),
	}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}

// SessionLife is how long a session lasts after its last use.
func (s *Service) SessionLife() time.Duration { return s.life }
