package load

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func secretive() Scenario {
	return scenario(func(s *Scenario) {
		s.Variables = map[string]string{"name": "x"}
		s.Requests = []Request{
			{Label: "basic", URL: "http://h/", Auth: &Auth{Basic: &Basic{User: "ann", Password: "hush-1"}}},
			{Label: "plain", URL: "http://h/"},
			{Label: "named", URL: "http://h/", Auth: &Auth{Bearer: "${name}"}},
			{Label: "half", URL: "http://h/", Auth: &Auth{Bearer: "hush-2 ${name}"}},
		}
		s.Flows = []Flow{{Name: "f", Requests: []Request{
			{Label: "sig", URL: "http://h/", Auth: &Auth{SigV4: &SigV4{Service: "s3", Region: "r", AccessKey: "A", SecretKey: "hush-3", SessionToken: "hush-4"}}},
		}}}
	})
}

func TestMaskedShowsNoSecret(t *testing.T) {
	t.Parallel()
	s := secretive()
	text, err := json.Marshal(Masked(s))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hush") || strings.Count(string(text), Mask) != 4 || !strings.Contains(string(text), "${name}") {
		t.Errorf("it is shown as %s", text)
	}
	if !reflect.DeepEqual(s, secretive()) {
		t.Error("masking has changed the scenario itself")
	}
	want := []string{"requests[0].auth.basic.password", "requests[3].auth.bearer", "flows[0].requests[0].auth.sigv4.secret_key", "flows[0].requests[0].auth.sigv4.session_token"}
	var got []string
	for _, hidden := range Hidden(s) {
		got = append(got, hidden.Path)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("secrets at %v, want %v", got, want)
	}
}

func TestKeepSecrets(t *testing.T) {
	t.Parallel()
	s := secretive()
	kept, problems := KeepSecrets(Masked(s), s)
	if len(problems) > 0 || !reflect.DeepEqual(kept, s) {
		t.Errorf("kept %+v, problems %v", kept, problems)
	}
	moved := Masked(s)
	moved.Requests = []Request{moved.Requests[3], moved.Requests[0]}
	kept, problems = KeepSecrets(moved, s)
	if len(problems) > 0 || kept.Requests[0].Auth.Bearer != "hush-2 ${name}" || kept.Requests[1].Auth.Basic.Password != "hush-1" {
		t.Errorf("after a move: kept %+v, problems %v", kept.Requests, problems)
	}
	changed := Masked(s)
	changed.Requests[0].Auth.Basic.Password = "new"
	if kept, _ = KeepSecrets(changed, s); kept.Requests[0].Auth.Basic.Password != "new" {
		t.Errorf("a new secret became %q", kept.Requests[0].Auth.Basic.Password)
	}
	if !HasMask(changed) || HasMask(s) {
		t.Error("HasMask is wrong")
	}
	other := Masked(s)
	other.Requests[1].Auth = &Auth{Bearer: Mask}
	_, problems = KeepSecrets(other, s)
	if len(problems) != 1 || problems[0].Path != "requests[1].auth.bearer" || !strings.Contains(problems[0].Message, "write the secret") {
		t.Errorf("a mask for nothing: %v", problems)
	}
}

// TestPartsAreMasked: of a URL its password is a secret, of a header what
// follows the scheme, and both come back when they are saved again.
func TestPartsAreMasked(t *testing.T) {
	t.Parallel()
	s := scenario(func(s *Scenario) {
		s.Connection.Proxy = "http://ann:hush-1@proxy:3128"
		s.Requests = []Request{
			{Label: "a", URL: "https://bob:hush-2@h/a@b?c=:d@e", Headers: map[string]string{
				"Authorization": "Bearer hush-3", "Cookie": "session=hush-4", "X-Api-Key": "hush-5", "Accept": "text/html",
			}},
			{Label: "b", URL: "https://h/p:q@r", Headers: map[string]string{"authorization": "Bearer ${token}", "Proxy-Authorization": "hush-6"}},
			{Label: "c", URL: "${base}/x", Headers: map[string]string{"Authorization": "${all}"}},
			{Label: "d", URL: "https://user@h/"},
		}
	})
	m := Masked(s)
	for got, want := range map[string]string{
		m.Connection.Proxy:                           "http://ann:***@proxy:3128",
		m.Requests[0].URL:                            "https://bob:***@h/a@b?c=:d@e",
		m.Requests[0].Headers["Authorization"]:       "Bearer ***",
		m.Requests[0].Headers["Cookie"]:              "***",
		m.Requests[0].Headers["Accept"]:              "text/html",
		m.Requests[1].URL:                            "https://h/p:q@r",
		m.Requests[1].Headers["authorization"]:       "Bearer ${token}",
		m.Requests[1].Headers["Proxy-Authorization"]: "***",
		m.Requests[2].Headers["Authorization"]:       "${all}",
		m.Requests[2].URL + " " + m.Requests[3].URL:  "${base}/x https://user@h/",
	} {
		if got != want {
			t.Errorf("shown is %q, want %q", got, want)
		}
	}
	if text, _ := json.Marshal(m); strings.Contains(string(text), "hush") {
		t.Errorf("it is shown as %s", text)
	}
	kept, problems := KeepSecrets(m, s)
	if len(problems) > 0 || !reflect.DeepEqual(kept, s) {
		t.Errorf("kept %+v, problems %v", kept, problems)
	}
	m.Connection.Proxy = "http://ann:***@other:3128"
	if kept, _ = KeepSecrets(m, s); kept.Connection.Proxy != "http://ann:hush-1@other:3128" {
		t.Errorf("a proxy that moved is %q", kept.Connection.Proxy)
	}
	if !HasMask(m) || HasMask(s) {
		t.Error("HasMask is wrong")
	}
	m.Requests[3].URL = "https://user:***@h/"
	if _, problems = KeepSecrets(m, s); len(problems) != 1 || problems[0].Path != "requests[3].url" {
		t.Errorf("a mask for nothing: %v", problems)
	}
}
