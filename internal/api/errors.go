package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/auth"
	"onrush.dev/onrush/internal/load"
)

// statusOf maps our codes to HTTP's.
func statusOf(code load.Code) int {
	switch code {
	case load.Invalid:
		return http.StatusUnprocessableEntity
	case load.NotFound:
		return http.StatusNotFound
	case load.Conflict:
		return http.StatusConflict
	case load.Unauthorized:
		return http.StatusUnauthorized
	case load.Forbidden:
		return http.StatusForbidden
	case load.TooLarge:
		return http.StatusRequestEntityTooLarge
	case load.Throttled:
		return http.StatusTooManyRequests
	case load.Unavailable:
		return http.StatusServiceUnavailable
	case load.Internal:
	}
	return http.StatusInternalServerError
}

// fault turns an error into what the caller may see. The text of an error
// without a code stays in the log.
func (a *api) fault(ctx context.Context, err error) error {
	var f *wire.Fault
	if errors.As(err, &f) {
		return f
	}
	var known *load.Error
	if !errors.As(err, &known) || known.Code == load.Internal || known.Code == "" {
		if ctx.Err() == nil { // else the caller is gone, and that is the error
			a.Log.ErrorContext(ctx, "request failed", "caller", caller(ctx).User, "err", err)
		}
		return wire.NewFault(http.StatusInternalServerError, load.Internal, "something went wrong inside the server; its log says what", nil)
	}
	f = wire.NewFault(statusOf(known.Code), known.Code, known.Message, known.Problems)
	var throttled *auth.ThrottledError
	if errors.As(err, &throttled) {
		f.SetHeader("Retry-After", strconv.Itoa(int(throttled.Wait.Seconds())+1))
	}
	return f
}

// asFault brings the framework's own errors (bodies and parameters that do not
// fit their types) into our form.
func asFault(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := load.Invalid
	switch {
	case m.Status == http.StatusRequestEntityTooLarge:
		code = load.TooLarge
	case m.Status >= 500:
		code = load.Internal
	}
	f := wire.NewFault(m.Status, code, m.Detail, nil)
	for _, e := range m.Errors {
		if e == nil {
			continue
		}
		p := load.Problem{Path: strings.TrimPrefix(e.Location, "body."), Message: e.Message}
		if e.Value != nil && code == load.Invalid {
			p.Found = found(e.Value)
		}
		f.Problems = append(f.Problems, p)
	}
	if code == load.Internal {
		f.Detail, f.Problems = "something went wrong inside the server; its log says what", nil
	} else if len(f.Problems) > 0 {
		f.Detail = f.Problems[0].String()
	}
	return f, nil
}

// found renders a value that was sent, cut short: it is an echo.
func found(v any) string {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		text = string(b)
	}
	if r := []rune(text); len(r) > 80 {
		text = string(r[:80]) + "…"
	}
	return text
}

// describeFaults documents the one form of all faults.
func (a *api) describeFaults(op *huma.Operation) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{
		Description: "Fault",
		Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.Fault](), true, ""),
		}},
	}
}

// writeFault answers outside of the framework.
func writeFault(w http.ResponseWriter, f *wire.Fault) {
	for name, values := range f.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", f.ContentType(""))
	w.WriteHeader(f.Status)
	_ = json.NewEncoder(w).Encode(f) // the caller may be gone
}
