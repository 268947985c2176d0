package control

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestRooms(t *testing.T) {
	t.Parallel()
	r := newRooms()
	steps := []struct {
		region, run string
		tasks, has  int
		want        bool
	}{
		{"eu", "a", 6, 10, true},
		{"eu", "b", 5, 10, false}, // 4 are left
		{"eu", "b", 4, 10, true},
		{"eu", "a", 6, 10, true}, // asked again: its own promise does not stand in its way
		{"eu", "c", 1, 10, false},
		{"us", "c", 10, 10, true}, // another region is another room
		{"us", "d", 1, 10, false},
		{"asia", "a", 1, 0, false},
	}
	for _, s := range steps {
		if got := r.take(s.region, s.run, s.tasks, s.has); got != s.want {
			t.Errorf("take %d of %d in %s for run %s: %v, want %v", s.tasks, s.has, s.region, s.run, got, s.want)
		}
	}
	r.leave("eu", "a")
	r.leave("nowhere", "a")
	if r.take("eu", "c", 7, 10) || !r.take("eu", "c", 6, 10) {
		t.Error("after a left, 6 places are free beside those of b")
	}
}

// TestRoomsTogether lets many runs ask at once: the region is never promised to
// more than it holds.
func TestRoomsTogether(t *testing.T) {
	t.Parallel()
	r := newRooms()
	var got atomic.Int64
	var runs sync.WaitGroup
	for i := range 50 {
		runs.Go(func() {
			if r.take("eu", string(rune('A'+i)), 3, 20) {
				got.Add(1)
			}
		})
	}
	runs.Wait()
	if got.Load() != 6 {
		t.Errorf("%d runs of 3 tasks got room in a region of 20, want 6", got.Load())
	}
}
