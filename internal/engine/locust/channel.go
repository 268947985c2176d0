package locust

import (
	"encoding/json"
	"os"
	"sync"
	"time"
)

// channel is how Locust is told what to do: a line of JSON for each command. Its
// methods are safe for concurrent use. A Locust that is gone hears nothing, and
// its exit says why.
type channel struct {
	mu sync.Mutex
	w  *os.File
}

func newChannel() (c *channel, commands *os.File, err error) {
	r, w, err := os.Pipe()
	return &channel{w: w}, r, err
}

// command is one thing to do. Users and rates are those of the whole run.
type command struct {
	Do     string   `json:"do"`
	Users  *int64   `json:"users,omitempty"`
	Rate   float64  `json:"rate,omitempty"`   // users begun or ended a second
	Within *float64 `json:"within,omitempty"` // seconds that users have to finish
}

func (c *channel) send(cmd command) {
	data, err := json.Marshal(cmd)
	if err != nil {
		return // numbers and words always can be written
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.w.SetWriteDeadline(time.Now().Add(5 * time.Second)) // of a process that hangs
	_, _ = c.w.Write(append(data, '\n'))
}

func (c *channel) close() { _ = c.w.Close() }
