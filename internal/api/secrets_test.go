package api

import (
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

const withSecret = `name: bank
requests:
  - url: http://127.0.0.1:8090/fast
    auth:
      basic: {user: ann, password: hush-1} # a comment
load: {users: 1, duration: 1s}
`

// TestSecretsStayInside: what is saved and run has them, what is shown does not,
// and what was shown may come back.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shown := strings.Replace(withSecret, "hush-1", `"***"`, 1)
	secret := []string{"hush"}
	saved := func(want string) {
		t.Helper()
		rec, err := b.store.Scenario(t.Context(), "bank")
		must(t, err)
		if got := rec.Scenario.Requests[0].Auth.Basic.Password; got != want || strings.Contains(rec.Source, "hush") {
			t.Errorf("saved are %q, want %q, and the source\n%s", got, want, rec.Source)
		}
	}
	b.run(t, []row{
		{"a mask for nothing", "operator", "PUT /scenarios/bank", source(t, shown), nil, 422, []string{"requests[0].auth.basic.password", "write the secret"}, nil},
		{"new", "operator", "PUT /scenarios/bank", source(t, withSecret), nil, 201, []string{"***", "# a comment"}, secret},
		{"again", "operator", "PUT /scenarios/bank", source(t, withSecret), nil, 200, []string{`"changed":false`}, secret},
		{"get", "viewer", "GET /scenarios/bank", "", nil, 200, []string{`"password":"***"`, "# a comment"}, secret},
		{"list", "viewer", "GET /scenarios", "", nil, 200, []string{`"password":"***"`}, secret},
		{"check", "viewer", "POST /scenarios/check", source(t, withSecret), nil, 200, []string{`"password":"***"`}, secret},
		{"what was shown comes back", "operator", "PUT /scenarios/bank", source(t, shown), nil, 200, []string{`"changed":false`}, secret},
	})
	saved("hush-1")
	b.run(t, []row{
		{"another comment", "operator", "PUT /scenarios/bank", source(t, shown+"# x\n"), nil, 200, []string{`"version":2`}, secret},
	})
	saved("hush-1")
	b.run(t, []row{
		{"another secret", "operator", "PUT /scenarios/bank", source(t, strings.Replace(withSecret, "hush-1", "hush-2", 1)+"# x\n"), nil, 200, []string{`"version":3`}, secret},
		{"run", "operator", "POST /runs", `{"scenario":"bank"}`, nil, 201, []string{`"password":"***"`}, secret},
		{"run of a draft", "operator", "POST /runs", source(t, shown), nil, 201, []string{`"password":"***"`}, secret},
	})
	saved("hush-2")
	runs, err := b.store.Runs(t.Context(), load.RunFilter{})
	must(t, err)
	if len(runs) != 2 {
		t.Errorf("there are %d runs", len(runs))
	}
	for _, r := range runs {
		if r, err = b.store.Run(t.Context(), r.ID); err != nil { // lists leave the scenario out
			t.Fatal(err)
		}
		if got := r.Spec.Requests[0].Auth.Basic.Password; got != "hush-2" {
			t.Errorf("a run has %q", got)
		}
		b.run(t, []row{{"get run", "viewer", "GET /runs/" + r.ID, "", nil, 200, []string{`"password":"***"`}, secret}})
	}
}
