package bus

import (
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"

	"onrush.dev/onrush/internal/load"
)

// orderReply answers an order request.
type orderReply struct {
	Order *load.Order `json:"order,omitempty"`
	Code  load.Code   `json:"code,omitempty"` // set with Error
	Error string      `json:"error,omitempty"`
}

// clockReply answers a clock ping.
type clockReply struct {
	UnixNano int64  `json:"unix_nano"`
	Machine  string `json:"machine,omitempty"` // see machine
}

// commandReply acknowledges a command.
type commandReply struct {
	Error string `json:"error,omitempty"`
}

// storedReply is JetStream's answer to a message for a stream.
type storedReply struct {
	Stream string `json:"stream"`
	Error  *struct {
		Code        int    `json:"code"`
		Description string `json:"description"`
	} `json:"error"`
}

// stored says whether a reply acknowledges that the message is in the stream.
func stored(m *nats.Msg) error {
	if status := m.Header.Get("Status"); status != "" {
		return fmt.Errorf("no stream took it (status %s)", status)
	}
	var reply storedReply
	if err := json.Unmarshal(m.Data, &reply); err != nil {
		return fmt.Errorf("decode acknowledgement: %w", err)
	}
	if reply.Error != nil {
		return fmt.Errorf("refused: %s (%d)", reply.Error.Description, reply.Error.Code)
	}
	if reply.Stream == "" {
		return fmt.Errorf("acknowledgement names no stream")
	}
	return nil
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err)) // our own plain types: cannot happen
	}
	return data
}
