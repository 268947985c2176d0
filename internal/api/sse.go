package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// writeStall ends a stream whose reader takes nothing for so long.
const writeStall = 20 * time.Second

// stream writes server-sent events. It is for one goroutine.
type stream struct {
	w    http.ResponseWriter
	c    *http.ResponseController
	last time.Time
}

// newStream begins the answer.
func newStream(w http.ResponseWriter) *stream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	return &stream{w: w, c: http.NewResponseController(w)}
}

// send writes one event; an id of 0 leaves the reader's last id as it is.
func (s *stream) send(event string, id int64, data any) error {
	b, err := json.Marshal(data) // one line: JSON escapes line ends
	if err != nil {
		return fmt.Errorf("encode %s: %w", event, err)
	}
	text := "event: " + event + "\n"
	if id > 0 {
		text += fmt.Sprintf("id: %d\n", id)
	}
	return s.write(text + "data: " + string(b) + "\n\n")
}

// keepAlive writes a comment when nothing was written for a while.
func (s *stream) keepAlive(now time.Time) error {
	if now.Sub(s.last) < keepAlive {
		return nil
	}
	return s.write(": still here\n\n")
}

func (s *stream) write(text string) error {
	now := time.Now()
	if err := s.c.SetWriteDeadline(now.Add(writeStall)); err != nil {
		return fmt.Errorf("bound write: %w", err)
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	s.last = now
	return s.c.Flush()
}
