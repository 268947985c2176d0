//go:build linux

package task

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

func TestATaskCountsWhatTheTargetServed(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	defer target.Close()
	order, err := Order(fmt.Sprintf("name: t\nload: {users: 2, requests: 100}\nrequests:\n  - {url: %q, label: a}\n  - {url: %[1]q, label: b}\n", target.URL))
	if err != nil {
		t.Fatal(err)
	}
	got, err := newPlayer(order, t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil))).play(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests != 100 || served.Load() != 100 || got.Failures != 0 || got.Labels != 2 || got.Windows == 0 || got.Encoded == 0 {
		t.Errorf("the target served %d; got %+v", served.Load(), got)
	}
}

func TestOrderRefusesWhatNoUserMayWrite(t *testing.T) {
	t.Parallel()
	if _, err := Order("name: t\nload: {users: 1}\nrequests: [{url: 'http://127.0.0.1/'}]\nsurprise: 1\n"); err == nil {
		t.Error("an unknown field is no error")
	}
}
