package collect

import (
	"time"

	"onrush.dev/onrush/internal/load"
)

// senderKey names who sends windows: one attempt of one task.
type senderKey struct {
	task    string
	attempt int
}

// sender is what is known of one attempt of a task.
type sender struct {
	key   senderKey
	scope *scope // of the task

	task  load.Task // as Status showed it last
	shown bool      // task is set

	seqs     seqSet
	repeated int64
	refused  int64
	sent     int64 // its own count in the window that counts furthest
	received int64 // samples merged
	first    int   // second of its first window; -1 before
	last     int   // greatest second it reported; -1 before
	until    int64 // end of its last sample, µs since the start
	heard    time.Time
	health   load.Health
	gauges   gauges

	gone        bool // no more windows come
	final       bool // it said its last word itself
	saidSent    int64
	saidWindows uint64
	toolSaid    *int64 // the tool's own total of requests; nil: it told none
}

// gauges are the figures of a second that do not add up over windows: when a
// task reports a second twice, the later word counts.
type gauges struct {
	second          int
	seq             uint64
	users, inFlight int64
}

// renew takes the gauges of a window and returns what to add to the second's
// sums, and whether this is the sender's first word on that second.
func (s *sender) renew(g gauges) (users, inFlight int64, first bool) {
	if s.gauges.seq == 0 || g.second != s.gauges.second {
		if g.seq > s.gauges.seq {
			s.gauges = g
		}
		return g.users, g.inFlight, true
	}
	if g.seq < s.gauges.seq {
		return 0, 0, false
	}
	users, inFlight = g.users-s.gauges.users, g.inFlight-s.gauges.inFlight
	s.gauges = g
	return users, inFlight, false
}

// missing is how many windows of this sender did not arrive, as far as is
// known: of a lost task, what it sent after the last window is not.
func (s *sender) missing() int64 {
	sent := max(s.seqs.max(), s.saidWindows)
	return int64(sent - s.seqs.len())
}

// samplesSent is the task's own count: its last word, or what is known of it.
func (s *sender) samplesSent() int64 {
	if s.final {
		return s.saidSent
	}
	return max(s.sent, s.saidSent)
}

// started says whether this attempt made load, or was about to.
func (s *sender) started() bool {
	if s.first >= 0 {
		return true
	}
	return s.shown && (s.task.Status == load.TaskRunning || s.task.Status == load.TaskDone || s.task.SkewMS != nil)
}

// lost says whether this attempt is gone without its last word.
func (s *sender) lost() bool {
	if s.shown && s.task.Status == load.TaskLost {
		return true
	}
	return s.gone && !s.final && (!s.shown || s.task.Status != load.TaskFailed)
}

// patience is how many seconds a task may be behind the others before seconds
// are no longer held open for it.
const patience = 3

// awaited says whether a second is to wait for this sender, when the others
// are at the second front. Until its first window that is so for a task that
// stands at the start, not for a replacement that comes later.
func (s *sender) awaited(front int) bool {
	if s.gone || front-s.last > patience {
		return false
	}
	return s.first >= 0 || s.task.Status == load.TaskRunning || s.task.Status == load.TaskReady
}
