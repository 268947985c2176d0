package client

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// message is one server-sent event.
type message struct {
	name, id string
	data     []byte // until the next message
}

// events reads one stream of server-sent events until hear says that it has
// ended; any other end is an error. last is the id of the last event that an
// earlier stream brought.
func (c *Client) events(ctx context.Context, path, last string, hear func(message) (ended bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	header := http.Header{"Accept": {"text/event-stream"}}
	if last != "" {
		header.Set("Last-Event-ID", last)
	}
	res, err := c.send(ctx, http.MethodGet, path, "", nil, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	deaf := time.AfterFunc(silence, cancel)
	defer deaf.Stop()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	var m message
	for lines.Scan() {
		deaf.Reset(silence)
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "":
			m = message{}
		case "event":
			m.name = value
		case "id":
			m.id = value
		case "data":
			m.data = []byte(value)
			ended, err := hear(m)
			if err != nil {
				return fmt.Errorf("read %s: %w", m.name, err)
			}
			if ended {
				return nil
			}
		}
	}
	if err := lines.Err(); err != nil {
		return load.Errorf(load.Unavailable, "the live stream broke off: %w", err)
	}
	return load.Errorf(load.Unavailable, "the live stream broke off")
}
