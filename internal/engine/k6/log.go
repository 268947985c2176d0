package k6

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// logErrors is the metric of what k6 itself calls errors: exceptions of the
// script above all, of which k6 counts none.
const logErrors = "errors in k6's log"

// watchLog counts k6's errors as they come.
func (s *sink) watchLog(line string, stderr bool) {
	if !stderr || !strings.Contains(line, "level=error") {
		return
	}
	if at, ok := s.at(time.Now().UnixNano()); ok {
		s.recorder.Measure([]record.Value{{Metric: s.recorder.Metric(logErrors, load.MetricCounter, ""), At: at, Value: 1}})
	}
}

// message takes the text out of a line of k6's log.
var message = regexp.MustCompile(`level=error msg=("(?:[^"\\]|\\.)*"|\S+)`)

// errorsOf are the errors that k6 logged at last, as plain text; k6 may write its
// summary after them.
func errorsOf(exit tool.Exit) []string {
	var found []string
	for _, line := range exit.Tail {
		m := message.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		text := m[1]
		if plain, err := strconv.Unquote(text); err == nil {
			text = plain
		}
		found = append(found, strings.TrimSpace(strings.ReplaceAll(text, "\n\t", "\n  ")))
	}
	return found
}
