package all_test

import (
	"testing"

	"onrush.dev/onrush/internal/engine/all"
	"onrush.dev/onrush/internal/load"
)

func TestEveryNameMakesItsEngine(t *testing.T) {
	t.Parallel()
	for _, name := range all.Names() {
		e, err := all.New(name)
		if err != nil {
			t.Fatalf("New(%q): %v", name, err)
		}
		if e.Name() != name {
			t.Errorf("New(%q) made engine %q", name, e.Name())
		}
	}
	if e, err := all.New(""); err != nil || e.Name() != all.Names()[0] {
		t.Errorf("New of nothing: got %v, %v, want the default", e, err)
	}
	if _, err := all.New("warp"); load.ErrorCode(err) != load.Invalid {
		t.Errorf("New of an unknown name: got %v, want an invalid error", err)
	}
}
