package all_test

import (
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	options := all.Options{Dir: t.TempDir(), AgentCommand: []string{"agent"}}
	for _, name := range all.Names() {
		d, err := all.Open(load.Region{Name: "eu", Driver: name, Limit: 3}, options)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := d.Capacity(t.Context()); err != nil || got.Limit != 3 {
			t.Errorf("%s: capacity %+v, %v, want the region's limit", name, got, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := all.Open(load.Region{Name: "eu", Driver: "abacus"}, options)
	if load.ErrorCode(err) != load.Invalid {
		t.Fatalf("got %v, want an error of code invalid", err)
	}
	for _, word := range []string{"eu", "abacus", "local"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not name %q", err, word)
		}
	}
	if _, err := all.Open(load.Region{Name: "..", Driver: "local"}, options); load.ErrorCode(err) != load.Invalid {
		t.Errorf("region \"..\": got %v, want an error of code invalid", err)
	}
}
