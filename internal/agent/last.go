package agent

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// hurriedFlush is how long the last words may take when somebody wants the
// process gone.
const hurriedFlush = 5 * time.Second

// lastWord tells how the task ended and waits until the stream has everything.
func (a *agent) lastWord(ctx context.Context, text string, failure error) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, bus.ErrRefused) || errors.Is(cause, errAlone) {
		a.Log.Info("ended, nobody is left to tell", "cause", cause)
		return cause
	}
	if failure != nil && ctx.Err() != nil && !isEngineFailure(failure) {
		// It was told to end in the middle of getting ready.
		text, failure = cause.Error(), nil
	}
	event := load.TaskEvent{Kind: load.EventDone, Text: text, SkewMS: a.skew, Sent: a.sent, Windows: a.windows}
	if failure != nil {
		event.Kind, event.Text = load.EventFailed, failure.Error()
	}
	a.addClock(&event)
	a.tellCount(&event)
	if a.cutOff && event.Kind == load.EventDone {
		addDetail(&event, load.DetailCutOff, "yes")
	}
	if a.refused > 0 {
		addDetail(&event, load.DetailWindowsRefused, strconv.Itoa(a.refused))
	}
	a.say(event)
	err := a.flush(ctx)
	if errors.Is(err, bus.ErrRefused) {
		// The server closes a run once it has heard every last word: the answer
		// that it has ours can be overtaken by that.
		a.Log.Info("the run was closed before the last acknowledgement came")
		err = nil
	}
	if err != nil {
		a.Log.Error("the server did not get everything", "err", err)
		return errors.Join(failure, err)
	}
	a.Log.Info("ended", "kind", event.Kind, "text", firstLine(event.Text), "samples", a.sent, "windows", a.windows)
	return failure
}

// isEngineFailure says that an error is one even if the task was told to end.
func isEngineFailure(err error) bool { return errors.Is(err, errOverdue) || errors.Is(err, errHung) }

// flush waits until the stream has everything: long when only the server is
// away, shortly when somebody wants the process gone or the server never comes
// back.
func (a *agent) flush(ctx context.Context) error {
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Bounds.Flush)
	defer cancel()
	outside := context.Cause(ctx) != nil && !errors.As(context.Cause(ctx), new(stopped))
	if outside {
		time.AfterFunc(hurriedFlush, cancel)
	}
	go func() {
		alone := time.NewTicker(200 * time.Millisecond)
		defer alone.Stop()
		drain := a.Drain
		for {
			select {
			case <-wait.Done():
				return
			case <-drain:
				drain = nil
				time.AfterFunc(hurriedFlush, cancel)
			case <-alone.C:
				if a.ticket.Ephemeral && a.conn.Away() > a.Bounds.Lonely {
					cancel()
				}
			}
		}
	}()
	return a.conn.Flush(wait)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
