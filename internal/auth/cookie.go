package auth

import (
	"net/http"
	"time"
)

// CookieName is the session cookie's name. Over TLS it has the prefix that
// makes browsers refuse it from other hosts and from plain HTTP.
func CookieName(r *http.Request) string {
	if r.TLS != nil {
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
