package target

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// path is one thing the target can do. The list at / is made from these.
type path struct {
	pattern string // as the mux reads it
	example string
	what    string
	serve   http.HandlerFunc
}

func paths() []path {
	return []path{
		{"/fast", "/fast", "answers after 2 to 6 ms with 1 kB, like a cached page", demo(2*time.Millisecond, 6*time.Millisecond, 1000, 0)},
		{"/slow", "/slow", "answers after 40 to 120 ms with 20 kB, like a search; 1 in 100 fails with 503", demo(40*time.Millisecond, 120*time.Millisecond, 20_000, 0.01)},
		{"/delay/{time}", "/delay/20ms-50ms", "waits so long, or a time drawn from the range, then answers", delay},
		{"/status/{code}", "/status/404", "answers with this status", status},
		{"/flaky/{percent}", "/flaky/5", "fails with 503 in so many of a hundred requests", flaky},
		{"/bytes/{size}", "/bytes/10MB", "sends so many bytes, with their length", sized},
		{"/chunked/{count}", "/chunked/100", "sends so many chunks of 1 kB, without a length", chunked},
		{"/drip/{time}", "/drip/2s", "sends a body of 1 kB spread over this time", drip},
		{"/redirect/{count}", "/redirect/3", "redirects so many times, then answers", redirect},
		{"/echo", "/echo", "sends the request's body back; without one, its headers", echo},
		{"/cookies", "/cookies?name=value", "sets the cookies in the query, then lists those that came", cookies},
	}
}

// handler serves all paths and the page that lists them.
func handler() http.Handler {
	mux := http.NewServeMux()
	for _, p := range paths() {
		mux.HandleFunc(p.pattern, p.serve)
	}
	mux.HandleFunc("/{$}", index())
	return mux
}

// demo waits for a time from a range that leans towards its low end, as real
// services do, and answers with size bytes; a part of the answers are errors.
func demo(low, high time.Duration, size int64, failing float64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		part := rand.Float64()
		if !pause(r, low+time.Duration(part*part*float64(high-low))) {
			return
		}
		if rand.Float64() < failing {
			http.Error(w, "overloaded, on purpose", http.StatusServiceUnavailable)
			return
		}
		send(w, size)
	}
}

func delay(w http.ResponseWriter, r *http.Request) {
	low, high, err := span(r.PathValue("time"))
	if err != nil {
		bad(w, err)
		return
	}
	if high > low {
		low += rand.N(high - low + 1)
	}
	if pause(r, low) {
		_, _ = fmt.Fprintf(w, "waited %s\n", low)
	}
}

func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		bad(w, fmt.Errorf("status: found %q, allowed: 200 to 599", r.PathValue("code")))
		return
	}
	w.WriteHeader(code)
	if code != http.StatusNoContent && code != http.StatusNotModified {
		_, _ = fmt.Fprintf(w, "%d %s\n", code, http.StatusText(code))
	}
}

func flaky(w http.ResponseWriter, r *http.Request) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(r.PathValue("percent"), "%"), 64)
	if err != nil || percent < 0 || percent > 100 {
		bad(w, fmt.Errorf("percent: found %q, allowed: 0 to 100", r.PathValue("percent")))
		return
	}
	if rand.Float64()*100 < percent {
		http.Error(w, "failed, on purpose", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

func redirect(w http.ResponseWriter, r *http.Request) {
	left, err := strconv.Atoi(r.PathValue("count"))
	if err != nil || left < 0 {
		bad(w, fmt.Errorf("count: found %q, allowed: 0 and more", r.PathValue("count")))
		return
	}
	if left == 0 {
		_, _ = io.WriteString(w, "arrived\n")
		return
	}
	http.Redirect(w, r, "/redirect/"+strconv.Itoa(left-1), http.StatusFound)
}

func echo(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintf(w, "%s %s %s\nHost: %s\n", r.Method, r.URL, r.Proto, r.Host)
		_ = r.Header.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 needs no leave
	_, _ = io.Copy(w, r.Body)
}

func cookies(w http.ResponseWriter, r *http.Request) {
	for name, values := range r.URL.Query() {
		http.SetCookie(w, &http.Cookie{Name: name, Value: values[0], Path: "/", HttpOnly: true})
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, c := range r.Cookies() {
		_, _ = fmt.Fprintf(w, "%s=%s\n", c.Name, c.Value)
	}
}

func bad(w http.ResponseWriter, err error) { http.Error(w, err.Error(), http.StatusBadRequest) }
