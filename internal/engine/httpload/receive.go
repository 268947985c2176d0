package httpload

import (
	"net/http"

	"onrush.dev/onrush/internal/engine/httpload/dial"
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// A flight is the receiver of its exchanges.
var _ proto.Receiver = (*flight)(nil)

// FirstByte implements proto.Receiver.
func (f *flight) FirstByte() { f.first = f.w.loop.Recent() }

// Interim implements proto.Receiver.
func (f *flight) Interim(int) {}

// Head implements proto.Receiver.
func (f *flight) Head(h *proto.Head) error {
	f.status = h.Status
	f.location = ""
	if f.follows() {
		f.location = string(field(h, "Location"))
	}
	if f.values.jar != nil {
		f.values.jar.Keep(f.at.url, h)
	}
	f.examine(h)
	return nil
}

// WantsBody implements proto.Receiver.
func (f *flight) WantsBody() bool { return f.judging && f.judge.Wants() }

// Body implements proto.Receiver.
func (f *flight) Body(p []byte) error {
	f.came += int64(len(p))
	if !f.judging {
		return nil
	}
	return f.judge.Body(p)
}

// Skipped implements proto.Receiver.
func (f *flight) Skipped(n int64) error {
	f.came += n
	if f.judging {
		f.judge.Skip(n)
	}
	return nil
}

// End implements proto.Receiver: the response is there.
func (f *flight) End(t proto.Traffic) {
	c := f.conn
	f.conn = nil
	f.count(c, t)
	c.back(true)
	if !f.under { // closing the connection ended it
		return
	}
	if f.follows() {
		f.redirect()
		return
	}
	f.land(f.verdict())
}

// Fail implements proto.Receiver: the exchange broke off.
func (f *flight) Fail(err error, t proto.Traffic) {
	c := f.conn
	f.conn = nil
	f.count(c, t)
	c.back(false)
	f.judge.Reset()
	f.land(&proto.Failure{Cause: dial.StreamCause(err, load.CauseMalformed), Err: err})
}

// redirect follows a redirect, or says why not.
func (f *flight) redirect() {
	if f.redirects == f.call.redirects {
		f.land(proto.Failf(load.CauseRedirect, "more than %d redirects", f.call.redirects))
		return
	}
	f.redirects++
	if err := f.turn(); err != nil {
		f.redirects--
		f.land(proto.AsFailure(err, load.CauseRedirect))
		return
	}
	f.leave()
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// field returns the first header line of a name.
func field(h *proto.Head, name string) []byte {
	for i := range h.Fields {
		if f := &h.Fields[i]; len(f.Name) == len(name) && equalFold(f.Name, name) {
			return f.Value
		}
	}
	return nil
}

// equalFold compares names of header lines, which are ASCII.
func equalFold(a []byte, b string) bool {
	for i := range a {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
