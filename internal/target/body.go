package target

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// maxSize bounds what one request can ask for.
const maxSize = 100 << 30

// sized sends {size} bytes, said before.
func sized(w http.ResponseWriter, r *http.Request) {
	var size load.Bytes
	if err := size.UnmarshalText([]byte(r.PathValue("size"))); err != nil {
		bad(w, err)
		return
	}
	if size < 0 || size > maxSize {
		bad(w, errors.New("size: allowed: 0 to 100GiB"))
		return
	}
	send(w, int64(size))
}

// send writes size bytes with their length.
func send(w http.ResponseWriter, size int64) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	block := pattern(min(size, 64<<10))
	for size > 0 {
		n, err := w.Write(block[:min(size, int64(len(block)))])
		if err != nil {
			return
		}
		size -= int64(n)
	}
}

// pattern is n bytes that a reader can recognise and gzip would not shrink to
// nothing at once.
func pattern(n int64) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + (i*7+i>>8)%26)
	}
	return b
}

// chunked sends {count} chunks of 1 kB, without a length.
func chunked(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(r.PathValue("count"))
	if err != nil || count < 0 || count > 1_000_000 {
		bad(w, fmt.Errorf("count: found %q, allowed: 0 to 1000000", r.PathValue("count")))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	flush := http.NewResponseController(w).Flush
	_ = flush()
	block := pattern(1000)
	for range count {
		if _, err := w.Write(block); err != nil || flush() != nil {
			return
		}
	}
}

// drip sends 1 kB in ten pieces over {time}.
func drip(w http.ResponseWriter, r *http.Request) {
	over, _, err := span(r.PathValue("time"))
	if err != nil {
		bad(w, err)
		return
	}
	w.Header().Set("Content-Length", "1000")
	flush := http.NewResponseController(w).Flush
	block := pattern(100)
	for range 10 {
		if !pause(r, over/10) {
			return
		}
		if _, err := w.Write(block); err != nil || flush() != nil {
			return
		}
	}
}

// pause waits and says whether the client is still there.
func pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// span reads 20ms or 20ms-50ms.
func span(text string) (low, high time.Duration, err error) {
	first, second, ranged := strings.Cut(text, "-")
	if low, err = time.ParseDuration(first); err == nil && ranged {
		high, err = time.ParseDuration(second)
	}
	if !ranged {
		high = low
	}
	if err != nil || low < 0 || high < low || high > time.Hour {
		return 0, 0, fmt.Errorf("time: found %q, allowed: 20ms, or 20ms-50ms, up to 1h", text)
	}
	return low, high, nil
}

// page is the list at /.
const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Onrush sample target</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}
code{background:#8882;padding:.1em .3em;border-radius:4px}td{padding:.25rem 1rem .25rem 0;vertical-align:top}</style></head>
<body><h1>Onrush sample target</h1>
<p>A server to try load tests on. Each path does what it says; change its last part to change what it does.</p>
<table>`

// index lists the paths, for browsers and for eyes. It is put together by hand:
// a template's reflection would keep the linker from leaving out what the agent,
// which holds the target too, does not use.
func index() http.HandlerFunc {
	var list strings.Builder
	list.WriteString(page)
	for _, p := range paths() {
		example := html.EscapeString(p.example)
		fmt.Fprintf(&list, "<tr><td><a href=\"%s\"><code>%s</code></a></td><td>%s</td></tr>\n", example, example, html.EscapeString(p.what))
	}
	list.WriteString("</table></body></html>\n")
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, list.String())
	}
}
