package e2e

import (
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"onrush.dev/onrush/internal/store/pgtest"
)

// postgres gives scripts the command postgres, which sets DSN to an empty
// database of a real server. The server is started by the first script that
// asks and ends with the test.
func postgres(t *testing.T) func(*testscript.TestScript, bool, []string) {
	start := sync.OnceValues(pgtest.Start)
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		server, err := start()
		ts.Check(err)
		t.Cleanup(func() { _ = server.Stop() }) // after the databases that are made below
		ts.Setenv("DSN", server.NewDatabase(t))
	}
}
