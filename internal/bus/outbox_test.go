package bus

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestOutboxSendsInOrderAndAgain(t *testing.T) {
	t.Parallel()
	o := newOutbox(1 << 20)
	now := time.Now()
	for range 3 {
		if err := o.add("s", "id", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if got := numbers(o.due(now)); !equal(got, 1, 2, 3) {
		t.Fatalf("due at first: %v, want 1 2 3", got)
	}
	if got := numbers(o.due(now.Add(firstAckTimeout - 1))); len(got) != 0 {
		t.Fatalf("due while in flight: %v, want none", got)
	}
	o.acknowledge(2)
	o.acknowledge(2)
	o.acknowledge(99)
	if got := numbers(o.due(now.Add(firstAckTimeout))); !equal(got, 1, 3) {
		t.Fatalf("due after the wait: %v, want 1 3", got)
	}
	o.resend()
	if got := numbers(o.due(now.Add(firstAckTimeout))); !equal(got, 1, 3) {
		t.Fatalf("due after a reconnect: %v, want 1 3", got)
	}
	o.acknowledge(1)
	o.acknowledge(3)
	if err := o.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o.bytes != 0 || len(o.due(now.Add(time.Hour))) != 0 {
		t.Fatalf("%d bytes left after all was acknowledged", o.bytes)
	}
}

func TestOutboxBoundsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	o := newOutbox(1 << 30)
	for range maxFlightCount + 10 {
		if err := o.add("s", "id", make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	if got := len(o.due(now)); got != maxFlightCount {
		t.Fatalf("%d sent at once, want %d", got, maxFlightCount)
	}
	o.acknowledge(5)
	if got := numbers(o.due(now)); !equal(got, maxFlightCount+1) {
		t.Fatalf("due after one acknowledgement: %v, want the next one", got)
	}
	big := newOutbox(1 << 30)
	for range 3 {
		if err := big.add("s", "id", make([]byte, maxFlightBytes)); err != nil {
			t.Fatal(err)
		}
	}
	if got := numbers(big.due(now)); !equal(got, 1) {
		t.Fatalf("large ones sent at once: %v, want the first alone", got)
	}
}

func TestOutboxRefusesWhenFull(t *testing.T) {
	t.Parallel()
	o := newOutbox(100)
	if err := o.add("s", "id", make([]byte, 200)); err != nil {
		t.Fatalf("the first message is always taken, got %v", err)
	}
	if err := o.add("s", "id", make([]byte, 1)); !errors.Is(err, ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	o.mustAdd("s", "last word", make([]byte, 1))
	if got := numbers(o.due(time.Now())); !equal(got, 1, 2) {
		t.Fatalf("due: %v, want the event behind the window although all is full", got)
	}
	o.acknowledge(1)
	o.acknowledge(2)
	if err := o.add("s", "id", make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.flush(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("flush of a kept message: %v", err)
	}
}

func numbers(letters []letter) []uint64 {
	var n []uint64
	for _, l := range letters {
		n = append(n, l.number)
	}
	return n
}

func equal(got []uint64, want ...uint64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if got[i] != want[i] {
			return false
		}
	}
	return true
}
