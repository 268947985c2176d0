package auth

import (
	"sync"
	"time"
)

// The throttle of wrong passwords. A name gets a burst of tries and then one
// every few seconds, so that guessing is hopeless while a user who mistypes is
// not kept waiting; an address gets more, since many people share one.
const (
	nameBurst, nameEvery       = 8, 15 * time.Second
	addressBurst, addressEvery = 40, 3 * time.Second
	throttleEntries            = 20_000 // most remembered; bounds what an attacker can make us keep
)

// throttle counts wrong tries by key, as leaky buckets.
type throttle struct {
	mu   sync.Mutex
	keys map[string]*bucket
}

type bucket struct {
	level float64 // tries not yet leaked away
	at    time.Time
}

func newThrottle() *throttle { return &throttle{keys: map[string]*bucket{}} }

// take counts one try against a key and returns 0, or how long to wait when
// the key has had too many; then the try is not counted.
func (t *throttle) take(key string, burst int, every time.Duration, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.keys[key]
	if b == nil {
		t.makeRoom(now)
		b = &bucket{at: now}
		t.keys[key] = b
	}
	b.level = max(0, b.level-now.Sub(b.at).Seconds()/every.Seconds())
	b.at = now
	if b.level+1 > float64(burst) {
		return time.Duration((b.level + 1 - float64(burst)) * float64(every))
	}
	b.level++
	return 0
}

// forget clears a key after a right password.
func (t *throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.keys, key)
}

// makeRoom drops what has leaked away; if an attacker fills the table faster
// than that, it drops anything: then the bound on memory is worth more. It
// always frees a quarter at once, so that a full table does not make every try
// walk through it.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.keys) < throttleEntries {
		return
	}
	for k, b := range t.keys {
		if now.Sub(b.at) > nameBurst*nameEvery {
			delete(t.keys, k)
		}
	}
	for k := range t.keys {
		if len(t.keys) < throttleEntries*3/4 {
			return
		}
		delete(t.keys, k)
	}
}
