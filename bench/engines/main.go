// Command engines measures what being measured costs a tool: its rate of
// requests on one core with Onrush attached, beside its own rate with its output
// off, in turns. The tool is held to one core; target and Onrush have the
// others, or share that one where there is no other. A further tool adds a
// subject. With --hour it measures something else: an hour of samples, fed to
// each reader as fast as it reads. Read main first.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/tools"
)

const (
	goal  = 0.9
	turns = 3
)

// subject is one tool with a script that does nothing but send requests.
type subject struct {
	tool   string // in package tools
	label  string // where that is another: JMeter's program is java
	env    string // names the program for Onrush: ONRUSH_K6
	file   string
	script string // %s is the target
	// bare runs the tool by itself, output off, and returns its requests a
	// second. program is held to one core.
	bare func(b *rig.Bench, program, script string) (float64, error)
}

func main() {
	if slices.Contains(os.Args[1:], "--hour") {
		rig.Main("engines", readHours)
		return
	}
	rig.Main("engines", func(b *rig.Bench) error {
		target, end, err := startTarget(b)
		if err != nil {
			return err
		}
		defer end()
		for _, s := range []subject{k6(), jmeter(), locust()} {
			if err := measure(b, s, target); err != nil {
				return fmt.Errorf("%s: %w", s.tool, err)
			}
		}
		return nil
	})
}

func measure(b *rig.Bench, s subject, target string) error {
	t, err := tools.Find(b, s.tool)
	if err != nil {
		return err
	}
	program, err := held(b, t)
	if err != nil {
		return err
	}
	script := filepath.Join(b.Dir, s.file)
	if err := os.WriteFile(script, fmt.Appendf(nil, s.script, target), 0o600); err != nil {
		return err
	}
	if err := os.Setenv(s.env, program); err != nil {
		return err
	}
	var bare, attached []float64
	for range turns {
		rate, err := s.bare(b, program, script)
		if err != nil {
			return err
		}
		bare = append(bare, rate)
		report, err := b.Run(nil, script)
		if err != nil {
			return err
		}
		if report.Accounting.ToolDiffers != 0 || report.Accounting.ToolTasks != 1 {
			return fmt.Errorf("the tool counted %d requests, the report has %d", report.Accounting.ToolRequests, report.Total.Requests)
		}
		attached = append(attached, float64(report.Total.Requests)/report.Run.Seconds)
	}
	ratio := median(attached) / median(bare)
	b.Judge(ratio >= goal, cmp.Or(s.label, s.tool)+": rate on one core, attached beside bare", fmt.Sprintf("%.0f %%", 100*goal),
		"%.1f %% (%.0f and %.0f requests/s)", 100*ratio, median(attached), median(bare))
	return nil
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// held is a program that runs the tool on the first core alone.
func held(b *rig.Bench, t tools.Tool) (string, error) {
	path := filepath.Join(b.Dir, t.Name+"-held")
	text := fmt.Sprintf("#!/bin/sh\nGOMAXPROCS=1 exec taskset -c 0 '%s' \"$@\"\n", t.Path)
	return path, os.WriteFile(path, []byte(text), 0o700)
}

// startTarget is the sample target, on the last core.
func startTarget(b *rig.Bench) (url string, end func(), err error) {
	cmd := exec.CommandContext(b, "taskset", "-c", "1", b.Program("onrush"), "target", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	end = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
	buf := make([]byte, 4096)
	said := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		n, err := out.Read(buf)
		said += string(buf[:n])
		if found := regexp.MustCompile(`http://\S+`).FindString(said); found != "" {
			return found, end, nil
		}
		if err != nil {
			break
		}
	}
	end()
	return "", nil, errors.New("the target did not come up: " + said)
}
