package fleet

import (
	"strings"
	"unicode"
)

// mostWords is how many characters of others' words stand in a line of ours.
const mostWords = 400

// LastLine is the last line of a log that is not empty, or the one that begins
// a Go program's crash, fit for a line of ours.
func LastLine(log string) string {
	log = strings.TrimSpace(log)
	line := log[strings.LastIndexByte(log, '\n')+1:]
	for l := range strings.Lines(log) {
		if strings.HasPrefix(l, "panic: ") || strings.HasPrefix(l, "fatal error: ") {
			line = l
			break
		}
	}
	return OneLine(line)
}

// OneLine makes others' words fit for a line of ours: without control
// characters, and shortened.
func OneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar
	}), " ")
	if r := []rune(text); len(r) > mostWords {
		text = string(r[:mostWords]) + "…"
	}
	return text
}
