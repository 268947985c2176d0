package auth

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPasswordHash(t *testing.T) {
	t.Parallel()
	hash := hashPassword("secret word")
	if !samePassword(hash, "secret word") || samePassword(hash, "secret worD") || samePassword(hash, "") {
		t.Error("the hash does not tell passwords apart")
	}
	if again := hashPassword("secret word"); again == hash {
		t.Error("two users with one password have one hash")
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash does not say its cost: %s", hash)
	}
	parts := strings.Split(hash, "$")
	for _, cost := range []string{"m=4294967295,t=1,p=1", "m=1024,t=4294967295,p=1", "m=1024,t=0,p=1", "m=1024,t=1,p=0", "x"} {
		parts[3] = cost
		if samePassword(strings.Join(parts, "$"), "secret word") {
			t.Errorf("a hash with cost %s was believed", cost)
		}
	}
	for _, bad := range []string{"", "secret word", "$argon2id$v=19$m=1024,t=1,p=1$AAAA$", "$argon2i$v=19$m=1024,t=1,p=1$AAAA$AAAA"} {
		if samePassword(bad, "") || samePassword(bad, "secret word") {
			t.Errorf("hash %q was believed", bad)
		}
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	th, now := newThrottle(), time.Unix(1000, 0)
	for i := range 3 {
		if wait := th.take("k", 3, time.Second, now); wait != 0 {
			t.Fatalf("try %d has to wait %s", i, wait)
		}
	}
	wait := th.take("k", 3, time.Second, now)
	if wait != time.Second {
		t.Errorf("the wait is %s, want 1 s", wait)
	}
	if th.take("other", 3, time.Second, now) != 0 {
		t.Error("one key's tries count for another")
	}
	if th.take("k", 3, time.Second, now.Add(wait)) != 0 {
		t.Error("the wait that was told is not enough")
	}
	if th.take("k", 3, time.Second, now.Add(wait)) == 0 {
		t.Error("one wait gave two tries")
	}
}

// TestThrottleIsBounded: names made up by an attacker must not fill memory.
func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	th, now := newThrottle(), time.Unix(1000, 0)
	for i := range 3 * throttleEntries {
		th.take(fmt.Sprint(i), nameBurst, nameEvery, now)
	}
	if n := len(th.keys); n > throttleEntries {
		t.Errorf("%d keys are remembered", n)
	}
}
