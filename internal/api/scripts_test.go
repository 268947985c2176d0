package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// form is a multipart body of files by their paths.
func form(t *testing.T, files ...string) (body, contentType string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, files[i])}})
		must(t, err)
		_, err = part.Write([]byte(files[i+1]))
		must(t, err)
	}
	must(t, w.Close())
	return buf.String(), w.FormDataContentType()
}

const k6Script = "export default function () {}"

func TestUploadScript(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tests := map[string]struct {
		path   string
		files  []string
		status int
		has    []string
	}{
		"one file":       {"/scripts", []string{"shop.js", k6Script}, 200, []string{sumOf(k6Script), `"engine":"k6"`, `"entry":"shop.js"`, `"name":"shop.js"`}},
		"several":        {"/scripts", []string{"shop/test.ts", k6Script, "shop/lib/a.ts", "export const a = 1"}, 200, []string{`"name":"bundle.zip"`, `"entry":"test.ts"`, `"entries":["test.ts"]`}},
		"chosen":         {"/scripts?entry=b.js", []string{"a.js", k6Script, "b.js", k6Script}, 200, []string{`"entry":"b.js"`, `"entries":["a.js","b.js"]`}},
		"climbing out":   {"/scripts", []string{"../../evil.js", k6Script}, 422, []string{"below the script's folder"}},
		"twice":          {"/scripts", []string{"a.js", k6Script, "a.js", k6Script}, 422, []string{"twice"}},
		"no script":      {"/scripts", []string{"readme.txt", "hello"}, 422, []string{".jmx"}},
		"no files":       {"/scripts", nil, 422, []string{"no file"}},
		"too large":      {"/scripts", []string{"a.js", strings.Repeat("x", 2000)}, 413, []string{"larger"}},
		"unknown engine": {"/scripts?engine=gatling", []string{"a.js", k6Script}, 422, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, kind := form(t, test.files...)
			b.run(t, []row{{name, "operator", "POST " + test.path, body, map[string]string{"Content-Type": kind}, test.status, test.has, nil}})
		})
	}
	b.run(t, []row{
		{"no form", "operator", "POST /scripts", "hello", map[string]string{"Content-Type": "text/plain"}, 422, []string{"multipart"}, nil},
		{"a viewer", "viewer", "POST /scripts", "", nil, 403, nil, nil},
	})
}

// TestArtifacts: what a task leaves is listed and handed out under its name,
// and nobody but that task can leave it.
func TestArtifacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run(t, []row{{"start", "operator", "POST /runs", source(t, shop), nil, 201, nil, nil}})
	runs, err := b.store.Runs(t.Context(), load.RunFilter{})
	must(t, err)
	id := runs[0].ID
	raw := map[string]string{"Content-Type": "application/octet-stream"}
	link := strings.TrimPrefix(b.api.Links.KeepURL("", id, "local-1"), prefix)
	odd := "files/a%20b/.hidden%20(1).txt"
	b.run(t, []row{
		{"keep", "", "POST " + link + "?name=k6.log", "hello", raw, 204, nil, nil},
		{"keep an odd one", "", "POST " + link + "?name=" + odd, "odd", raw, 204, nil, nil},
		{"climbing out", "", "POST " + link + "?name=../../../x", "x", raw, 204, nil, nil},
		{"forged", "", "POST " + strings.Replace(link, id, "other", 1) + "?name=x", "x", raw, 403, []string{"not valid"}, nil},
		{"a file's link", "", "POST " + strings.Replace(strings.TrimPrefix(b.api.Links.URL("", id, "local-1"), prefix), "/files/", "/artifacts/", 1) + "?name=x", "x", raw, 403, nil, nil},
		{"too large", "", "POST " + link + "?name=big", strings.Repeat("x", 1001), raw, 413, nil, nil},
		{"get", "viewer", "GET /runs/" + id + "/tasks/local-1/artifact?name=k6.log", "", nil, 200, []string{"hello"}, nil},
		{"get the odd one", "viewer", "GET /runs/" + id + "/tasks/local-1/artifact?name=" + odd, "", nil, 200, []string{"odd"}, nil},
		{"none", "viewer", "GET /runs/" + id + "/tasks/local-1/artifact?name=y", "", nil, 404, []string{"left no file"}, nil},
	})
	_, text := b.send(t, row{as: "viewer", do: "GET /runs/" + id + "/artifacts"})
	var list wire.ArtifactList
	must(t, json.Unmarshal([]byte(text), &list))
	if len(list.Artifacts) != 3 {
		t.Errorf("got %s", text)
	}
	for _, a := range list.Artifacts {
		if a.Task != "local-1" || a.Name != "k6.log" && a.Name != "files/a b/.hidden (1).txt" && a.Name != "x" {
			t.Errorf("got %+v", a)
		}
	}
	b.move(t, id, load.Ended)
	b.run(t, []row{{"after the run", "", "POST " + link + "?name=late", "x", raw, http.StatusForbidden, []string{"ended"}, nil}})
}

