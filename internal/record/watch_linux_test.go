package record

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"onrush.dev/onrush/internal/load"
)

// TestWaitForCPU lets two threads share one CPU: whatever else the machine does,
// one of them waits while the other runs.
func TestWaitForCPU(t *testing.T) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	w := newWatch()
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			runtime.LockOSThread() // never unlocked: the thread ends with its affinity
			if err := unix.SchedSetaffinity(0, &one); err != nil {
				t.Error(err)
			}
			spin(100 * time.Millisecond)
			for begin := time.Now(); time.Since(begin) < 20*time.Millisecond; {
				time.Sleep(time.Millisecond) // still there when the other has ended
			}
		})
	}
	spin(10 * time.Millisecond)
	h := w.health(&Gauges{}, 0, 0)
	waited := h.Wait
	group.Wait()
	h = w.health(&Gauges{}, 0, 0)
	if waited+h.Wait <= 0 {
		t.Errorf("two threads had one CPU, and none waited: %+v", h)
	}
}

// spin uses the CPU of its thread.
func spin(d time.Duration) {
	used := func() time.Duration {
		var ru unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_THREAD, &ru)
		return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	}
	for begin := used(); used()-begin < d; {
		continue
	}
}

func TestOpenFilesAreCounted(t *testing.T) {
	w := newWatch()
	before := w.read().files
	if before == 0 {
		t.Log("this kernel (before 6.2) does not tell the number of open files: 0 stands for that")
		return
	}
	for range 40 {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	if got := w.read().files - before; got < 40 {
		t.Errorf("40 files were opened, %d are counted", got)
	}
	if w.bounds.files <= 0 || w.bounds.ports <= 0 {
		t.Errorf("bounds are %+v, want a number of descriptors and of ports", w.bounds)
	}
}

func TestFindMemoryGroup(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for path, text := range map[string]string{
		"memory.max": "max\n", "pod/memory.max": "1000000\n", "pod/box/memory.max": "2000000\n",
		"pod/memory.current": "950000\n", "pod/memory.stat": "anon 5\ninactive_file 250000\nactive_file 3\n",
		"memory/job/memory.limit_in_bytes": "500000\n", "memory/job/memory.usage_in_bytes": "100\n",
		"memory/free/memory.limit_in_bytes": "9223372036854771712\n",
	} {
		file := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for cgroup, want := range map[string][2]int64{
		"0::/pod/box\n": {1_000_000, 700_000}, "0::/\n": {0, 0}, "0::/../pod\n": {1_000_000, 700_000}, "": {0, 0}, "nonsense\n": {0, 0},
		"4:memory:/job\n0::/\n": {500_000, 100}, "4:memory:/free\n": {0, 0}, "4:memory:/job\n0::/pod\n": {500_000, 100},
		"4:memory:/away/which/is/not/seen\n": {0, 0},
	} {
		m := findMemoryGroup(root, []byte(cgroup))
		if used := m.used(&system{}); m.limit != want[0] || used != want[1] {
			t.Errorf("%q: limit %d, used %d; want %d", cgroup, m.limit, used, want)
		}
	}
}

// BenchmarkHealth is what the look at itself costs each second.
func BenchmarkHealth(b *testing.B) {
	w := newWatch()
	b.ReportAllocs()
	var h load.Health
	for b.Loop() {
		h = w.health(&Gauges{}, 0, 0)
	}
	_ = h
}
