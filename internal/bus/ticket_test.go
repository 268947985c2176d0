package bus

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

func TestTicketRoundTrip(t *testing.T) {
	t.Parallel()
	want := Ticket{
		Reach: Reach{URLs: []string{"tls://127.0.0.1:1"}, Roots: []byte("roots"), Name: "host"}, CA: []byte("ca\n"), JWT: "jwt", Seed: "seed",
		Run: "r", Task: "eu-1", Region: "eu", Attempt: 2, Ephemeral: true,
	}
	encoded := want.Encode()
	if strings.ContainsAny(encoded, " \n='\"$") {
		t.Errorf("encoded ticket %q is not one plain word", encoded)
	}
	got, err := ParseTicket(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestTicketKeepsItsSecret(t *testing.T) {
	t.Parallel()
	secret := Ticket{JWT: "TOPSECRET", Seed: "TOPSECRET", CA: []byte("TOPSECRET"), Run: "r", Task: "t"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(format, secret); strings.Contains(s, "TOPSECRET") {
			t.Errorf("%s prints %s", format, s)
		}
	}
	for _, bad := range []string{"", "TOPSECRET!", "VE9QU0VDUkVU", Ticket{Run: "r", Seed: "TOPSECRET"}.Encode()} {
		_, err := ParseTicket(bad)
		if load.ErrorCode(err) != load.Invalid {
			t.Errorf("ParseTicket(%q): got %v, want an error of code invalid", bad, err)
		}
		if err != nil && bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("error %q holds the ticket", err)
		}
	}
}

func TestSubjectsRoundTrip(t *testing.T) {
	t.Parallel()
	seen := map[string]sender{}
	for _, run := range []string{"r", "R", "a.b", "a=b", "=2E", ".", "*", ">", "", "ü"} {
		for _, task := range []string{"eu-1", "eu.1", "", " "} {
			want := sender{run, task, 3}
			subject := want.subject(kindEvent)
			if strings.ContainsAny(subject, "*> ") || strings.Count(subject, ".") != 4 {
				t.Errorf("%+v has subject %q", want, subject)
			}
			got, kind, err := parseSubject(subject)
			if err != nil || got != want || kind != kindEvent {
				t.Errorf("%q parses as %+v, %s, %v; want %+v", subject, got, kind, err, want)
			}
			if other, taken := seen[subject]; taken {
				t.Errorf("%+v and %+v share subject %q", other, want, subject)
			}
			seen[subject] = want
		}
	}
	for _, bad := range []string{"", "onrush.r.win.t", "onrush.r.win.t.x", "other.r.win.t.0", "onrush.r.win.=4.0", "onrush.=GG.win.t.0"} {
		if _, _, err := parseSubject(bad); err == nil {
			t.Errorf("parseSubject(%q) succeeded", bad)
		}
	}
}
