package k6

import (
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// tagSet is one combination of tags, worked out once for all its samples.
type tagSet struct {
	tags    map[string]string
	labelID int // in the recorder; -1: not asked for yet
	status  int
	cause   load.Cause // of a request with these tags that failed
	checkID int
	groupID int
}

func (s *sink) tagSet(tags map[string]string) *tagSet {
	t := &tagSet{tags: tags, labelID: -1, checkID: -1, groupID: -1}
	t.status, _ = strconv.Atoi(tags["status"]) // no status is 0
	t.cause = causeOf(tags["error_code"], tags["error"], t.status)
	return t
}

// label is the name under which a request's figures are kept: the name that the
// script gave it, else method and URL.
func (s *sink) label(t *tagSet) int {
	if t.labelID < 0 {
		t.labelID = s.recorder.Label(labelOf(t.tags), "")
	}
	return t.labelID
}

const (
	mostLabel = 200
	unnamed   = "(no name, method or url tag)"
)

func labelOf(tags map[string]string) string {
	name, url := tags["name"], tags["url"]
	label := name
	if name == "" || name == url && strings.Contains(url, "://") { // k6 makes a given name the url too
		label = strings.TrimSpace(tags["method"] + " " + url)
	}
	if label == "" { // the script's systemTags leave out what would tell
		label = unnamed
	}
	if len(label) > mostLabel {
		label = label[:mostLabel] + "…"
	}
	return label
}

// check is the metric of a check by its name, with its group before it.
func (t *tagSet) check(s *sink, m *metric) int {
	if t.checkID < 0 {
		t.checkID = s.recorder.Metric(grouped(t.tags, t.tags["check"]), load.MetricCheck, m.unit)
	}
	return t.checkID
}

// group is the metric of a group's duration.
func (t *tagSet) group(s *sink, m *metric) int {
	if t.groupID < 0 {
		t.groupID = s.recorder.Metric(grouped(t.tags, "group duration"), m.kind, m.unit)
	}
	return t.groupID
}

// grouped writes "::cart::pay" and a name as "cart / pay / name".
func grouped(tags map[string]string, name string) string {
	group := strings.TrimPrefix(tags["group"], "::")
	if group == "" {
		return name
	}
	return strings.ReplaceAll(group, "::", " / ") + " / " + name
}

func (t *tagSet) matches(want map[string]string) bool {
	for name, value := range want {
		if t.tags[name] != value {
			return false
		}
	}
	return true
}

// causeOf says why a request failed, if it did: k6's own judgement (its
// response callback) decides whether.
func (t *tagSet) causeOf(r *trail) load.Cause {
	switch {
	case r.failed == 1:
		return t.cause
	case r.failed == 2 && r.waiting == 0 && t.status == 0:
		return t.cause // no judgement was asked for, but there was no response
	}
	return ""
}

// causeOf maps k6's error codes, whose hundreds stand for where it failed.
func causeOf(code, text string, status int) load.Cause {
	n, _ := strconv.Atoi(code) // no code is 0
	switch n {
	case 1050, 1211:
		return load.CauseTimeout
	case 1212:
		return load.CauseRefused
	case 1220:
		return load.CauseReset
	case 1201:
		return load.CauseClosed
	case 1110, 1111: // an address or name that the script blocks
		return load.CauseOther
	case 1701:
		return load.CauseMalformed
	}
	switch n / 100 {
	case 11:
		return load.CauseDNS
	case 12:
		return load.CauseConnect
	case 13:
		return load.CauseTLS
	case 14, 15:
		return load.CauseStatus
	case 16:
		return load.CauseReset
	}
	switch {
	case n == 0 && status > 0:
		return load.CauseStatus // refused by the script's own callback
	case strings.Contains(text, "EOF"):
		return load.CauseClosed
	case strings.Contains(text, "malformed"):
		return load.CauseMalformed
	}
	return load.CauseOther
}
