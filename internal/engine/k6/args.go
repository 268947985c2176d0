package k6

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
)

// command is k6's command line for a task. Nothing secret stands in it: a
// script's environment comes as an environment.
func (e *Engine) command(job *engine.Job) (tool.Command, error) {
	config := filepath.Join(e.work.Own, "config.json")
	// The user's own file could name outputs and options of another run.
	if err := os.WriteFile(config, []byte("{}\n"), 0o600); err != nil {
		return tool.Command{}, err
	}
	args := []string{
		"run", "--quiet", "--no-color", "--paused", "--address", e.control.address, "--config", config,
		"--out", e.samples.output, "--summary-export", e.summaryFile(),
	}
	args = append(args, segment(job)...)
	args = append(args, overrideArgs(load.ScriptLoadOf(job.Order.Scenario))...)
	args = append(args, filepath.FromSlash(e.work.Entry))
	env := append([]string{"K6_NO_USAGE_REPORT=true"}, e.samples.env...)
	return tool.Command{
		Name: Name, Path: e.k6.Path, Args: args, Dir: e.work.Dir,
		Env: tool.Environ(job, env...), Secrets: tool.SecretValues(job.Order.Secrets),
	}, nil
}

func (e *Engine) summaryFile() string { return filepath.Join(e.work.Own, "summary.json") }

// segment makes a task its part of the script's load: every task has the same
// sequence and another piece of it, so that together they are the whole, once.
func segment(job *engine.Job) []string {
	o := &job.Order
	if o.Scenario.Share == load.SharingPerTask || o.Count <= 1 {
		return nil
	}
	bounds, mine := bounds(o.Share)
	if len(bounds) < 3 {
		return nil
	}
	texts := make([]string, len(bounds))
	for i, b := range bounds {
		texts[i] = b.RatString()
	}
	return []string{
		"--execution-segment", texts[mine] + ":" + texts[mine+1],
		"--execution-segment-sequence", strings.Join(texts, ","),
	}
}

// bounds cuts the whole into pieces by the tasks' weights, and says which is
// this task's.
func bounds(share load.Share) (cuts []*big.Rat, mine int) {
	total := new(big.Int)
	for _, g := range share.Groups {
		total.Add(total, new(big.Int).Mul(new(big.Int).SetUint64(g.Weight), big.NewInt(int64(g.Tasks))))
	}
	cuts = []*big.Rat{new(big.Rat)}
	if total.Sign() == 0 {
		return cuts, 0
	}
	sum := new(big.Int)
	for i, g := range share.Groups {
		for n := range g.Tasks {
			if i == share.Group && n == share.Index {
				mine = len(cuts) - 1
			}
			if g.Weight == 0 {
				continue
			}
			sum.Add(sum, new(big.Int).SetUint64(g.Weight))
			cuts = append(cuts, new(big.Rat).SetFrac(new(big.Int).Set(sum), total))
		}
	}
	return cuts, mine
}

// overrideArgs are the flags for what the scenario replaces; Override has seen
// to it that k6 does with them what they say.
func overrideArgs(l load.ScriptLoad) []string {
	var args []string
	add := func(flag, value string) { args = append(args, flag, value) }
	if len(l.Stages) > 0 {
		add("--vus", "0")
		for _, s := range l.Stages {
			add("--stage", fmt.Sprintf("%s:%d", length(s.Duration), s.Users))
		}
		return args
	}
	if l.Users > 0 {
		add("--vus", fmt.Sprint(l.Users))
	}
	if l.Iterations > 0 {
		add("--iterations", fmt.Sprint(l.Iterations))
	}
	if l.Duration > 0 {
		add("--duration", length(l.Duration))
	}
	return args
}

func length(d load.Duration) string { return time.Duration(d).String() }
