package all_test

import (
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/all"
	"onrush.dev/onrush/internal/load"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, kind := range all.Kinds() {
		if kind.Name == "" || kind.Summary == "" || kind.Open == nil || seen[kind.Name] {
			t.Errorf("kind %q (%q) is not whole, or stands there twice", kind.Name, kind.Summary)
		}
		seen[kind.Name] = true
		for _, setting := range kind.Settings {
			if setting.Name == "" || setting.Help == "" {
				t.Errorf("%s: setting %q has no name or no help", kind.Name, setting.Name)
			}
		}
	}
}

func TestOpenLocal(t *testing.T) {
	t.Parallel()
	place := fleet.Place{Region: load.Region{Name: "eu", Driver: "local", Limit: 3}, Dir: t.TempDir(), AgentCommand: []string{"agent"}}
	d, err := all.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := d.Capacity(t.Context()); err != nil || got.Limit != 3 {
		t.Errorf("capacity %+v, %v, want the region's limit", got, err)
	}
	place.Name = ".."
	if _, err := all.Open(place); load.ErrorCode(err) != load.Invalid {
		t.Errorf("region \"..\": got %v, want an error of code invalid", err)
	}
}

func TestOpenUnknown(t *testing.T) {
	t.Parallel()
	_, err := all.Open(fleet.Place{Region: load.Region{Name: "eu", Driver: "abacus"}})
	if load.ErrorCode(err) != load.Invalid {
		t.Fatalf("got %v, want an error of code invalid", err)
	}
	for _, word := range []string{"eu", "abacus", "local"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not name %q", err, word)
		}
	}
}
