package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"onrush.dev/onrush/bench/internal/rig"
)

// locustScript has its quickest client and no pauses: all of Locust's time goes
// into requests.
const locustScript = `from locust import FastHttpUser, LoadTestShape, task

class Bench(FastHttpUser):
    host = "%s"
    @task
    def get(self):
        self.client.get("/")

class Six(LoadTestShape):
    def tick(self):
        return (10, 100) if self.get_run_time() < 6 else None
`

func locust() subject {
	return subject{tool: "locust", env: "ONRUSH_LOCUST", file: "bench.py", script: locustScript, bare: bareLocust}
}

func bareLocust(b *rig.Bench, program, script string) (float64, error) {
	stats := filepath.Join(b.Dir, "stats")
	cmd := exec.CommandContext(b, program, "-m", "locust", "-f", script, "--headless", "--only-summary", "--json-file", stats)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	data, err := os.ReadFile(stats + ".json") // which Locust adds
	if err != nil {
		return 0, err
	}
	var entries []struct {
		Requests float64 `json:"num_requests"`
		Start    float64 `json:"start_time"`
		Last     float64 `json:"last_request_timestamp"`
	}
	if err := json.Unmarshal(data, &entries); err != nil {
		return 0, err
	}
	if len(entries) != 1 || entries[0].Last <= entries[0].Start {
		return 0, fmt.Errorf("it tells of %d kinds of requests", len(entries))
	}
	return entries[0].Requests / (entries[0].Last - entries[0].Start), nil
}
