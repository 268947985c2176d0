package scripted

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"onrush.dev/onrush/internal/load"
)

// mishap is one thing that goes wrong at an instant of the run.
type mishap struct {
	at     time.Duration
	strike func(ctx context.Context) error // an error ends the engine
}

// mishaps are those still to come, in order.
type mishaps []mishap

// newMishaps reads what the script has for this task. A replacement that starts
// after a mishap's instant is spared: it is to show that a replaced task works.
func newMishaps(o *load.Order) *mishaps {
	m := new(mishaps)
	if !misbehaves(o) {
		return m
	}
	s := script(o)
	add := func(at load.Duration, strike func(context.Context) error) {
		if at > 0 && at >= o.Skip {
			*m = append(*m, mishap{time.Duration(at), strike})
		}
	}
	add(s.CrashAt, crash)
	add(s.ExitAt, func(context.Context) error {
		return fmt.Errorf("the script ends here with exit code %d (scripted.exit_at)", s.ExitCode)
	})
	add(s.HangAt, hang)
	add(s.MuteAt, mute)
	slices.SortStableFunc(*m, func(a, b mishap) int { return int(a.at - b.at) })
	return m
}

// next takes the next mishap whose instant has come, or nil.
func (m *mishaps) next(at time.Duration) *mishap {
	if len(*m) == 0 || (*m)[0].at > at {
		return nil
	}
	first := (*m)[0]
	*m = (*m)[1:]
	return &first
}

// misbehaves says whether the script's mishaps are for this task.
func misbehaves(o *load.Order) bool {
	tasks := script(o).Tasks
	return len(tasks) == 0 || slices.Contains(tasks, o.Index)
}

// crash ends the process as the kernel would.
func crash(ctx context.Context) error {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		return fmt.Errorf("crash: %w", err)
	}
	<-ctx.Done() // the signal is on its way
	return nil
}

// hang does nothing any more. Only stop-now ends it.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
