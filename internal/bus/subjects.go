package bus

import (
	"fmt"
	"strconv"
	"strings"
)

// The subjects. Every one of them names its run, task and attempt, so that the
// permissions in an agent's credentials can hold it to its own:
//
//	onrush.<run>.win.<task>.<attempt>    windows, kept in the run's stream
//	onrush.<run>.evt.<task>.<attempt>    events, kept in the run's stream
//	onrush.<run>.order.<task>.<attempt>  request: what is my order?
//	onrush.<run>.clock.<task>.<attempt>  request: what time is it?
//	onrush.<run>.cmd.<task>.<attempt>    request from the server: do this
//	_onrush.<run>.<task>.<attempt>.>     the agent's inbox
const (
	kindWindow  = "win"
	kindEvent   = "evt"
	kindOrder   = "order"
	kindClock   = "clock"
	kindCommand = "cmd"
)

// sender is who speaks: one attempt of one task of one run.
type sender struct {
	run, task string
	attempt   int
}

func (s sender) subject(kind string) string {
	return fmt.Sprintf("onrush.%s.%s.%s.%d", token(s.run), kind, token(s.task), s.attempt)
}

func (s sender) inbox() string {
	return fmt.Sprintf("_onrush.%s.%s.%d", token(s.run), token(s.task), s.attempt)
}

// messageID is the same for every copy of a message, so that the stream keeps
// one of them.
func (s sender) messageID(kind string, seq uint64) string {
	return s.idPrefix(kind) + strconv.FormatUint(seq, 10)
}

func (s sender) idPrefix(kind string) string {
	return fmt.Sprintf("%s/%s/%d/%s/", token(s.run), token(s.task), s.attempt, kind)
}

// parseSubject is the inverse of sender.subject.
func parseSubject(subject string) (s sender, kind string, err error) {
	parts := strings.Split(subject, ".")
	if len(parts) != 5 || parts[0] != "onrush" {
		return sender{}, "", fmt.Errorf("parse subject: %q is not one of ours", subject)
	}
	attempt, err := strconv.Atoi(parts[4])
	if err != nil {
		return sender{}, "", fmt.Errorf("parse subject %q: attempt: %w", subject, err)
	}
	run, err := untoken(parts[1])
	if err != nil {
		return sender{}, "", fmt.Errorf("parse subject %q: run: %w", subject, err)
	}
	task, err := untoken(parts[3])
	if err != nil {
		return sender{}, "", fmt.Errorf("parse subject %q: task: %w", subject, err)
	}
	return sender{run, task, attempt}, parts[2], nil
}

// streamName names the stream of a run.
func streamName(run string) string { return "run_" + token(run) }

// streamSubjects are the subjects that a run's stream keeps.
func streamSubjects(run string) []string {
	return []string{
		fmt.Sprintf("onrush.%s.%s.*.*", token(run), kindWindow),
		fmt.Sprintf("onrush.%s.%s.*.*", token(run), kindEvent),
	}
}

// token makes any name a single token of a subject. Two names never make the
// same token: what is not a plain letter, digit, '-' or '_' becomes =XX.
func token(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() == 0 {
		return "="
	}
	return b.String()
}

// untoken is the inverse of token.
func untoken(token string) (string, error) {
	if token == "=" {
		return "", nil
	}
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		if token[i] != '=' {
			b.WriteByte(token[i])
			continue
		}
		if i+3 > len(token) {
			return "", fmt.Errorf("%q ends within an escape", token)
		}
		c, err := strconv.ParseUint(token[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("%q holds a bad escape", token)
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}
