package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
)

// step is a part of `make demo`, done alone so that its time is known.
type step struct {
	what string
	call []string
}

// steps are all that `make demo` does before the demo, in its order. The
// modules come with the first build; asking for the list of packages fetches
// the same and compiles nothing.
var steps = []step{
	{"fetch the console's packages", []string{"make", "web/node_modules/.package-lock.json"}},
	{"build the console", []string{"make", "web"}},
	{"fetch the Go modules", []string{"go", "list", "-deps", "./cmd/onrush", "./cmd/onrush-agent"}},
	{"compile both programs", []string{"make", "build"}},
}

// cold clones this repository and makes the demo there with nothing cached.
func cold(b *rig.Bench) error {
	clone := filepath.Join(b.Dir, "onrush")
	caches := map[string]string{
		"GOPATH": filepath.Join(b.Dir, "go"), "GOMODCACHE": filepath.Join(b.Dir, "gomod"),
		"GOCACHE": filepath.Join(b.Dir, "gobuild"), "npm_config_cache": filepath.Join(b.Dir, "npm"),
	}
	env := append(os.Environ(), "GOFLAGS=-modcacherw") // so that the folder can be removed
	for name, dir := range caches {
		env = append(env, name+"="+dir)
	}
	begin := time.Now()
	if out, err := exec.CommandContext(b, "git", "clone", "-q", ".", clone).CombinedOutput(); err != nil {
		return fmt.Errorf("git clone: %w\n%s", err, out)
	}
	all := time.Since(begin)
	var rows []string
	for _, s := range steps {
		begin := time.Now()
		cmd := exec.CommandContext(b, s.call[0], s.call[1:]...)
		cmd.Dir, cmd.Env = clone, env
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", s.what, err, out)
		}
		took := time.Since(begin)
		all += took
		rows = append(rows, fmt.Sprintf("%.1f s", took.Seconds()))
	}
	last, err := demo(b, clone, env)
	if err != nil {
		return err
	}
	all += last
	b.Judge(all < goalCold, "fresh clone, empty caches: to the first live figure", "< 8 min", "%.0f s", all.Seconds())
	for i, s := range steps {
		b.Say("  "+s.what, "%s", rows[i])
	}
	b.Say("  make demo, up to the first live figure", "%.1f s", last.Seconds())
	b.Say("  disk: Go modules, Go build cache, npm cache, clone with all in it", "%d, %d, %d, %d MB",
		size(caches["GOMODCACHE"]), size(caches["GOCACHE"]), size(caches["npm_config_cache"]), size(clone))
	return nil
}

// size is what a folder's files hold, in MB.
func size(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // a file that just went has no size
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return nil
	})
	return sum / 1e6
}
