package load

import (
	"errors"
	"fmt"
)

// Code classifies an error for those who must act on it: the API maps it to an
// HTTP status, the CLI to an exit code. The zero value is Internal.
type Code string

// The codes. An error without one is Internal and its text is not shown to
// remote callers.
const (
	Internal     Code = "internal"
	Invalid      Code = "invalid"      // the input is wrong; retrying it cannot help
	NotFound     Code = "not_found"    // the named thing does not exist
	Conflict     Code = "conflict"     // the thing is in a state that forbids this
	Unauthorized Code = "unauthorized" // who are you?
	Forbidden    Code = "forbidden"    // you may not
	TooLarge     Code = "too_large"    // over a stated limit
	Unavailable  Code = "unavailable"  // try again later
	Throttled    Code = "throttled"    // too many tries: wait
)

// Error is an error meant for people: Message is shown to them as it is.
type Error struct {
	Code     Code
	Message  string
	Problems []Problem // every fault of an input, when there are several
	err      error     // cause, for logs and errors.Is
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause given to WrapError, if any.
func (e *Error) Unwrap() error { return e.err }

// Errorf makes an Error; %w works as in fmt.Errorf.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), err: errors.Unwrap(err)}
}

// ErrorCode returns the code of the first Error in err's chain, else Internal.
func ErrorCode(err error) Code {
	var e *Error
	if errors.As(err, &e) && e.Code != "" {
		return e.Code
	}
	return Internal
}

// Problem is one fault of an input, said so that its writer can mend it.
type Problem struct {
	Path    string `json:"path"`              // the field, e.g. "regions[1].tasks"
	Line    int    `json:"line,omitempty"`    // 1-based line in the file; 0 when there is no file
	Found   string `json:"found,omitempty"`   // what stands there, e.g. "0"
	Allowed string `json:"allowed,omitempty"` // what may stand there, e.g. "1 to 1000"
	Message string `json:"message"`           // the whole fault in words, without path and line
}

// String renders the problem in one line: "line 4: regions[1].tasks: …".
func (p Problem) String() string {
	s := p.Path + ": " + p.Message
	if p.Path == "" {
		s = p.Message
	}
	if p.Line > 0 {
		s = fmt.Sprintf("line %d: %s", p.Line, s)
	}
	return s
}

// Problems returns the problems carried by err, or nil.
func Problems(err error) []Problem {
	var e *Error
	if errors.As(err, &e) {
		return e.Problems
	}
	return nil
}
