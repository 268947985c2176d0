package client

import (
	"context"
	"io"
	"net/http"

	"onrush.dev/onrush/internal/api/wire"
)

// TaskLog gets what a task wrote on its output so far.
func (c *Client) TaskLog(ctx context.Context, id, task string) ([]byte, error) {
	res, err := c.send(ctx, http.MethodGet, path("runs", id, "tasks", task, "log"), "", nil, nil)
	if err != nil {
		return nil, err
	}
	defer drain(res)
	return io.ReadAll(res.Body)
}

// FollowLog hands on what a task wrote, and goes on with what it writes, until
// the task has ended. Pieces are whole lines, but for very long ones and the last.
// As with Watch, a stream that breaks off is opened again where it was.
func (c *Client) FollowLog(ctx context.Context, id, task string, say func(text string)) error {
	return listen(ctx, &logWatch{Client: c, run: id, task: task, say: say}, func(error) {})
}

type logWatch struct {
	*Client
	run, task string
	say       func(text string)
	last      string // id of the last piece
	heard     int
	ended     bool
}

func (l *logWatch) state() (int, bool) { return l.heard, l.ended }

func (l *logWatch) follow(ctx context.Context) error {
	return l.events(ctx, path("runs", l.run, "tasks", l.task, "log")+"?follow=true", l.last, func(m message) (bool, error) {
		l.heard++
		switch m.name {
		case wire.LogText:
			l.last = m.id
			return false, tell(m.data, func(p wire.LogPiece) { l.say(p.Text) })
		case wire.LogEnd:
			l.ended = true
		}
		return l.ended, nil
	})
}
