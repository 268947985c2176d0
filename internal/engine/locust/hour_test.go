package locust

import (
	"bufio"
	"encoding/binary"
	"math"
	"testing"

	"onrush.dev/onrush/internal/engine/enginetest"
)

// BenchmarkHour reads an hour of Locust at 200,000 samples a second.
func BenchmarkHour(b *testing.B) {
	const rate, place = 200_000, 5 // of a sample's end in its frame
	s, recorder := fed(b)
	one := frame('S', uint32(0), 1000.0, 12.5, int64(100), uint16(200), uint32(0))
	data := make([]byte, 0, rate*len(one))
	for range rate {
		data = append(data, one...)
	}
	enginetest.Hour{
		Head: append([]byte(streamHeader), named("GET", "/a")...), Rate: rate, Recorder: recorder,
		Second: func(second int) []byte {
			for i := range rate {
				end := 1000 + float64(second) + float64(i)/rate
				binary.LittleEndian.PutUint64(data[i*len(one)+place:], math.Float64bits(end))
			}
			return data
		},
		Read: func(in *bufio.Reader) error { return readStream(in, s) },
	}.Run(b)
}
