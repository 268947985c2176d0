package jmeter

import (
	"regexp"
	"strings"

	"onrush.dev/onrush/internal/engine/tool"
)

// causeSays finds why an exception came, in a trace of Java's.
var causeSays = regexp.MustCompile(`^Caused by: [\w.$]+: (.*)`)

var unknownClass = regexp.MustCompile(`CannotResolveClassException: ([\w.$]+)`)

// explain says why JMeter ended by itself though it should not have.
func (e *Engine) explain(exit tool.Exit) string {
	for _, line := range exit.Tail {
		if m := unknownClass.FindStringSubmatch(line); m != nil {
			return "JMeter does not know " + m[1] + ", which the plan needs: " + remedyFor(m[1])
		}
	}
	reason := ""
	for _, line := range exit.Tail {
		if m := causeSays.FindStringSubmatch(line); m != nil && strings.TrimSpace(m[1]) != "" {
			reason = strings.TrimSpace(m[1]) + "\n" // the last is the deepest
		}
	}
	text := reason + tool.Explain("JMeter", exit, map[int]string{
		1: "the plan or its settings cannot be used",
		3: "its heap is full: give the task more memory, or set HEAP (\"-Xmx4g\") in env",
	})
	return strings.ReplaceAll(text, e.work.Dir+"/", "")
}
