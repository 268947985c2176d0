package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"

	"onrush.dev/onrush/bench/internal/rig"
)

// readers are the packages whose BenchmarkHour feeds their reader an hour of
// samples, second by second, and says what memory it takes.
func readers() []string { return []string{"k6", "jmeter", "locust"} }

// result is what a benchmark says at its end.
var result = regexp.MustCompile(`(?m)^(BenchmarkHour\S*)\s.*?([\d.]+) MB\s+(\d+) samples/s`)

// readHours runs them and judges that memory stayed as it was, which they see
// themselves.
func readHours(b *rig.Bench) error {
	for _, name := range readers() {
		var out bytes.Buffer
		cmd := exec.CommandContext(b, "go", "test", "-run", "^$", "-bench", "^BenchmarkHour", "-benchtime", "1x", "-timeout", "1h", "./internal/engine/"+name)
		cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, &out), os.Stderr
		failed := cmd.Run()
		found := result.FindAllStringSubmatch(out.String(), -1)
		if len(found) == 0 {
			return fmt.Errorf("%s: no figures: %w", name, failed)
		}
		for _, f := range found {
			b.Judge(failed == nil, name+": memory over an hour of samples ("+f[1]+")", "constant", "%s MB, read at %s samples/s", f[2], f[3])
		}
	}
	return nil
}
