package locust

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"onrush.dev/onrush/internal/engine/tool"
)

// exitUnhandled is Locust's code after an exception in a listener of events.
const exitUnhandled = 2

// exitCodes says what Locust's exit codes mean, when requests that failed are
// none of them.
func exitCodes() map[int]string {
	return map[int]string{
		1: "the script or its configuration cannot be used",
		2: "an argument cannot be used, or an event listener of the script threw an exception",
	}
}

// explain says why Locust ended: for an exception in the script first where it
// was thrown, and what helps.
func (e *Engine) explain(exit tool.Exit) string {
	first := fault(exit.Tail, e.work.Dir)
	if first != "" {
		exit.Tail = nil // all of a traceback stands in the log
	}
	text := tool.Explain(Name, exit, exitCodes())
	if first != "" {
		text = first + " (" + text + ")"
	}
	return strings.ReplaceAll(text, e.work.Dir+string(filepath.Separator), "")
}

var (
	frameLine = regexp.MustCompile(`^\s*File "([^"]+)", line (\d+)`)
	errorLine = regexp.MustCompile(`^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b.*|[A-Za-z_][\w.]*: .*)$`)
	noModule  = regexp.MustCompile(`^ModuleNotFoundError: No module named '([^']+)'`)
)

// fault finds the exception of a traceback in the last lines, and the deepest
// place in the script's own files.
func fault(tail []string, dir string) string {
	begin := -1
	for i, line := range tail {
		if strings.HasPrefix(line, "Traceback (most recent call last)") {
			begin = i
		}
	}
	if begin < 0 {
		return ""
	}
	place, message := "", ""
	for _, line := range tail[begin+1:] {
		if m := frameLine.FindStringSubmatch(line); m != nil {
			if rel, err := filepath.Rel(dir, m[1]); err == nil && filepath.IsLocal(rel) && !strings.HasPrefix(rel, "..") {
				place = fmt.Sprintf("%s line %s", filepath.ToSlash(rel), m[2])
			}
			continue
		}
		if errorLine.MatchString(line) {
			message = line
			break
		}
	}
	if message == "" {
		return ""
	}
	if m := noModule.FindStringSubmatch(message); m != nil {
		message += fmt.Sprintf(": Python packages that the script needs belong into a requirements.txt beside it, and its own modules into the same bundle (missing: %s)", m[1])
	}
	if place == "" {
		return message
	}
	return place + ": " + message
}

// stopLine is why Locust stopped by itself before its time: a StopTest of the
// script's, or one of Locust's own, as when there is no host.
func stopLine(tail []string) string {
	for i, line := range tail {
		if strings.HasSuffix(line, ": Stopping Locust...") && i > 0 {
			_, text, found := strings.Cut(tail[i-1], "locust.runners: ")
			if !found {
				return tail[i-1]
			}
			return text
		}
	}
	return ""
}
