package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerLogs() {
	handle(a, route{
		method: "GET", path: "/runs/{id}/tasks/{task}/log", id: "get-task-log", tag: "results", summary: "Get what a task wrote on its output so far",
		description: "With follow the answer is server-sent events: log for each piece of text, from its start on and then as it is written, " +
			"end last, once the task has ended. A log event's id is the number of bytes up to its end: a reader that sends Last-Event-ID gets what comes after them.",
		role: load.Viewer, describe: a.describeLog,
	}, a.getTaskLog)
}

func (a *api) describeLog(op *huma.Operation) {
	describeBinary("text/plain")(op)
	schemas := a.huma.OpenAPI().Components.Schemas
	op.Responses["200"].Content["text/event-stream"] = &huma.MediaType{Schema: &huma.Schema{
		Type: huma.TypeObject, Required: []string{"event", "data"},
		Properties: map[string]*huma.Schema{
			"id":    {Type: huma.TypeInteger},
			"event": {Type: huma.TypeString, Enum: []any{wire.LogText, wire.LogEnd}},
			"data":  schemas.Schema(reflect.TypeFor[wire.LogPiece](), true, ""),
		},
	}}
}

type taskLogIn struct {
	IDIn
	Task        string `path:"task" maxLength:"200"`
	Follow      bool   `query:"follow" doc:"Go on with what the task writes, until its end."`
	LastEventID int64  `header:"Last-Event-ID"`
}

func (a *api) getTaskLog(ctx context.Context, in *taskLogIn) (*huma.StreamResponse, error) {
	run, err := a.Store.Run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Follow {
		return a.followTaskLog(ctx, in, run)
	}
	log, err := a.openLog(ctx, run, in.Task, false)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusOK)
		_, err := io.Copy(w, log)
		if err := errors.Join(err, log.Close()); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "send task log", "run", in.ID, "task", in.Task, "err", err)
		}
	}}, nil
}

// openLog opens a task's log where its region has it, or else the one that was
// kept.
func (a *api) openLog(ctx context.Context, run load.Run, task string, follow bool) (io.ReadCloser, error) {
	log, err := a.Logs(ctx, run, task, follow)
	if load.ErrorCode(err) != load.NotFound {
		return log, err
	}
	kept, errKept := a.Blob.Open(ctx, load.RunKey(run.ID, "logs/"+task+".log"))
	switch code := load.ErrorCode(errKept); {
	case errKept == nil:
		return kept, nil
	case code == load.NotFound || code == load.Invalid:
		return nil, err
	}
	return nil, errKept
}

func (a *api) followTaskLog(ctx context.Context, in *taskLogIn, run load.Run) (*huma.StreamResponse, error) {
	log, err := a.openLog(ctx, run, in.Task, true)
	if err != nil && (load.ErrorCode(err) != load.NotFound || run.Status == load.Ended || !hasTask(run, in.Task)) {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		ctx, cancel := context.WithCancel(ctx) // the reader below ends with this answer
		defer cancel()
		_, w := humago.Unwrap(hc)
		f := &logFollower{api: a, run: run, task: in.Task, sent: in.LastEventID, skip: in.LastEventID, out: newStream(w)}
		if err := f.follow(ctx, log); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "a log that is followed broke off", "run", in.ID, "task", in.Task, "err", err)
		}
	}}, nil
}

func hasTask(run load.Run, name string) bool {
	if run.Plan == nil {
		return false
	}
	for _, region := range run.Plan.Regions {
		for _, task := range region.Tasks {
			if task.Name == name {
				return true
			}
		}
	}
	return false
}

// logFollower tells one reader what one task writes.
type logFollower struct {
	*api
	run  load.Run
	task string
	sent int64 // bytes that the reader has
	skip int64 // bytes from the start that it had before
	out  *stream
}

// follow sends the log to its end. log is nil while the task has none: it has
// not started yet.
func (f *logFollower) follow(ctx context.Context, log io.ReadCloser) error {
	if err := f.out.keepAlive(time.Now()); err != nil { // the reader hears at once that he is heard
		return err
	}
	for log == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(f.LivePoll):
		}
		if err := f.out.keepAlive(time.Now()); err != nil {
			return err
		}
		run, err := f.Store.Run(ctx, f.run.ID)
		if err != nil {
			return err
		}
		log, err = f.openLog(ctx, run, f.task, true)
		switch {
		case err == nil:
		case load.ErrorCode(err) != load.NotFound:
			return err
		case run.Status == load.Ended:
			return f.out.send(wire.LogEnd, 0, wire.LogPiece{})
		}
	}
	defer log.Close()
	if err := f.pass(ctx, log); err != nil {
		return err
	}
	return f.out.send(wire.LogEnd, 0, wire.LogPiece{})
}

// pass sends what a log has and gets, until its end.
func (f *logFollower) pass(ctx context.Context, log io.Reader) error {
	pieces := make(chan []byte)
	var failed error // set before pieces is closed
	go func() {
		defer close(pieces)
		if _, err := io.CopyN(io.Discard, log, f.skip); err != nil {
			if !errors.Is(err, io.EOF) { // else it is no longer than what the reader has
				failed = err
			}
			return
		}
		failed = cutLines(ctx, log, pieces)
	}()
	tick := time.NewTicker(keepAlive / 3)
	defer tick.Stop()
	for {
		select {
		case piece, more := <-pieces:
			if !more {
				return failed
			}
			f.sent += int64(len(piece))
			if err := f.out.send(wire.LogText, f.sent, wire.LogPiece{Text: string(piece)}); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if err := f.out.keepAlive(time.Now()); err != nil {
				return err
			}
		}
	}
}

// longestPiece bounds the text of one event.
const longestPiece = 64 << 10

// cutLines reads a log and hands it on in pieces of whole lines, but for lines
// that are longer than a piece, and the last one.
func cutLines(ctx context.Context, log io.Reader, pieces chan<- []byte) error {
	hand := func(piece []byte) bool {
		if len(piece) == 0 {
			return true
		}
		select {
		case pieces <- append([]byte(nil), piece...):
			return true
		case <-ctx.Done():
			return false
		}
	}
	buf := make([]byte, longestPiece)
	have := 0
	for {
		n, err := log.Read(buf[have:])
		have += n
		whole := lastLine(buf[:have])
		if err != nil || whole == 0 && have == len(buf) {
			whole = have
		}
		if !hand(buf[:whole]) {
			return ctx.Err()
		}
		have = copy(buf, buf[whole:have])
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// lastLine is where the last whole line of a text ends.
func lastLine(text []byte) int {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '\n' {
			return i + 1
		}
	}
	return 0
}
