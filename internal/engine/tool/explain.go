package tool

import (
	"fmt"
	"strings"
	"syscall"
)

// Explain says in words why a tool ended as it did, with the lines that tell.
// meanings are the tool's own exit codes; they may be nil. It is for an end that
// nobody asked for.
func Explain(name string, e Exit, meanings map[int]string) string {
	text := ""
	switch {
	case e.Signal == syscall.SIGKILL && !e.Forced:
		text = name + " was killed by signal 9 (SIGKILL): most likely the machine or the task ran out of memory"
	case e.Signal != 0:
		text = fmt.Sprintf("%s was ended by signal %d (%s)", name, int(e.Signal), e.Signal)
	case meanings[e.Code] != "":
		text = fmt.Sprintf("%s ended with exit code %d: %s", name, e.Code, meanings[e.Code])
	default:
		text = fmt.Sprintf("%s ended with exit code %d", name, e.Code)
	}
	for _, line := range e.Tail {
		if outOfMemory(line) {
			text += "; it ran out of memory"
			break
		}
	}
	if last := Last(e.Tail, 12); last != "" {
		text += ":\n" + last
	}
	return text
}

func outOfMemory(line string) bool {
	for _, sign := range []string{"OutOfMemoryError", "out of memory", "cannot allocate memory", "MemoryError"} {
		if strings.Contains(line, sign) {
			return true
		}
	}
	return false
}

// Last joins the last lines, each shortened.
func Last(lines []string, most int) string {
	const longest = 500
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		if len(line) > longest {
			line = line[:longest] + "…"
		}
		out[i] = line
	}
	return strings.Join(out, "\n")
}
