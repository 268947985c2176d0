package local

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"onrush.dev/onrush/internal/fleet"
)

// instance tells a task's folder in the words of package fleet.
func (t *taskDir) instance() fleet.Instance {
	i := fleet.Instance{
		Run: t.spec.Run, Task: t.spec.Task, Attempt: t.spec.Attempt,
		State: fleet.Pending, Started: t.spec.Asked,
	}
	if t.process != nil {
		i.ID = strconv.Itoa(t.process.PID)
		i.State = fleet.Up
		i.Started = t.process.Started
	}
	if t.exit != nil {
		i.State = fleet.Gone
		i.Ended = t.exit.At
		i.ExitCode = t.exit.Code
		i.Reason = t.reason()
	}
	return i
}

// reason says why a task ended. The last thing it wrote is mostly the cause,
// but not of an end by signal, of which it knew nothing.
func (t *taskDir) reason() string {
	switch {
	case t.exit.Signal == 9:
		return "killed by signal 9 (SIGKILL: somebody ended it, or the machine ran out of memory)"
	case t.exit.Signal != 0:
		return fmt.Sprintf("killed by signal %d", t.exit.Signal)
	}
	text := "ended while no server watched, exit code not known"
	if t.exit.Code != nil {
		text = fmt.Sprintf("exit code %d", *t.exit.Code)
	}
	if line := lastLine(t.file(logFile)); line != "" {
		text += ": " + line
	}
	return text
}

// lastLine is the last line of a log file.
func lastLine(path string) string {
	const tail = 64 << 10
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	data, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-tail), tail))
	if err != nil {
		return ""
	}
	return fleet.LastLine(string(data))
}
