package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"onrush.dev/onrush/internal/house/testcount"
)

// components are the real things that tests run against and that must be up
// before them: a Docker engine, a cluster. Each is a program in a folder:
// `NAME up` makes it ready, prints KEY=VALUE lines for the tests' environment on
// standard output and says what it does on standard error; `NAME down` ends
// what up started, and only that. Both may be called again.
type components struct {
	dir   string
	names []string
	// environ is what the programs get: the environment as it was before up's
	// lines came into it, so that down can tell its own from what was named.
	environ []string
	log     io.Writer // their standard error, with the name before each line
}

// Most that one component may take; a first build of a cluster takes minutes.
const (
	upWithin   = 25 * time.Minute
	downWithin = 3 * time.Minute
)

// runVariable tells a component which run of the tests it serves, by the
// runner's process.
const runVariable = "ONRUSH_TEST_RUN"

func findComponents(dir string, log io.Writer) (*components, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for components: %w", err)
	}
	c := &components{dir: dir, environ: append(os.Environ(), runVariable+"="+strconv.Itoa(os.Getpid())), log: &lines{w: log}}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			c.names = append(c.names, e.Name())
		}
	}
	return c, nil
}

// up makes all of them ready at the same time. It returns what they print, and
// a failed test for each that is not ready: the other tests are worth running.
func (c *components) up(ctx context.Context) ([]string, testcount.Tally) {
	var (
		mu    sync.Mutex
		all   sync.WaitGroup
		env   []string
		tally testcount.Tally
	)
	for _, name := range c.names {
		all.Go(func() {
			begin := time.Now()
			printed, err := c.call(ctx, name, "up", upWithin)
			took := time.Since(begin)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				tally.Tests = append(tally.Tests, testcount.Test{
					Suite: "components", Name: name, Outcome: testcount.Failed, Took: took, Output: err.Error() + "\n",
				})
				return
			}
			fmt.Fprintf(c.log, "%s: ready after %.0fs\n", name, took.Seconds())
			env = append(env, printed...)
		})
	}
	all.Wait()
	return env, tally
}

// down ends all of them, also after the runner was told to end: so it takes no
// context.
func (c *components) down() error {
	var (
		all    sync.WaitGroup
		errs   = make([]error, len(c.names))
		always = context.Background()
	)
	for i, name := range c.names {
		all.Go(func() { _, errs[i] = c.call(always, name, "down", downWithin) })
	}
	all.Wait()
	return errors.Join(errs...)
}

var keyValue = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)

// call runs one component and returns the KEY=VALUE lines it printed.
func (c *components) call(ctx context.Context, name, verb string, within time.Duration) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	path, err := filepath.Abs(filepath.Join(c.dir, name))
	if err != nil {
		return nil, fmt.Errorf("component %s: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, path, verb)
	cmd.Env = c.environ
	progress := &prefixed{w: c.log, prefix: name + ": "}
	defer progress.flush()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, progress
	inGroup(cmd)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("component %s %s: %w; it said last: %s", name, verb, err, progress.last)
	}
	var printed []string
	for s := bufio.NewScanner(&out); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); keyValue.MatchString(line) {
			printed = append(printed, line)
		} else if line != "" {
			return nil, fmt.Errorf("component %s %s: printed %q, want KEY=VALUE lines", name, verb, line)
		}
	}
	return printed, nil
}

// lines lets several write whole lines to one writer.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// prefixed puts a name before each line, and keeps the last one.
type prefixed struct {
	w      io.Writer
	prefix string
	rest   []byte
	last   string
}

func (p *prefixed) Write(data []byte) (int, error) {
	p.rest = append(p.rest, data...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		p.rest = rest
		if text := strings.TrimRight(string(line), "\r "); text != "" {
			p.last = text
			if _, err := fmt.Fprintf(p.w, "%s%s\n", p.prefix, text); err != nil {
				return 0, err
			}
		}
	}
}

func (p *prefixed) flush() {
	if len(p.rest) > 0 {
		_, _ = p.Write([]byte("\n"))
	}
}
