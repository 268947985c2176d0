package bus

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"onrush.dev/onrush/internal/load"
)

// TicketEnv is the environment variable in which a task finds its ticket.
const TicketEnv = "ONRUSH_TICKET"

// Ticket is all that an agent needs to reach the bus and speak for its task. It
// is a secret: it is never logged, and never an argument of a command.
type Ticket struct {
	URLs    []string `json:"urls"`
	CA      string   `json:"ca"`   // PEM of the authority that signed the bus's certificate
	JWT     string   `json:"jwt"`  // credentials that hold the agent to its own subjects
	Seed    string   `json:"seed"` // private key that goes with JWT
	Run     string   `json:"run"`
	Task    string   `json:"task"`
	Region  string   `json:"region"`
	Attempt int      `json:"attempt"`
	// Ephemeral says that the server lives only as long as the run: an agent
	// that loses it for good ends itself soon instead of going on.
	Ephemeral bool `json:"ephemeral,omitempty"`
}

// Encode renders the ticket as one word for an environment variable.
func (t Ticket) Encode() string {
	data, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("encode ticket: %v", err)) // plain fields: cannot happen
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// ParseTicket is the inverse of Encode. Its errors never hold the ticket.
func ParseTicket(encoded string) (Ticket, error) {
	if encoded == "" {
		return Ticket{}, load.Errorf(load.Invalid, "%s is empty: an agent is started by a server, which hands it a ticket", TicketEnv)
	}
	data, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return Ticket{}, load.Errorf(load.Invalid, "%s is not a ticket: not base64", TicketEnv)
	}
	var t Ticket
	if err := json.Unmarshal(data, &t); err != nil {
		return Ticket{}, load.Errorf(load.Invalid, "%s is not a ticket: not JSON", TicketEnv)
	}
	if len(t.URLs) == 0 || t.Run == "" || t.Task == "" || t.JWT == "" || t.Seed == "" {
		return Ticket{}, load.Errorf(load.Invalid, "%s is not a whole ticket: urls, run, task, jwt and seed must be there", TicketEnv)
	}
	return t, nil
}

// String keeps the secret out of logs and error texts.
func (t Ticket) String() string {
	return fmt.Sprintf("ticket of task %s, attempt %d, run %s", t.Task, t.Attempt, t.Run)
}

// GoString keeps the secret out of %#v.
func (t Ticket) GoString() string { return t.String() }

func (t Ticket) sender() sender { return sender{t.Run, t.Task, t.Attempt} }
