package judge

import (
	"bytes"
	"crypto/md5" //nolint:gosec // what the user compares with, no protection
	"crypto/sha256"
	"hash"
	"strings"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/jpath"
	"onrush.dev/onrush/internal/load"
)

// Judge holds one response at a time against rules. Its zero value is ready; it
// is for one goroutine. While only statuses are checked it allocates nothing. A
// response that breaks off needs a Reset, or what unpacks it is never freed.
type Judge struct {
	rules   *Rules
	failure *proto.Failure // the verdict so far; the first one stays
	wants   bool           // bytes of the body are wanted
	counts  bool           // its size is enough

	size     int64 // unpacked, as far as it is known
	sha256   hash.Hash
	md5      hash.Hash
	sum      [sha256.Size]byte // scratch
	finder   finder
	matcher  matcher
	unpacker *unpacker
	held     []byte
	doc      jpath.Document

	vars  []string
	found []bool // by extraction: a header gave it
	// bad is the last verdict on a status: a target that fails, fails often.
	bad       *proto.Failure
	badStatus int
}

// Begin takes a final response's head. Nothing of it is kept.
func (j *Judge) Begin(rules *Rules, head *proto.Head) {
	j.Reset()
	j.rules = rules
	if !rules.expects(head.Status) {
		if j.bad == nil || j.badStatus != head.Status {
			j.bad, j.badStatus = proto.Failf(load.CauseStatus, "status %d", head.Status), head.Status
		}
		j.failure = j.bad
		return
	}
	for i := range rules.headers {
		if j.failure = rules.headers[i].check(head.Fields); j.failure != nil {
			return
		}
	}
	if len(rules.extract) > 0 {
		j.takeHeaders(head.Fields)
	}
	if !rules.NeedsBody() {
		return
	}
	codings, err := codingsOf(head.Fields)
	if err != nil {
		j.failure = err
		return
	}
	j.finder.begin(rules.contains)
	j.matcher.begin(rules.matches)
	j.wants = rules.looks || len(codings) > 0
	j.counts = !j.wants
	if j.wants {
		j.prepare(codings)
	}
}

// prepare sets up what looks at the body.
func (j *Judge) prepare(codings []string) {
	r := j.rules
	if len(r.sha256) > 0 {
		if j.sha256 == nil {
			j.sha256 = sha256.New()
		}
		j.sha256.Reset()
	}
	if len(r.md5) > 0 {
		if j.md5 == nil {
			j.md5 = md5.New() //nolint:gosec // as above
		}
		j.md5.Reset()
	}
	if len(codings) > 0 {
		j.unpacker = newUnpacker(&r.tools, codings, j.look)
	}
}

// Wants says, after Begin, whether Body must see the bytes. When not, they may
// be told by Skip, or not at all when the verdict is settled.
func (j *Judge) Wants() bool { return j.wants }

// Skip tells of bytes of the body that nobody has looked at.
func (j *Judge) Skip(n int64) {
	if j.counts {
		j.size += n
	}
}

// Body takes a piece of the body as it travels, and keeps nothing of p. An error
// is a *proto.Failure: the rest of the body is of no use then.
func (j *Judge) Body(p []byte) error {
	switch {
	case j.counts:
		j.size += int64(len(p))
		return nil
	case !j.wants || len(p) == 0:
		return nil
	case j.unpacker != nil:
		j.unpacker.feed(p)
		if j.unpacker.failure != nil {
			j.fail(j.unpacker.failure)
		}
	default:
		j.look(p)
	}
	if j.failure != nil {
		return j.failure
	}
	return nil
}

// look shows a piece of the unpacked body to everything that looks at it, and
// says whether more of it is of use.
func (j *Judge) look(p []byte) bool {
	r := j.rules
	j.size += int64(len(p))
	if len(r.sha256) > 0 {
		_, _ = j.sha256.Write(p)
	}
	if len(r.md5) > 0 {
		_, _ = j.md5.Write(p)
	}
	j.finder.look(p)
	j.matcher.look(p)
	if r.holds {
		if j.size > MaxHeld {
			j.fail(proto.Failf(load.CauseTooLarge, "the body is larger than the %d MiB that can be looked into", MaxHeld>>20))
			return false
		}
		j.held = append(j.held, p...)
	}
	return true
}

// fail settles the verdict.
func (j *Judge) fail(f *proto.Failure) {
	if j.failure == nil {
		j.failure = f
	}
	j.wants, j.counts = false, false
}

// End says what the whole response is: a failure, or the extracted values in
// the order of Rules.Names. They are the caller's until the next Begin.
func (j *Judge) End() ([]string, *proto.Failure) {
	if j.unpacker != nil && j.failure == nil {
		j.unpacker.end()
		if j.unpacker.failure != nil {
			j.fail(j.unpacker.failure)
		}
	}
	j.doc.Begin(j.held)
	if j.failure == nil && j.rules.NeedsBody() {
		j.failure = j.whole()
	}
	if j.failure == nil && len(j.rules.extract) > 0 {
		j.failure = j.takeBody()
	}
	vars, failure := j.vars, j.failure
	if failure != nil {
		vars = nil
	}
	j.release()
	return vars, failure
}

// whole judges what only the whole body shows.
func (j *Judge) whole() *proto.Failure {
	r := j.rules
	if r.size != nil && !r.size.Has(j.size) {
		return proto.Failf(load.CauseCheck, "the body has %d bytes, expected are %s", j.size, r.size)
	}
	if len(r.sha256) > 0 && !bytes.Equal(j.sha256.Sum(j.sum[:0]), r.sha256) {
		return proto.Failf(load.CauseCheck, "the body's SHA-256 is %x", j.sha256.Sum(nil))
	}
	if len(r.md5) > 0 && !bytes.Equal(j.md5.Sum(j.sum[:0]), r.md5) {
		return proto.Failf(load.CauseCheck, "the body's MD5 is %x", j.md5.Sum(nil))
	}
	if !j.finder.end() {
		return proto.Failf(load.CauseBody, "the body does not hold %q", r.contains)
	}
	if !j.matcher.end() {
		return proto.Failf(load.CauseBody, "the body does not match %q", r.matches)
	}
	return j.checkJSON()
}

// Reset forgets a response, whether or not it came to its end.
func (j *Judge) Reset() {
	j.release()
	j.rules, j.failure, j.wants, j.counts, j.size = nil, nil, false, false, 0
	j.vars, j.found = j.vars[:0], j.found[:0]
}

// keptBuffer is the largest buffer that a judge keeps for its next response.
const keptBuffer = 64 << 10

// release gives back what only a body under way needs.
func (j *Judge) release() {
	if j.unpacker != nil { // its coroutine has to end
		j.unpacker.close()
		j.unpacker = nil
	}
	j.matcher.close()
	j.doc = jpath.Document{}
	if j.held = j.held[:0]; cap(j.held) > keptBuffer {
		j.held = nil
	}
}

func (h *headerRule) check(fields []proto.HeadField) *proto.Failure {
	there := false
	for i := range fields {
		if !isNamed(&fields[i], h.name) {
			continue
		}
		if h.text == "" || strings.Contains(string(fields[i].Value), h.text) {
			return nil
		}
		there = true
	}
	if there {
		return proto.Failf(load.CauseCheck, "the header %s does not hold %q", h.name, h.text)
	}
	return proto.Failf(load.CauseCheck, "there is no header %s", h.name)
}

// isNamed compares names without regard to case; both are ASCII.
func isNamed(f *proto.HeadField, name string) bool {
	if len(f.Name) != len(name) {
		return false
	}
	for i := range f.Name {
		if lower(f.Name[i]) != lower(name[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
