package peers

import (
	"testing"
	"time"
)

func TestNumberTakesTheLastCount(t *testing.T) {
	t.Parallel()
	got, err := number(`summary =\s+(\d+) in`)("summary +    10 in\nsummary =     10 in 1s\nsummary =    250 in 00:00:04")
	if err != nil || got != 250 {
		t.Errorf("got %d, %v", got, err)
	}
	if _, err := number(`(\d+) requests in`)("Usage: wrk"); err == nil {
		t.Error("a text without a count is no error")
	}
}

func TestExact(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := range 1000 {
		all = append(all, time.Duration(1000-i))
	}
	if got, err := Exact(all); err != nil || got != (Latencies{500, 990, 999}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Exact(nil); err == nil {
		t.Error("nothing has percentiles")
	}
}

func TestFromCSV(t *testing.T) {
	t.Parallel()
	got, err := fromCSV("response-time,x\n0.0010,1\n0.2000,1\n", 0, float64(time.Second))
	if err != nil || got != (Latencies{time.Millisecond, 200 * time.Millisecond, 200 * time.Millisecond}) {
		t.Errorf("got %v, %v", got, err)
	}
}
