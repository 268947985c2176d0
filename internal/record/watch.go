package record

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"onrush.dev/onrush/internal/load"
)

// watch looks at the process itself once a second. What it reads is all
// cumulative or of the instant; the last reading is kept to take differences.
type watch struct {
	system system // what the operating system tells; see system_linux.go
	bounds bounds
	last   reading

	gc      debug.GCStats
	samples [2]metrics.Sample
}

// reading is one look. Times grow from look to look, the others are of the
// instant; 0 where the system does not tell.
type reading struct {
	at     time.Time
	cpu    time.Duration // used by the process
	wait   time.Duration // of all its threads, ready to run and not running
	gc     time.Duration // CPU of the garbage collector
	pause  time.Duration // of the whole program, for the garbage collector
	rss    int64         // bytes
	memory int64         // bytes that count against the limit on memory
	files  int64         // open
}

// bounds are what the process may use; 0: no bound is known.
type bounds struct {
	cores  int
	files  int64 // descriptors
	memory int64 // bytes
	ports  int64 // local ports for connections that are opened
}

func newWatch() *watch {
	w := &watch{}
	w.samples[0].Name = "/cpu/classes/gc/total:cpu-seconds"
	w.samples[1].Name = "/cpu/classes/gc/mark/idle:cpu-seconds"
	w.bounds = w.system.open()
	w.last = w.read()
	return w
}

func (w *watch) read() reading {
	r := reading{at: time.Now()}
	w.system.read(&r)
	debug.ReadGCStats(&w.gc) // stops nothing, unlike ReadMemStats
	r.pause = w.gc.PauseTotal
	metrics.Read(w.samples[:])
	if total, idle := w.samples[0].Value, w.samples[1].Value; total.Kind() == metrics.KindFloat64 && idle.Kind() == metrics.KindFloat64 {
		// What it takes of cores that nobody else wanted does not count.
		r.gc = time.Duration((total.Float64() - idle.Float64()) * float64(time.Second))
	}
	return r
}

// health takes the second's look.
func (w *watch) health(g *Gauges, started, late int64) load.Health {
	now := w.read()
	h := load.Health{
		RSS: now.rss + g.ToolRSS, Files: now.files, Connections: g.Connections,
		LoopLag: g.LoopLag.Microseconds(), Dropped: g.Dropped, NoPort: g.NoPort, NoFile: g.NoFile,
		Pause: (now.pause - w.last.pause).Microseconds(),
	}
	wall := now.at.Sub(w.last.at)
	if wall > 0 {
		over := wall
		if wall < shortest {
			over = time.Second // a thread's wait is told when it ends: a moment may hold the wait of a second
		}
		share := func(now, before time.Duration) float64 { return max(0, float64(now-before)/float64(over)) }
		h.CPU, h.Wait = share(now.cpu, w.last.cpu), share(now.wait, w.last.wait)
		// The runtime goes by the clock: a collector that waits for a CPU would
		// seem to use one.
		h.GC = min(share(now.gc, w.last.gc), h.CPU)
		h.CPU += share(g.ToolCPU, 0)
	}
	w.last = now
	w.bounds.cores = runtime.GOMAXPROCS(0) // may change with the container's share
	c := circumstances{bounds: w.bounds, wall: wall, memory: now.memory, engine: g.Limited, started: started, late: late}
	h.Limited = c.limit(&h)
	return h
}
