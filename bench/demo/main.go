// Command demo measures a newcomer's first minutes: `make demo` up to the first
// live figure, warm in this folder, and from a fresh clone of it with empty
// caches of Go and npm, with where the time and the disk go. --warm leaves the
// clone out, which takes minutes and downloads a lot. Read main first, then
// cold.go.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
)

const (
	goalWarm = 10 * time.Second
	goalCold = 8 * time.Minute
	// figure is in the progress line of `onrush demo` as soon as there are
	// figures of the first second.
	figure = "achieved"
)

func main() {
	warmOnly := flag.Bool("warm", false, "only the warm start")
	flag.Parse()
	rig.Main("demo", func(b *rig.Bench) error {
		if err := warm(b); err != nil || *warmOnly {
			return err
		}
		return cold(b)
	})
}

// warm is `make demo` where all is built.
func warm(b *rig.Bench) error {
	if err := exec.Command("make", "build").Run(); err != nil {
		return fmt.Errorf("make build: %w", err)
	}
	var took rig.Spread
	for range 3 {
		d, err := demo(b, ".", os.Environ())
		if err != nil {
			return err
		}
		took.Add(d)
	}
	b.Judge(took.Max() < goalWarm, "make demo, warm: Enter to first live figure, median, worst of 3", "< 10 s",
		"%.1f, %.1f s", took.At(0.5).Seconds(), took.Max().Seconds())
	return nil
}

// demo is `make demo` up to the first live figure; then it is interrupted, as
// the newcomer would.
func demo(b *rig.Bench, dir string, env []string) (time.Duration, error) {
	cmd := exec.CommandContext(b, "make", "demo")
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	interrupt := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.Cancel, cmd.WaitDelay = interrupt, 20*time.Second
	watch := &watcher{word: figure, seen: make(chan time.Time, 1)}
	cmd.Stdout, cmd.Stderr = watch, watch
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case at := <-watch.seen:
		// Once drains and reports, the second time ends what is left.
		for _, pause := range []time.Duration{0, 3 * time.Second} {
			time.Sleep(pause)
			_ = interrupt()
		}
		<-ended // make says that it was interrupted: no news
		return at.Sub(begin), nil
	case err := <-ended:
		return 0, fmt.Errorf("make demo: %w", errors.Join(err, errors.New(watch.text.String())))
	}
}

// watcher notes when a word was first written. The programs' two streams are
// one writer, so its calls come one after the other.
type watcher struct {
	word string
	text bytes.Buffer
	seen chan time.Time
	done bool
}

func (w *watcher) Write(p []byte) (int, error) {
	w.text.Write(p)
	if !w.done && strings.Contains(w.text.String(), w.word) {
		w.done = true
		w.seen <- time.Now()
	}
	return len(p), nil
}
