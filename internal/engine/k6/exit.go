package k6

import (
	"encoding/json"
	"os"
	"strings"

	"onrush.dev/onrush/internal/engine/tool"
)

// k6's exit codes that mean something to us.
const (
	exitThresholds = 99
	exitNoPort     = 106
	exitAborted    = 108
)

// exitCodes says what k6's other exit codes mean.
func exitCodes() map[int]string {
	return map[int]string{
		100: "setup() took longer than setupTimeout",
		101: "teardown() took longer than teardownTimeout",
		102: "something took too long",
		104: "its options cannot be used",
		105: "it was ended by a signal",
		107: "the script threw an error",
		109: "k6 itself crashed",
		110: "the script marked the test as failed",
	}
}

// explain says why k6 ended, in its own words where it has some. Paths are
// relative to the script's folder.
func explain(exit tool.Exit, dir string) string {
	if errors := errorsOf(exit); len(errors) > 0 {
		exit.Tail = errors
	}
	text := tool.Explain(Name, exit, exitCodes())
	return strings.ReplaceAll(strings.ReplaceAll(text, "file://"+dir+"/", ""), dir+"/", "")
}

// countOf reads k6's own number of requests from its summary; -1 without one.
func countOf(summary string) int64 {
	data, err := os.ReadFile(summary)
	if err != nil {
		return -1
	}
	var s struct {
		Metrics map[string]struct {
			Count *float64 `json:"count"`
		} `json:"metrics"`
	}
	if err := json.Unmarshal(data, &s); err != nil || s.Metrics == nil {
		return -1
	}
	reqs, ok := s.Metrics["http_reqs"]
	if !ok || reqs.Count == nil {
		return 0
	}
	return int64(*reqs.Count)
}
