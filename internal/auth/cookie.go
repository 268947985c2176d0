package auth

import (
	"context"
	"net/http"
	"time"
)

// secureKey marks the requests that came over TLS as far as a proxy.
type secureKey struct{}

// BehindTLS marks a request that came over TLS to the proxy that handed it on.
func BehindTLS(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), secureKey{}, true))
}

// Secure says whether the caller speaks TLS, to us or to the proxy before us.
func Secure(r *http.Request) bool {
	return r.TLS != nil || r.Context().Value(secureKey{}) != nil
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
