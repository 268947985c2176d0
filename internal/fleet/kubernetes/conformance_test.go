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
	of := func(t *testing.T, server string, limit int) fleet.Driver {
		o := c.options(t)
		o.Limit = limit
		sum := sha256.Sum256([]byte(server))
		o.Server = hex.EncodeToString(sum[:6])
		return open(t, o)
	}
	fleettest.Run(t, fleettest.Harness{
		Patience:       patience,
		New:            func(t *testing.T, limit int) fleet.Driver { return of(t, t.Name(), limit) }, // a server for each test
		Foreign:        func(t *testing.T) fleet.Driver { return of(t, t.Name()+" foreign", 0) },
		Image:          "onrush.test/nobody-has-it:1",
		EndsAtDeadline: true,
		Left:           c.left,
		Kill:           c.kill,
	})
}
