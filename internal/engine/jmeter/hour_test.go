package jmeter

import (
	"bufio"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/record"
)

// BenchmarkHour reads an hour of JMeter at 200,000 samples a second.
func BenchmarkHour(b *testing.B) {
	const rate, begin = 200_000, 1_000_000 // seconds: as many digits all the time
	var text strings.Builder
	var places []int // of the instants' seconds
	for i := range rate {
		places = append(places, text.Len())
		text.WriteString(row(begin*1000+i*1000/rate, 0, fmt.Sprint("request ", i%10), "200", "OK", fmt.Sprintf("users 1-%d", i%50), "true", ""))
	}
	data := []byte(text.String())
	job := engine.Job{Start: time.Unix(begin, 0), Recorder: record.New(record.Options{Task: "t"}), Log: slog.New(slog.DiscardHandler)}
	s := newSink(&job, nil)
	s.begin(&job)
	enginetest.Hour{
		Rate: rate, Recorder: job.Recorder,
		Second: func(second int) []byte {
			now := fmt.Sprint(begin + second)
			for _, at := range places {
				copy(data[at:], now)
			}
			return data
		},
		Read: func(in *bufio.Reader) error { return readJTL(in, func([]byte) {}, s.row, s.flush) },
	}.Run(b)
}
