package kubernetes_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/fleettest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	fleettest.Run(t, fleettest.Harness{
		Patience: patience,
		New: func(t *testing.T, limit int) fleet.Driver {
			o := c.options(t)
			o.Limit = limit
			sum := sha256.Sum256([]byte(t.Name())) // a server for each test
			o.Server = hex.EncodeToString(sum[:6])
			return open(t, o)
		},
		Left: c.left,
		Kill: c.kill,
	})
}
