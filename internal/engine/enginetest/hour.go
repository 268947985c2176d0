package enginetest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/record"
)

// Hour feeds a reader of a tool's samples all that the tool would write in an
// hour, as fast as it can be read, and shows that memory stays as it is. It is
// for benchmarks that are run once (-benchtime 1x).
type Hour struct {
	Head   []byte                  // what comes before the samples
	Second func(second int) []byte // a second's samples; the bytes may be used again
	Rate   int                     // samples in each second
	Read   func(in *bufio.Reader) error
	// Recorder takes what was read. Its windows are cut second by second, as an
	// agent does.
	Recorder *record.Recorder
}

const (
	hourSeconds = 3600
	// behind is how many seconds after a second was written its window is cut:
	// the reader may be a buffer behind.
	behind = 2
	settle = 5 // minutes until memory is what it stays at
)

// Run reads the hour and judges it.
func (h Hour) Run(b *testing.B) {
	b.Helper()
	in, out := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := h.Read(bufio.NewReaderSize(in, 1<<18))
		in.CloseWithError(fmt.Errorf("the reader has ended: %w", err))
		read <- err
	}()
	write := func(data []byte) {
		if _, err := out.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	var got int64
	var encoded []byte
	take := func(w *load.Window) {
		encoded = load.AppendWindow(encoded[:0], w)
		for i := range w.Entries {
			got += w.Entries[i].Requests
		}
	}
	began, minute := time.Now(), time.Now()
	var early, late int64 // greatest resident memory of the first half, and of the second
	write(h.Head)
	for second := range hourSeconds {
		write(h.Second(second))
		if second >= behind {
			take(h.Recorder.Cut(second - behind))
		}
		if (second+1)%60 != 0 {
			continue
		}
		var heap runtime.MemStats
		runtime.ReadMemStats(&heap)
		now, at := resident(), (second+1)/60
		fmt.Printf("minute %2d: heap %5.1f MB, resident %5.1f MB, %.1f M samples/s\n", at, float64(heap.HeapInuse)/1e6, float64(now)/1e6,
			float64(60*h.Rate)/time.Since(minute).Seconds()/1e6)
		minute = time.Now()
		switch {
		case at > hourSeconds/60/2:
			late = max(late, now)
		case at > settle:
			early = max(early, now)
		}
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	if err := <-read; err != nil {
		b.Fatal(err)
	}
	take(h.Recorder.Last())
	if want := int64(hourSeconds) * int64(h.Rate); got != want {
		b.Errorf("%d samples of %d are in the windows", got, want)
	}
	if late > early+early/10 {
		b.Errorf("memory grew: at most %d bytes until the half hour, %d after it", early, late)
	}
	b.ReportMetric(float64(hourSeconds)*float64(h.Rate)/time.Since(began).Seconds(), "samples/s")
	b.ReportMetric(float64(late)/1e6, "MB")
}

// resident is the memory that this process has now, in bytes; 0 where the system
// does not say.
func resident() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
