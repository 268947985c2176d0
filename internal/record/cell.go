package record

import (
	"time"

	"onrush.dev/onrush/internal/hist"
	"onrush.dev/onrush/internal/load"
)

// cell is one label's figures in one second. Statuses and causes are lists, not
// maps: there are few of them and the first is nearly always the one.
type cell struct {
	requests, failures int64
	in, out, redirects int64
	statuses           []statusCount
	causes             []causeCount

	latency, service, firstByte, body hist.Hist

	// The maps of the entry that shows the cell, used again with it.
	statusMap map[int]int64
	causeMap  map[load.Cause]int64

	opened *opened // nil until a request of this label opened a connection
	listed bool    // in its second's used
}

// opened are the times of requests that opened a connection. With kept
// connections they are rare, hence apart: a label without them takes no memory
// and no time for them.
type opened struct{ connect, dns, tcp, tls hist.Hist }

func (o *opened) all() [4]*hist.Hist { return [...]*hist.Hist{&o.connect, &o.dns, &o.tcp, &o.tls} }

type statusCount struct {
	status int
	n      int64
}

type causeCount struct {
	cause load.Cause
	n     int64
}

const maxStatus = 999 // HTTP's statuses have three digits

func (c *cell) add(s *Sample) {
	c.requests++
	c.in += s.BytesIn
	c.out += s.BytesOut
	c.redirects += int64(s.Redirects)
	if s.Cause != "" {
		c.failures++
		c.addCause(s.Cause, 1)
	}
	if s.Status > 0 && s.Status <= maxStatus {
		c.addStatus(s.Status, 1)
	}
	if s.Latency >= 0 {
		c.latency.Record(micros(s.Latency))
	}
	if s.Service >= 0 {
		c.service.Record(micros(s.Service))
	}
	if s.FirstByte >= 0 {
		c.firstByte.Record(micros(s.FirstByte))
	}
	if s.Body >= 0 {
		c.body.Record(micros(s.Body))
	}
	if s.Connect&s.DNS&s.TCP&s.TLS >= 0 { // one of them at least is not negative
		c.addOpened(s)
	}
}

//go:noinline
func (c *cell) addOpened(s *Sample) {
	if c.opened == nil {
		c.opened = new(opened)
	}
	times := [...]time.Duration{s.Connect, s.DNS, s.TCP, s.TLS}
	for i, h := range c.opened.all() {
		if times[i] >= 0 {
			h.Record(micros(times[i]))
		}
	}
}

func (c *cell) addStatus(status int, n int64) {
	for i := range c.statuses {
		if c.statuses[i].status == status {
			c.statuses[i].n += n
			return
		}
	}
	c.statuses = append(c.statuses, statusCount{status, n})
}

func (c *cell) addCause(cause load.Cause, n int64) {
	for i := range c.causes {
		if c.causes[i].cause == cause {
			c.causes[i].n += n
			return
		}
	}
	c.causes = append(c.causes, causeCount{cause, n})
}

func (c *cell) merge(o *cell) {
	c.requests += o.requests
	c.failures += o.failures
	c.in += o.in
	c.out += o.out
	c.redirects += o.redirects
	for _, s := range o.statuses {
		c.addStatus(s.status, s.n)
	}
	for _, s := range o.causes {
		c.addCause(s.cause, s.n)
	}
	c.latency.Merge(&o.latency)
	c.service.Merge(&o.service)
	c.firstByte.Merge(&o.firstByte)
	c.body.Merge(&o.body)
	if o.opened == nil {
		return
	}
	if c.opened == nil {
		c.opened = new(opened)
	}
	from := o.opened.all()
	for i, h := range c.opened.all() {
		h.Merge(from[i])
	}
}

// histograms lists those that are there.
func (c *cell) histograms(dst []*hist.Hist) []*hist.Hist {
	dst = append(dst, &c.latency, &c.service, &c.firstByte, &c.body)
	if c.opened != nil {
		all := c.opened.all()
		dst = append(dst, all[:]...)
	}
	return dst
}

func (c *cell) reset() {
	var buf [8]*hist.Hist
	for _, h := range c.histograms(buf[:0]) {
		h.Reset()
	}
	c.requests, c.failures, c.in, c.out, c.redirects, c.listed = 0, 0, 0, 0, 0, false
	c.statuses, c.causes = c.statuses[:0], c.causes[:0]
}

// entry shows the cell as a window's entry. It shares histograms and maps.
func (c *cell) entry(key labelKey) load.Entry {
	e := load.Entry{
		Label: key.name, Dims: key.dims,
		Requests: c.requests, Failures: c.failures,
		BytesIn: c.in, BytesOut: c.out, Redirects: c.redirects,
		Latency: filled(&c.latency), Service: filled(&c.service),
		FirstByte: filled(&c.firstByte), Body: filled(&c.body),
	}
	if o := c.opened; o != nil {
		e.Connect, e.DNS, e.TCP, e.TLS = filled(&o.connect), filled(&o.dns), filled(&o.tcp), filled(&o.tls)
	}
	if len(c.statuses) > 0 {
		c.statusMap = emptied(c.statusMap)
		for _, s := range c.statuses {
			c.statusMap[s.status] = s.n
		}
		e.Statuses = c.statusMap
	}
	if len(c.causes) > 0 {
		c.causeMap = emptied(c.causeMap)
		for _, s := range c.causes {
			c.causeMap[s.cause] = s.n
		}
		e.Causes = c.causeMap
	}
	return e
}

func emptied[K comparable](m map[K]int64) map[K]int64 {
	if m == nil {
		return map[K]int64{}
	}
	clear(m)
	return m
}

// filled returns h, or nil when it is empty.
func filled(h *hist.Hist) *hist.Hist {
	if h.Count() == 0 {
		return nil
	}
	return h
}
