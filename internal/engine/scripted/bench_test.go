package scripted_test

import (
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/engine/scripted"
	"onrush.dev/onrush/internal/load"
)

// BenchmarkTwoHundredTasks is what 200 tasks with 5 users each take in a second.
func BenchmarkTwoHundredTasks(b *testing.B) {
	for b.Loop() {
		start := time.Now().Add(200 * time.Millisecond)
		var tasks []*enginetest.Task
		for i := range 200 {
			k := enginetest.NewTask(b, scripted.New(), load.Order{
				Scenario: script(load.Scripted{Latency: ms(10)}), Index: i,
				Model: load.Closed, Profile: enginetest.Hold(5, 2*time.Second),
			})
			k.Start(start)
			tasks = append(tasks, k)
		}
		requests := int64(0)
		for _, k := range tasks {
			requests += k.Wait().Requests
		}
		b.ReportMetric(float64(requests)/2, "requests/s")
	}
}
