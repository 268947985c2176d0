package scenfile

import (
	"reflect"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

// TestHide: no secret stays in the source, and all else does.
func TestHide(t *testing.T) {
	t.Parallel()
	const begin, end = "name: x\nvariables: {v: w}\nrequests:\n", "load: {users: 1, duration: 1s} # end\n"
	for name, test := range map[string]struct{ source, want string }{
		"no secret":     {"- {url: http://h/, auth: {bearer: \"${v}\"}} # c\n", "- {url: http://h/, auth: {bearer: \"${v}\"}} # c\n"},
		"plain":         {"- url: http://h/\n  auth:\n    bearer: hush # c\n", "- url: http://h/\n  auth:\n    bearer: \"***\" # c\n"},
		"double quotes": {"- url: http://h/\n  auth: {basic: {user: ä, password: \"hu\\\"sh # \"}} # c\n", "- url: http://h/\n  auth: {basic: {user: ä, password: \"***\"}} # c\n"},
		"single quotes": {"- {url: http://h/, auth: {bearer: 'hu''sh'}}\n", "- {url: http://h/, auth: {bearer: \"***\"}}\n"},
		"a number":      {"- {url: http://h/, auth: {bearer: 12345}}\n", "- {url: http://h/, auth: {bearer: \"***\"}}\n"},
		"one letter":    {"- {url: http://h/, auth: {bearer: u}}\n", "- {url: http://h/, auth: {bearer: \"***\"}}\n"},
		"two": {
			"- {url: http://h/, auth: {sigv4: {service: s3, region: r, access_key: A, secret_key: hush, session_token: 'hush'}}}\n",
			"- {url: http://h/, auth: {sigv4: {service: s3, region: r, access_key: A, secret_key: \"***\", session_token: \"***\"}}}\n",
		},
		"an alias": {
			"- {url: http://h/a, auth: &a {bearer: hush}}\n- {url: http://h/b, auth: *a}\n",
			"- {url: http://h/a, auth: &a {bearer: \"***\"}}\n- {url: http://h/b, auth: *a}\n",
		},
		"a merge": {
			"- &a {url: http://h/a, auth: {bearer: hush}}\n- {<<: *a, label: b}\n",
			"- &a {url: http://h/a, auth: {bearer: \"***\"}}\n- {<<: *a, label: b}\n",
		},
		"a URL":             {"- {url: 'http://u:hush@h/'} # c\n", "- {url: \"http://u:***@h/\"} # c\n"},
		"a header":          {"- url: http://h/\n  headers: {Authorization: Basic hush} # c\n", "- url: http://h/\n  headers: {Authorization: \"Basic ***\"} # c\n"},
		"was masked":        {"- {url: http://h/, auth: {bearer: '***'}}\n", "- {url: http://h/, auth: {bearer: \"***\"}}\n"},
		"several lines":     {"- url: http://h/\n  auth:\n    bearer: |-\n      hush\n", ""},
		"folded":            {"- url: http://h/\n  auth:\n    bearer: hush\n      hush\n", ""},
		"shared with other": {"- {url: http://h/, body: &b hush, auth: {bearer: *b}}\n", ""},
	} {
		source := begin + test.source + end
		s, err := Parse("", []byte(source))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := Hide(source, s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := begin + test.want + end; test.want != "" && got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		read, err := Parse("", []byte(got))
		if err != nil || !reflect.DeepEqual(read, load.Masked(s)) {
			t.Errorf("%s: %v, masked it reads as %+v", name, err, read)
		}
		if name != "shared with other" && strings.Contains(got, "hush") {
			t.Errorf("%s: the secret is still there:\n%s", name, got)
		}
	}
}

// TestHideInJSON: JSON is masked in its place too.
func TestHideInJSON(t *testing.T) {
	t.Parallel()
	source := "{\n\t\"name\": \"x\", \"load\": {\"users\": 1, \"duration\": \"1s\"},\n\t\"flows\": [{\"name\": \"f\", \"requests\": [{\"url\": \"http://h/\", \"auth\": {\"bearer\": \"hu\\u0073h\"}}]}]\n}\n"
	s, err := Parse("x.json", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Hide(source, s)
	if err != nil || got != strings.Replace(source, `hu\u0073h`, load.Mask, 1) {
		t.Errorf("%v, got\n%s", err, got)
	}
}