// TestSecrets: values go to their keeper, and into nothing that can be read.
func TestSecrets(t *testing.T) {
	t.Parallel()
	kept := map[string]string{}
	b := setup(t, func(o *Options) {
		o.KeepSecrets = func(_ context.Context, _ string, values map[string]string) error {
			for name, value := range values {
				kept[name] = value
			}
			return nil
		}
	})
	text := shop + "secrets:\n  TOKEN: {env: HOME}\n"
	start := func(secrets string) string {
		quoted, err := json.Marshal(text)
		must(t, err)
		return `{"source":` + string(quoted) + `,"secrets":` + secrets + `}`
	}
	b.run(t, []row{
		{"missing", "operator", "POST /runs", start(`{}`), nil, 422, []string{"secrets.TOKEN"}, nil},
		{"unknown", "operator", "POST /runs", start(`{"TOKEN":"a","OTHER":"b"}`), nil, 422, []string{"secrets.OTHER"}, nil},
		{"given", "operator", "POST /runs", start(`{"TOKEN":"hush-hush"}`), nil, 201, nil, []string{"hush-hush"}},
		{"listed", "operator", "GET /runs", "", nil, 200, nil, []string{"hush-hush"}},
	})
	if kept["TOKEN"] != "hush-hush" {
		t.Errorf("kept are %v", kept)
	}
	if strings.Contains(b.log.String(), "hush-hush") {
		t.Error("the log has the secret")
	}
}

// TestPlanOfAScript: who may only look has no script run for him that nobody
// who may do so has saved.
func TestPlanOfAScript(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const text = "name: scripted\nengine: k6\nscript: shop.js\nregions: [{name: local}]\n"
	body, kind := form(t, "shop.js", k6Script)
	draft := sourceWith(t, text, "shop.js", sumOf(k6Script))
	b.run(t, []row{
		{"upload", "operator", "POST /scripts", body, map[string]string{"Content-Type": kind}, 200, nil, nil},
		{"a draft, by a viewer", "viewer", "POST /plan", draft, nil, 403, []string{"operator"}, nil},
		{"a draft, by an operator", "operator", "POST /plan", draft, nil, 200, nil, nil},
		{"save", "operator", "PUT /scenarios/scripted", draft, nil, 201, nil, nil},
		{"saved, by a viewer", "viewer", "POST /plan", `{"scenario":"scripted"}`, nil, 200, nil, nil},
	})
}

// TestSecretsOfATargetAreNotShown: passwords in URLs and in headers stay where
// they are, whoever asks.
func TestSecretsOfATargetAreNotShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := strings.Replace(shop, "  - url: http://127.0.0.1:8090/fast", "  - url: http://u:hush-1@127.0.0.1:8090/fast\n    headers: {Authorization: Bearer hush-2}", 1) +
		"connection: {proxy: 'http://u:hush-3@127.0.0.1:1'}\n"
	b.run(t, []row{
		{"save", "operator", "PUT /scenarios/shop", source(t, text), nil, 201, nil, []string{"hush"}},
		{"get", "admin", "GET /scenarios/shop", "", nil, 200, []string{"Bearer ***", "u:***@127.0.0.1:1"}, []string{"hush"}},
		{"check", "operator", "POST /scenarios/check", source(t, text), nil, 200, nil, []string{"hush"}},
		{"plan", "viewer", "POST /plan", `{"scenario":"shop"}`, nil, 200, nil, []string{"hush"}},
		{"start", "operator", "POST /runs", `{"scenario":"shop"}`, nil, 201, nil, []string{"hush"}},
		{"runs", "viewer", "GET /runs", "", nil, 200, nil, []string{"hush"}},
	})
	if strings.Contains(b.log.String(), "hush") {
		t.Error("the log has the secret")
	}
	runs, err := b.store.Runs(t.Context(), load.RunFilter{Limit: 1})
	must(t, err)
	run, err := b.store.Run(t.Context(), runs[0].ID)
	must(t, err)
	if got := run.Spec.Requests[0].Headers["Authorization"]; got != "Bearer hush-2" {
		t.Errorf("the run sends %q", got)
	}
	b.run(t, []row{{"run", "viewer", "GET /runs/" + runs[0].ID, "", nil, 200, []string{"Bearer ***"}, []string{"hush"}}})
}
