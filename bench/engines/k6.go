package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"onrush.dev/onrush/bench/internal/rig"
)

func k6() subject {
	return subject{
		tool: "k6", env: "ONRUSH_K6", file: "bench.js",
		script: "import http from 'k6/http';\nexport const options = { vus: 10, duration: '6s' };\nexport default function () { http.get('%s'); }\n",
		bare:   bareK6,
	}
}

func bareK6(b *rig.Bench, program, script string) (float64, error) {
	summary := filepath.Join(b.Dir, "summary.json")
	cmd := exec.CommandContext(b, program, "run", "--quiet", "--address", "", "--summary-export", summary, script)
	cmd.Env = append(os.Environ(), "K6_NO_USAGE_REPORT=true")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	data, err := os.ReadFile(summary)
	if err != nil {
		return 0, err
	}
	var s struct {
		Metrics map[string]struct{ Rate float64 }
	}
	err = json.Unmarshal(data, &s)
	return s.Metrics["http_reqs"].Rate, err
}
