package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := "id\n1\n"
	raw := map[string]string{"Content-Type": "application/octet-stream"}
	large := strings.Repeat("x", 1001)
	b.run(t, []row{
		{"not there yet", "operator", "GET /files/" + sumOf(text), "", nil, 404, []string{"upload it first"}, nil},
		{"upload", "operator", "POST /files", text, raw, 200, []string{sumOf(text), `"size":5`}, nil},
		{"there", "operator", "GET /files/" + sumOf(text), "", nil, 200, []string{`"size":5`}, nil},
		{"again, with its hash", "operator", "POST /files?sha256=" + sumOf(text), text, raw, 200, []string{sumOf(text)}, nil},
		{"with another's hash", "operator", "POST /files?sha256=" + sumOf("x"), text, raw, 422, []string{sumOf(text)}, nil},
		{"that kept nothing", "operator", "GET /files/" + sumOf("x"), "", nil, 404, nil, nil},
		{"no hash", "operator", "GET /files/..%2f..%2fetc", "", nil, 422, nil, nil},
		{"empty", "operator", "POST /files", "", raw, 200, []string{`"size":0`}, nil},
		{"at the limit", "operator", "POST /files", large[:1000], raw, 200, []string{`"size":1000`}, nil},
		{"too large", "operator", "POST /files", large, raw, 413, []string{`"code":"too_large"`, "1000"}, nil},
	})
	// One who does not say how much comes is stopped at the limit too.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+prefix+"/files?sha256="+sumOf(large), struct{ *strings.Reader }{strings.NewReader(large)})
	must(t, err)
	req.ContentLength = -1
	req.Header.Set("Authorization", "Bearer "+b.tokens[load.Operator])
	res, err := b.Client().Do(req)
	must(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a chunked upload beyond the limit gave %d", res.StatusCode)
	}
}

// TestAgentLinks: a link gives one file of one run, while both hold.
func TestAgentLinks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text, other := "id\n1\n", "secret"
	b.run(t, []row{
		{"upload", "operator", "POST /files", text, nil, 200, nil, nil},
		{"upload another", "operator", "POST /files", other, nil, 200, nil, nil},
		{"start", "operator", "POST /runs", sourceWith(t, withData, "users.csv", sumOf(text)), nil, 201, nil, nil},
	})
	runs, err := b.store.Runs(t.Context(), load.RunFilter{})
	must(t, err)
	id := runs[0].ID
	link := func(run, sum string) string { return strings.TrimPrefix(b.api.Links.URL("", run, sum), prefix) }
	good := link(id, sumOf(text))
	forged := NewLinks([]byte("other key"), time.Hour, b.clock)
	b.run(t, []row{
		{"the file", "", "GET " + good, "", nil, 200, []string{text}, nil},
		{"the rest of it", "", "GET " + good, "", map[string]string{"Range": "bytes=3-"}, 206, []string{"1\n"}, []string{"id"}},
		{"not a file of this run", "", "GET " + link(id, sumOf(other)), "", nil, 403, nil, []string{other}},
		{"no such run", "", "GET " + link("none", sumOf(text)), "", nil, 404, nil, nil},
		{"other key", "", "GET " + strings.TrimPrefix(forged.URL("", id, sumOf(text)), prefix), "", nil, 403, []string{"not valid"}, nil},
		{"changed run", "", "GET " + strings.Replace(good, id, "other", 1), "", nil, 403, []string{"not valid"}, nil},
		{"cut", "", "GET " + good[:len(good)-1], "", nil, 403, []string{"not valid"}, nil},
		{"made up", "", "GET /agent/files/x", "", nil, 403, []string{"not valid"}, nil},
	})
	b.mu.Lock()
	b.now = b.now.Add(time.Minute)
	b.mu.Unlock()
	b.run(t, []row{{"too late", "", "GET " + good, "", nil, 403, []string{"expired"}, nil}})
	fresh := link(id, sumOf(text))
	b.run(t, []row{{"a fresh one", "", "GET " + fresh, "", nil, 200, []string{text}, nil}})
	b.move(t, id, load.Ended)
	b.run(t, []row{{"after the run", "", "GET " + fresh, "", nil, 403, []string{"ended"}, nil}})
}
