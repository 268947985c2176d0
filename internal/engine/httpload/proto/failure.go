package proto

import (
	"errors"
	"fmt"

	"onrush.dev/onrush/internal/load"
)

// Failure is why a request did not succeed. The place that sees a fault knows
// its cause best, so causes are set where they arise; Err is for the log.
type Failure struct {
	Cause load.Cause
	Err   error
}

// Error implements error.
func (f *Failure) Error() string { return fmt.Sprintf("%s: %v", f.Cause, f.Err) }

// Unwrap returns the underlying error.
func (f *Failure) Unwrap() error { return f.Err }

// Failf makes a failure of a known cause.
func Failf(cause load.Cause, format string, args ...any) *Failure {
	return &Failure{cause, fmt.Errorf(format, args...)}
}

// AsFailure returns the failure inside err, or makes one of the fallback cause.
func AsFailure(err error, fallback load.Cause) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{fallback, err}
}
