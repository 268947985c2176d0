package k6

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
)

// BenchmarkHour reads an hour of k6 at 200,000 requests a second, of our own
// output and, at a rate that k6 can reach with it, of its CSV.
func BenchmarkHour(b *testing.B) {
	b.Run("stream", func(b *testing.B) {
		const rate = 200_000
		step := int64(time.Second / rate)
		head := newStream()
		for i := range 20 {
			head.tags(uint64(i), "name", fmt.Sprintf("http://x/%d", i), "url", fmt.Sprintf("http://x/%d", i), "method", "GET", "status", "200")
		}
		head.metric(0, "start", 1, 0)
		head.sample(0, 0, at(0), 0) // from here on instants are steps
		second := &stream{last: at(0)}
		for i := range rate {
			second.request(uint64(i%20), at(0)+int64(i+1)*step, time.Duration(1+i%50)*time.Millisecond, 0)
		}
		// Each sample is a step after the one before it, the first of the next second
		// too, so that the same bytes serve for every second.
		data := second.Bytes()
		s, recorder := sinkFor(b)
		enginetest.Hour{
			Head: head.Bytes(), Rate: rate, Recorder: recorder,
			Second: func(int) []byte { return data },
			Read:   func(in *bufio.Reader) error { return readStream(in, s) },
		}.Run(b)
	})
	b.Run("csv", func(b *testing.B) {
		const rate = 20_000
		head, _, _ := strings.Cut(sampleCSV, "\n")
		var text strings.Builder
		var places []int // of the instants' seconds
		names := httpNames()
		for i := range rate {
			for _, m := range names {
				places = append(places, text.Len()+len(m)+1)
				fmt.Fprintf(&text, "%s,%d,1.5,,,,,GET,http://x/%d,s,200,http://x/%d,,\n", m, at(time.Duration(i)*time.Second/rate), i%20, i%20)
			}
		}
		data := []byte(text.String())
		s, recorder := sinkFor(b)
		enginetest.Hour{
			Head: []byte(head + "\n"), Rate: rate, Recorder: recorder,
			Second: func(second int) []byte {
				now := fmt.Sprint(1000 + second)
				for _, at := range places {
					copy(data[at:], now)
				}
				return data
			},
			Read: func(in *bufio.Reader) error { return readCSV(in, s) },
		}.Run(b)
	})
}
