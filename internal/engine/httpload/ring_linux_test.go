package httpload

import (
	"os"
	"os/exec"
	"testing"

	"onrush.dev/onrush/internal/load"
)

// TestWithRing runs once more, with io_uring, what is hardest on connections: every
// fault, closings, leavings and servers out of their mind; and what must be exact.
// Where there is no io_uring they run as ever.
func TestWithRing(t *testing.T) {
	t.Parallel()
	if os.Getenv(ioVariable) != "" {
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const chosen = "^Test(EveryFaultHasItsCause|Chaos|Conformance|IdleConnectionsThatClosed|ServersThatCloseAtOnce|UsersThatLeaveTakeNoConnectionOfOthers|" +
		"LargeUploads|AnswerBeforeTheWholeBody|ReportedIsWhatNginxSaw|ReportedAtFullSpeed|UnansweredRequestsCountOnce|Streams)$"
	cmd := exec.CommandContext(t.Context(), self, "-test.count=1", "-test.run="+chosen)
	cmd.Env = append(os.Environ(), ioVariable+"=uring")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestChoiceOfTheRing(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{"": false, "epoll": false, "uring": true} {
		if got, err := wantsRing(word); got != want || err != nil {
			t.Errorf("%q: %t, %v", word, got, err)
		}
	}
	_, err := wantsRing("io_uring")
	if load.ErrorCode(err) != load.Invalid || err.Error() != `ONRUSH_IO is "io_uring"; allowed are epoll and uring` {
		t.Errorf("got %v", err)
	}
}
