package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
)

// shop is a valid scenario.
const shop = `# a comment
name: shop
tags: [web]
requests:
  - url: http://127.0.0.1:8090/fast
load:
  users: 3
  duration: 10s
regions:
  - name: local
    tasks: 2
`

// withData is one that names a file.
const withData = shop + `data:
  - file: users.csv
    sharing: split
`

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}

func source(t *testing.T, text string) string {
	return asJSON(t, map[string]string{"source": text})
}

func sourceWith(t *testing.T, text, path, sum string) string {
	return asJSON(t, map[string]any{"source": text, "files": map[string]string{path: sum}})
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	b := setup(t)
	broken := "name: shop\nrequests:\n  - url: ftp://x\n    methd: GET\nload:\n  users: 1\n  ramp_up: 2m\n  duration: 1m\n"
	b.run(t, []row{
		{"empty list", "viewer", "GET /scenarios", "", nil, 200, []string{`"scenarios":[]`, `"more":false`}, nil},
		{"new", "operator", "PUT /scenarios/shop", source(t, shop), nil, 201, []string{`"version":1`, `"changed":true`, `"by":"operator"`, "# a comment"}, nil},
		{"again", "admin", "PUT /scenarios/shop", source(t, shop), nil, 200, []string{`"version":1`, `"changed":false`, `"by":"operator"`}, nil},
		{"changed", "admin", "PUT /scenarios/shop", source(t, shop+"# more\n"), nil, 200, []string{`"version":2`, `"changed":true`, `"by":"admin"`}, nil},
		{"get", "viewer", "GET /scenarios/shop", "", nil, 200, []string{`"version":2`, `"users":3`, "# more"}, nil},
		{"list", "viewer", "GET /scenarios?tag=web", "", nil, 200, []string{`"name":"shop"`}, []string{"last_run"}},
		{"other tag", "viewer", "GET /scenarios?tag=api", "", nil, 200, []string{`"scenarios":[]`}, nil},
		{"a full page has more", "viewer", "GET /scenarios?limit=1", "", nil, 200, []string{`"more":true`}, nil},
		{"bad limit", "viewer", "GET /scenarios?limit=0", "", nil, 422, []string{`"path":"query.limit"`, `"found":"0"`}, nil},
		{"unknown parameter", "viewer", "GET /scenarios?tags=web", "", nil, 422, []string{`"path":"query.tags"`}, nil},
		{"a NUL in a parameter", "viewer", "GET /scenarios?search=%00&tag=%ff", "", nil, 200, []string{`"scenarios":[]`}, nil},
		{"other name", "operator", "PUT /scenarios/shop2", source(t, shop), nil, 422, []string{`"path":"name"`, `"found":"shop"`, `"allowed":"shop2"`}, nil},
		{"all faults at once", "operator", "PUT /scenarios/shop", source(t, broken), nil, 422, []string{`"line":3`, `"line":4`, "methd", "ftp", "ramp_up"}, nil},
		{"no YAML", "operator", "PUT /scenarios/shop", source(t, "{{{"), nil, 422, []string{`"code":"invalid"`}, nil},
		{"faults kept nothing", "viewer", "GET /scenarios/shop", "", nil, 200, []string{`"version":2`}, nil},

		{"check finds them too", "viewer", "POST /scenarios/check", source(t, broken), nil, 200, []string{`"line":4`, "methd"}, []string{`"scenario"`}},
		{"check finds none", "viewer", "POST /scenarios/check", source(t, shop), nil, 200, []string{`"problems":[]`, `"scenario":{`}, nil},
		{"check of no YAML", "viewer", "POST /scenarios/check", source(t, "{{{"), nil, 200, []string{`"problems":[{`}, nil},
		{"check knows files", "viewer", "POST /scenarios/check", source(t, withData), nil, 200, []string{`"found":"users.csv"`}, nil},

		{"file not given", "operator", "PUT /scenarios/shop", source(t, withData), nil, 422, []string{`"found":"users.csv"`, "upload it"}, nil},
		{"file not uploaded", "operator", "PUT /scenarios/shop", sourceWith(t, withData, "users.csv", sumOf("no")), nil, 422, []string{`"path":"files.users.csv"`, sumOf("no")}, nil},
		{"hash that is none", "operator", "PUT /scenarios/shop", sourceWith(t, withData, "users.csv", "../x"), nil, 422, []string{"64 lower-case"}, nil},
		{"file not named", "operator", "PUT /scenarios/shop", sourceWith(t, shop, "other.csv", sumOf("no")), nil, 422, []string{"does not name it"}, nil},
		{"upload", "operator", "POST /files", "id\n1\n", nil, 200, []string{sumOf("id\n1\n")}, nil},
		{"with its file", "operator", "PUT /scenarios/shop", sourceWith(t, withData, "users.csv", sumOf("id\n1\n")), nil, 200, []string{`"version":3`, sumOf("id\n1\n")}, nil},

		{"delete", "operator", "DELETE /scenarios/shop", "", nil, 204, nil, nil},
		{"gone", "operator", "DELETE /scenarios/shop", "", nil, 404, []string{`"code":"not_found"`}, nil},
		{"nothing there", "viewer", "GET /scenarios/shop", "", nil, 404, nil, nil},
	})
}

func TestPlan(t *testing.T) {
	t.Parallel()
	b := setup(t)
	elsewhere := shop + "  - name: mars\n"
	b.run(t, []row{
		{"of a text", "viewer", "POST /plan", source(t, shop), nil, 200, []string{`"tasks":2`, `"users":6`, `"name":"local-2"`}, nil},
		{"of an unknown one", "viewer", "POST /plan", `{"scenario":"shop"}`, nil, 404, nil, nil},
		{"save", "operator", "PUT /scenarios/shop", source(t, shop), nil, 201, nil, nil},
		{"of a saved one", "viewer", "POST /plan", `{"scenario":"shop"}`, nil, 200, []string{`"users":6`}, nil},
		{"of both", "viewer", "POST /plan", asJSON(t, map[string]string{"scenario": "shop", "source": shop}), nil, 422, []string{"not both"}, nil},
		{"of nothing", "viewer", "POST /plan", `{}`, nil, 422, []string{"nothing to run"}, nil},
		{"for a region that is not there", "viewer", "POST /plan", source(t, elsewhere), nil, 422, []string{"mars"}, nil},
		{"a field that is none", "viewer", "POST /plan", `{"scenrio":"shop"}`, nil, 422, []string{`"path":"scenrio"`}, nil},
	})
}
