package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"onrush.dev/onrush/internal/fleet"
)

// marker is the environment variable by which a process, and all that it
// starts, is known to belong to a task.
const marker = "ONRUSH_INSTANCE"

// Start implements fleet.Driver. Processes are started one after the other:
// each takes about a millisecond, and the machine is needed for their work.
func (d *Driver) Start(ctx context.Context, specs []fleet.TaskSpec) ([]fleet.Started, error) {
	program, err := d.program()
	if err != nil {
		return nil, err
	}
	d.starting.Lock() // the limit holds over concurrent calls
	defer d.starting.Unlock()
	there, err := d.instances("")
	if err != nil {
		return nil, err
	}
	up := countUp(there)
	answers := make([]fleet.Started, len(specs))
	for i, s := range specs {
		known := slices.ContainsFunc(there, func(t taskDir) bool {
			return t.spec.Run == s.Run && t.spec.Task == s.Task && t.spec.Attempt == s.Attempt
		})
		switch {
		case ctx.Err() != nil:
			answers[i].Err = context.Cause(ctx)
		case d.Limit > 0 && up >= d.Limit && !known:
			answers[i].Err = d.full(s.Task, i, len(specs))
		default:
			answers[i].Instance, answers[i].Err = d.startOne(program, s)
			if answers[i].Err == nil && !known {
				up++
			}
		}
	}
	return answers, nil
}

// full refuses a new task.
func (d *Driver) full(task string, before, asked int) error {
	return &fleet.StartError{
		Kind: fleet.Quota,
		Reason: fmt.Sprintf("region %s: no room for task %s (%d of %d asked for): the region's limit of %d tasks is reached",
			d.Region, task, before+1, asked, d.Limit),
		Remedy: "raise the region's limit, or lower tasks",
	}
}

func (d *Driver) startOne(program string, s fleet.TaskSpec) (instance string, err error) {
	path, err := d.taskPath(s.Run, s.Task, s.Attempt)
	if err != nil {
		return "", err
	}
	unlock, err := d.lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	t, err := readTask(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t = &taskDir{path: path, spec: spec{s.Run, s.Task, d.Region, s.Attempt, time.Now()}}
		err = errors.Join(os.MkdirAll(t.file(tmpFolder), 0o700), writeJSON(t.file(specFile), t.spec))
		if err != nil {
			return "", fmt.Errorf("write state of task %s: %w", s.Task, err)
		}
	case err != nil:
		return "", err
	case t.process != nil:
		return strconv.Itoa(t.process.PID), nil
	default:
		// A server ended between the start of the process and the note of it.
		if p := findMarked(path); p != nil {
			return strconv.Itoa(p.PID), writeJSON(t.file(processFile), p)
		}
	}
	p, err := d.spawn(program, t, s)
	if err != nil {
		return "", errors.Join(startError(d.Region, s.Task, err), os.RemoveAll(path))
	}
	return strconv.Itoa(p.PID), writeJSON(t.file(processFile), p)
}

func (d *Driver) spawn(program string, t *taskDir, s fleet.TaskSpec) (*process, error) {
	log, err := os.OpenFile(t.file(logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, d.Command[1:]...)
	cmd.Dir = t.path
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = environment(t, s)
	// A session of its own: no signal meant for the server reaches it, and one
	// to the group reaches all that it starts.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{PID: cmd.Process.Pid, Birth: birth(cmd.Process.Pid), Started: time.Now()}
	// Its end is noted by pid (see lookAt), by whichever driver value sees it.
	return p, cmd.Process.Release()
}

// environment hands a task what it needs and nothing else: the server's own
// environment may hold secrets, and proxies that would falsify the load.
func environment(t *taskDir, s fleet.TaskSpec) []string {
	env := []string{
		"ONRUSH_TICKET=" + s.Ticket,
		marker + "=" + t.path,
		"TMPDIR=" + t.file(tmpFolder),
	}
	for _, name := range []string{
		"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "GODEBUG", "GOCOVERDIR",
		"XDG_DATA_HOME", "ONRUSH_TOOLS", "ONRUSH_K6", "ONRUSH_JMETER", "ONRUSH_JAVA", "ONRUSH_LOCUST", "ONRUSH_PYTHON", "JAVA_HOME", "JMETER_HOME",
		"ONRUSH_PYPI_URL", "PIP_INDEX_URL", "PIP_CERT", "PIP_FIND_LINKS", "ONRUSH_IO",
	} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	if s.CPU > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(max(1, int(math.Ceil(s.CPU)))))
	}
	if s.Memory > 0 {
		env = append(env, "GOMEMLIMIT="+strconv.FormatInt(s.Memory, 10))
	}
	return env
}

// startError puts the system's refusal into words.
func startError(region, task string, err error) error {
	kind, remedy := fleet.BadSpec, ""
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		kind, remedy = fleet.NoRoom, "lower tasks, or raise the machine's limits (ulimit -u, ulimit -n, memory)"
	case errors.Is(err, fs.ErrPermission):
		kind = fleet.Denied
	}
	reason := strings.TrimSpace(fmt.Sprintf("region %s: task %s: %v", region, task, err))
	return &fleet.StartError{Kind: kind, Reason: reason, Remedy: remedy}
}
