package api

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/load"
)

// wrap puts around all routes, console included, what every answer needs.
func (a *api) wrap(next http.Handler) http.Handler {
	// Behind the SameSite cookie, a second line of defence: what another site's
	// page makes a browser send is refused.
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeFault(w, wire.NewFault(http.StatusForbidden, load.Forbidden, "a page of another site may not do this", nil))
	}))
	return forwarded(a.Proxies, a.headers(a.recoverPanics(sameOrigin.Handler(next))))
}

// The content policies: the console is our own files and nothing else (styles
// stand in elements, since the component library sets sizes that way); API
// answers are no pages at all.
const (
	consolePolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	apiPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"
)

func (a *api) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Content-Security-Policy", consolePolicy)
		if auth.Secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Content-Security-Policy", apiPolicy)
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// recoverPanics answers 500 and keeps the server up. A panic after the answer
// has begun cuts the connection, so that half an answer never looks whole.
func (a *api) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &watchedWriter{ResponseWriter: w}
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				a.Log.ErrorContext(r.Context(), "request panicked", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				if watched.begun {
					panic(http.ErrAbortHandler)
				}
				writeFault(w, wire.NewFault(http.StatusInternalServerError, load.Internal, "something went wrong inside the server; its log says what", nil))
			}
		}()
		next.ServeHTTP(watched, r)
	})
}

// watchedWriter knows whether an answer has begun.
type watchedWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *watchedWriter) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// authorize lets a request through to its route when the caller has the role
// that the route needs. A route without a role is one of publicRoutes.
func (a *api) authorize(ctx huma.Context, next func(huma.Context)) {
	need, ok := ctx.Operation().Metadata[roleKey].(load.Role)
	if !ok {
		next(ctx)
		return
	}
	r, w := humago.Unwrap(ctx)
	id, err := a.Auth.Identify(r.Context(), r)
	if err == nil && !id.Role.Allows(need) {
		a.Log.WarnContext(r.Context(), "request refused", "user", id.User, "role", id.Role, "needs", need, "method", r.Method, "path", r.URL.Path)
		err = load.Errorf(load.Forbidden, "this needs the role %s, you are %s", need, id.Role)
	}
	if err != nil {
		var f *wire.Fault
		if errors.As(a.fault(r.Context(), err), &f) {
			if f.Status == http.StatusUnauthorized {
				f.SetHeader("WWW-Authenticate", "Bearer")
			}
			writeFault(w, f)
		}
		return
	}
	next(huma.WithValue(ctx, callerKey{}, id))
}

type callerKey struct{}

// caller says who sent the request; the zero Identity on public routes.
func caller(ctx context.Context) auth.Identity {
	id, _ := ctx.Value(callerKey{}).(auth.Identity)
	return id
}
