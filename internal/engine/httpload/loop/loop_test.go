package loop

import (
	"os"
	"sync"
	"testing"
	"time"
)

func TestPostFromManyGoroutines(t *testing.T) {
	t.Parallel()
	l := runLoop(t)
	const posters, each = 16, 500
	var all sync.WaitGroup
	ran := make([]int, posters) // of the loop
	for i := range posters {
		all.Go(func() {
			for n := range each {
				l.Post(func() {
					if ran[i] != n {
						t.Errorf("poster %d: number %d ran as number %d", i, n, ran[i])
					}
					ran[i]++
				})
			}
		})
	}
	all.Wait()
	do(t, l, func() {
		for i, n := range ran {
			if n != each {
				t.Errorf("poster %d: %d of %d ran", i, n, each)
			}
		}
	})
}

// TestPostToALoopThatHasEnded must not touch its descriptors, which may be
// another file's.
func TestPostToALoopThatHasEnded(t *testing.T) {
	t.Parallel()
	l, err := New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ran := false
	l.Post(func() { l.Post(func() { ran = true }) })
	l.Stop()
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if !ran {
		t.Error("what was posted before the end did not run")
	}
	// Whoever opens files now gets the numbers that the loop had.
	var files []*os.File
	for range 8 {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	if l.Post(func() { t.Error("it ran") }) {
		t.Error("a loop that has ended takes what is posted")
	}
	l.Stop()
	l.Close() // once more is no harm
	for _, f := range files {
		if info, err := f.Stat(); err != nil || info.Size() != 0 {
			t.Errorf("%s has %d bytes (%v)", f.Name(), info.Size(), err)
		}
	}
}

func TestDeferRunsInTheSameRound(t *testing.T) {
	t.Parallel()
	l := runLoop(t)
	done := make(chan []int, 1)
	l.Post(func() {
		var order []int
		l.Defer(func() {
			order = append(order, 2)
			l.Defer(func() { done <- append(order, 3) })
		})
		order = append(order, 1)
	})
	if got := take(t, done); len(got) != 3 || got[0] != 1 || got[1] != 2 || got[2] != 3 {
		t.Errorf("ran in the order %v", got)
	}
}

// TestCoarseClock has a kernel without epoll_pwait2.
func TestTimersWithACoarseKernel(t *testing.T) {
	t.Parallel()
	l, err := New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	coarse(l)
	came := make(chan time.Duration, 1)
	l.Set(NewTimer(func() { came <- l.Recent() }), l.Now()+3*time.Millisecond)
	due := l.Now() + 3*time.Millisecond
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	if at := take(t, came); at < due-time.Millisecond {
		t.Errorf("a timer for %s came at %s", due, at)
	}
	l.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
