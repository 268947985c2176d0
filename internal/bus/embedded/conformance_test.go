package embedded_test

import (
	"testing"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/bus/bustest"
	"onrush.dev/onrush/internal/bus/embedded"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) *bus.Hub { return start(t, embedded.Options{Dir: t.TempDir()}).Hub() })
}

func start(t *testing.T, options embedded.Options) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
