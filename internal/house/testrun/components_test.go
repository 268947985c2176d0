package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/house/testcount"
)

// component writes a program into a folder; each call of it is noted in NAME.calls.
func component(t *testing.T, dir, name, body string) {
	t.Helper()
	text := "#!/bin/sh\necho \"$1 ${ONRUSH_TEST_RUN:+run}\" >>\"$0.calls\"\n" + body
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func calls(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name+".calls"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(data)), " ")
}

func TestComponents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// Each waits for the other: they come up at the same time or not at all.
	meet := `[ "$1" = up ] || exit 0; : >"$0.here"; for i in $(seq 100); do [ -e ` + dir + `/%s.here ] && break; sleep 0.1; done; [ -e ` + dir + `/%s.here ] || exit 9; `
	component(t, dir, "engine", strings.ReplaceAll(meet, "%s", "cluster")+`echo working >&2; echo ENGINE_HOST=unix:///there; echo SECOND=a=b`)
	component(t, dir, "cluster", strings.ReplaceAll(meet, "%s", "engine")+`echo CLUSTER=here`)
	component(t, dir, "broken", `[ "$1" = up ] || exit 0; echo "no such package" >&2; exit 3`)
	component(t, dir, "talker", `[ "$1" = up ] && echo "hello there"`)
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c, err := findComponents(dir, &log)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"broken", "cluster", "engine", "talker"}; !slices.Equal(c.names, want) {
		t.Fatalf("found %v, want %v", c.names, want)
	}
	env, tally := c.up(t.Context())
	slices.Sort(env)
	if want := []string{"CLUSTER=here", "ENGINE_HOST=unix:///there", "SECOND=a=b"}; !slices.Equal(env, want) {
		t.Errorf("got %v, want %v", env, want)
	}
	failed := map[string]string{}
	for _, test := range tally.Tests {
		failed[test.Name] = test.Output
		if test.Outcome != testcount.Failed {
			t.Errorf("%s counts as a test that %s", test.Name, test.Outcome)
		}
	}
	if len(failed) != 2 || !strings.Contains(failed["broken"], "no such package") || !strings.Contains(failed["talker"], "hello there") {
		t.Errorf("got failures %v, want broken and talker with their causes", failed)
	}
	if !strings.Contains(log.String(), "engine: working\n") {
		t.Errorf("the log %q lacks what the engine said", log.String())
	}
	_ = c.down() // talker's says 1
	for _, name := range c.names {
		if got := calls(t, dir, name); got != "up run down run" {
			t.Errorf("%s was called with %q, want up, then down", name, got)
		}
	}
}

// Told to end while a component comes up, it stops that and still ends it.
func TestComponentsInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	component(t, dir, "slow", `[ "$1" = up ] || exit 0; : >"$0.here"; sleep 1000 & wait`)
	c, err := findComponents(dir, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for {
			if _, err := os.Stat(filepath.Join(dir, "slow.here")); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if _, tally := c.up(ctx); tally.Count(testcount.Failed) != 1 {
		t.Errorf("got %+v, want one failure", tally)
	}
	if err := c.down(); err != nil {
		t.Error(err)
	}
	if got := calls(t, dir, "slow"); got != "up run down run" {
		t.Errorf("called with %q, want up, then down", got)
	}
}

func TestNoComponents(t *testing.T) {
	t.Parallel()
	c, err := findComponents(filepath.Join(t.TempDir(), "none"), &bytes.Buffer{})
	if err != nil || len(c.names) != 0 {
		t.Errorf("got %v, %v, want none", c, err)
	}
}
