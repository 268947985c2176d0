package wire

import (
	"net/http"

	"onrush.dev/onrush/internal/load"
)

// Fault is the body of every answer that is not a success: a problem as in RFC
// 9457, with our code and every single fault of the input.
type Fault struct {
	Type     string         `json:"type" doc:"Always about:blank: the code says it."`
	Title    string         `json:"title" doc:"The status in words."`
	Status   int            `json:"status" doc:"The HTTP status."`
	Detail   string         `json:"detail" doc:"What went wrong, in words for people."`
	Code     load.Code      `json:"code" doc:"What kind of fault it is; the only part for programs to act on."`
	Problems []load.Problem `json:"problems,omitempty" doc:"Every single fault of the input."`

	header http.Header
}

// NewFault makes a fault.
func NewFault(status int, code load.Code, detail string, problems []load.Problem) *Fault {
	return &Fault{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: detail, Code: code, Problems: problems,
	}
}

// Error implements error.
func (f *Fault) Error() string { return f.Detail }

// GetStatus is the HTTP status that the fault is sent with.
func (f *Fault) GetStatus() int { return f.Status }

// ContentType is the media type that the fault is sent with.
func (f *Fault) ContentType(string) string { return "application/problem+json" }

// SetHeader adds a header to the answer.
func (f *Fault) SetHeader(name, value string) {
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header.Set(name, value)
}

// GetHeaders are the headers to send with the fault.
func (f *Fault) GetHeaders() http.Header { return f.header }
