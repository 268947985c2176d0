package local_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/local"
)

// childDir in the environment makes the test program a server that starts two
// tasks with that state folder and waits to be killed.
const childDir = "ONRUSH_TEST_FLEET_DIR"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == endThreads {
		endByThreads()
	}
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	d, err := local.New(options(dir))
	if err == nil {
		_, err = d.Start(context.Background(), []fleet.TaskSpec{
			{Run: "run", Task: "eu-1", Ticket: "wait"}, {Run: "run", Task: "eu-2", Ticket: "deaf"},
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("started")
	time.Sleep(time.Hour)
}
