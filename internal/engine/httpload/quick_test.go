package httpload

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

func TestQuick(t *testing.T) {
	url := os.Getenv("Q_URL")
	if url == "" {
		t.Skip()
	}
	users, _ := strconv.Atoi(os.Getenv("Q_USERS"))
	no := false
	keep := os.Getenv("Q_CLOSE") == ""
	streams, _ := strconv.Atoi(os.Getenv("Q_STREAMS"))
	o := load.Order{Model: load.Closed, Profile: enginetest.Hold(float64(users), 4*time.Second),
		Scenario: load.Scenario{Requests: []load.Request{{Label: "get", URL: url, Timeout: load.Duration(60 * time.Second)}},
			Connection: load.Connection{HTTP: os.Getenv("Q_HTTP"), Streams: streams, KeepAlive: &keep, TLS: load.TLS{Verify: &no}}}}
	if r := os.Getenv("Q_RATE"); r != "" {
		n, _ := strconv.Atoi(r)
		o.Model, o.Profile = load.Open, enginetest.Hold(float64(n), 4*time.Second)
	}
	if r := os.Getenv("Q_REQ"); r != "" {
		n, _ := strconv.Atoi(r)
		o.Requests, o.Profile = int64(n), enginetest.Endless(float64(users))
	}
	k := enginetest.NewTask(t, New(), o)
	before := cpu()
	begin := time.Now()
	k.Start(time.Now())
	got := k.Wait()
	used := cpu() - before
	fmt.Printf("requests %d failures %v cpu-us/req %.2f req/s %.0f p50 %v p99 %v lag99 %v bytes %.2f GB cpu-s/GB %.3f GB/s %.2f\n", got.Requests, got.Causes, float64(used.Microseconds())/float64(got.Requests), float64(got.Requests)/time.Since(begin).Seconds(), got.Latency.Quantile(.5), got.Latency.Quantile(.99), got.Lag.Quantile(.99), float64(got.BytesIn)/1e9, used.Seconds()/(float64(got.BytesIn)/1e9), float64(got.BytesIn)/1e9/time.Since(begin).Seconds())
}
