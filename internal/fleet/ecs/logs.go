package ecs

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

const (
	// mostLog bounds what one reader gets of a log, in bytes.
	mostLog = 32 << 20
	// mostWords bounds how many last lines one look fetches: CloudWatch gives 25
	// answers a second, and when hundreds of tasks end the same way, a few tell it.
	mostWords = 10
)

// stream names a task's log stream.
func stream(id string) string { return logPrefix + "/" + container + "/" + id }

// Logs implements fleet.Driver.
func (d *Driver) Logs(ctx context.Context, run, task string, follow bool) (io.ReadCloser, error) {
	if err := d.look(ctx, d.age(), 0); err != nil {
		return nil, d.named(d.explain(err), "")
	}
	arn, id := d.newest(run, task)
	if arn == "" {
		return nil, load.Errorf(load.NotFound, "region %s has no task %s of run %s", d.Region, task, run)
	}
	if d.LogGroup == "" {
		return nil, load.Errorf(load.NotFound, "region %s keeps no logs of its tasks: the setting log_group is empty", d.Region)
	}
	lines, next, err := d.lines(ctx, id, nil)
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		if !follow {
			return nil, load.Errorf(load.NotFound, "task %s of run %s has no log yet", task, run)
		}
	} else if err != nil {
		return nil, d.named(d.explain(err), task)
	}
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	f := &follower{d: d, arn: arn, id: id, w: bufio.NewWriter(w), left: mostLog, follow: follow, next: next}
	go func() { _ = w.CloseWithError(f.run(ctx, lines)) }() // never fails
	return &logReader{PipeReader: r, cancel: cancel}, nil
}

type logReader struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close ends the reading of the log.
func (r *logReader) Close() error {
	r.cancel()
	return r.PipeReader.Close()
}

// newest is the last attempt of a task.
func (d *Driver) newest(run, name string) (arn, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	attempt := -1
	for _, t := range d.tasks {
		if t.run == run && t.task == name && !t.hidden() && t.attempt > attempt {
			arn, id, attempt = t.arn, t.id, t.attempt
		}
	}
	return arn, id
}

// gone tells whether a task has ended.
func (d *Driver) gone(ctx context.Context, arn string) bool {
	if d.look(ctx, d.age(), 0) != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tasks[arn]
	return t == nil || t.state == fleet.Gone || t.hidden()
}

// hurry makes the next look come at once when a task writes of which the last one
// said that it is not up yet.
func (d *Driver) hurry(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tasks {
		d.hurried = d.hurried || t.id == id && t.state == fleet.Pending
	}
}

// lines reads the next lines of a log from its beginning, or from a token on.
func (d *Driver) lines(ctx context.Context, id string, token *string) ([]string, *string, error) {
	got, err := d.api.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(d.LogGroup), LogStreamName: aws.String(stream(id)), StartFromHead: aws.Bool(true), NextToken: token,
	})
	if err != nil {
		return nil, token, err
	}
	var lines []string
	for _, e := range got.Events {
		lines = append(lines, aws.ToString(e.Message))
	}
	if len(lines) > 0 {
		d.hurry(id)
	}
	return lines, got.NextForwardToken, nil
}

// follower copies a log to a reader.
type follower struct {
	d       *Driver
	arn, id string
	w       *bufio.Writer
	left    int
	follow  bool
	next    *string
}

func (f *follower) run(ctx context.Context, lines []string) error {
	late := 0 // looks after the task's end: its last lines take a moment
	for f.write(lines) {
		before := f.next
		if len(lines) == 0 {
			switch {
			case !f.follow || late > 2:
				return nil
			case f.d.gone(ctx, f.arn):
				late++
			}
			if !sleep(ctx, f.d.timing.poll) {
				return nil
			}
		}
		var err error
		lines, f.next, err = f.d.lines(ctx, f.id, f.next)
		if err == nil {
			continue
		}
		f.next = before
		missing := (*types.ResourceNotFoundException)(nil)
		if ctx.Err() == nil && sort(err) == refused && !errors.As(err, &missing) {
			return f.d.named(f.d.explain(err), "")
		}
	}
	return nil
}

// write copies lines, and tells whether the reader wants more.
func (f *follower) write(lines []string) bool {
	for _, line := range lines {
		if f.left -= len(line) + 1; f.left < 0 {
			_, _ = f.w.WriteString("… the rest of the log is in CloudWatch, in " + f.d.LogGroup + " " + stream(f.id) + "\n")
			_ = f.w.Flush() // the reader may have gone
			return false
		}
		if _, err := f.w.WriteString(line + "\n"); err != nil {
			return false
		}
	}
	return f.w.Flush() == nil
}

// readWords fetches the last lines of some tasks that have ended badly, so that
// List can tell what they said.
func (d *Driver) readWords(ctx context.Context) {
	if d.LogGroup == "" {
		return
	}
	var ask []*task
	d.mu.Lock()
	for _, t := range d.tasks {
		if t.state == fleet.Gone && t.exitCode != nil && *t.exitCode != 0 && t.words == "" && !t.wordsOff && !t.hidden() && len(ask) < mostWords {
			ask = append(ask, t)
		}
	}
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second) // a look waits for it
	defer cancel()
	var all sync.WaitGroup
	for _, t := range ask {
		all.Go(func() {
			words, err := d.lastWords(ctx, t.id)
			d.mu.Lock()
			defer d.mu.Unlock()
			t.words = words
			missing := (*types.ResourceNotFoundException)(nil)
			refused := err != nil && sort(err) == refused && !errors.As(err, &missing)
			t.wordsOff = words == "" && (refused || time.Since(t.ended) > d.timing.words)
		})
	}
	all.Wait()
}

// lastWords is the last line that a task wrote, or the one that says why its
// program broke.
func (d *Driver) lastWords(ctx context.Context, id string) (string, error) {
	got, err := d.api.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(d.LogGroup), LogStreamName: aws.String(stream(id)), StartFromHead: aws.Bool(false), Limit: aws.Int32(100),
	})
	if err != nil {
		return "", err
	}
	words := ""
	for _, e := range got.Events {
		line := legible(aws.ToString(e.Message))
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line, nil
		}
		if line != "" {
			words = line
		}
	}
	return words, nil
}

func legible(line string) string {
	return clip(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, line))
}
