package hist_test

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"onrush.dev/onrush/internal/hist"
)

// distribution draws latencies of one shape, in µs.
type distribution struct {
	name string
	draw func() int64
}

// distributions are the shapes that latencies take.
func distributions(rng *rand.Rand) []distribution {
	return []distribution{
		{"constant", func() int64 { return 123_457 }},
		{"few values", func() int64 { return rng.Int64N(7) }},
		{"uniform", func() int64 { return rng.Int64N(10_000_000) }},
		{"exponential", func() int64 { return int64(rng.ExpFloat64() * 40_000) }},
		{"log-normal", func() int64 { return int64(2000 * math.Exp(rng.NormFloat64())) }},
		{"heavy tail", func() int64 { return int64(min(500/math.Pow(1-rng.Float64(), 1.2), hist.MaxValue)) }},
		{"fast and slow region", func() int64 {
			if rng.IntN(10) == 0 {
				return 80_000 + rng.Int64N(30_000)
			}
			return 900 + rng.Int64N(1000)
		}},
		{"cache and timeout", func() int64 {
			if rng.IntN(500) == 0 {
				return 30_000_000
			}
			return 150 + rng.Int64N(200)
		}},
		{"every octave", func() int64 { return rng.Int64() >> (28 + rng.UintN(35)) }},
	}
}

// TestQuantileAgainstTruth holds every quantile against the sorted values.
func TestQuantileAgainstTruth(t *testing.T) {
	t.Parallel()
	permille := []int64{0, 1, 10, 100, 250, 500, 750, 900, 950, 990, 995, 999, 1000}
	for _, d := range distributions(rand.New(rand.NewPCG(1, 2))) {
		for _, n := range []int64{1, 2, 3, 100, 1000, 50_000} {
			h, values := hist.New(), make([]int64, n)
			for i := range values {
				values[i] = d.draw()
				h.Record(values[i])
			}
			slices.Sort(values)
			for _, p := range permille {
				want := values[max(0, (p*n+999)/1000-1)] // nearest rank, in whole numbers
				got := h.Quantile(float64(p) / 1000)
				if off := math.Abs(float64(got - want)); off > 0.004*float64(want) {
					t.Errorf("%s, %d values: quantile %.3f is %d, truth %d, %.2f %% off", d.name, n, float64(p)/1000, got, want, 100*off/float64(want))
				}
				if got < values[0] || got > values[n-1] {
					t.Errorf("%s, %d values: quantile %.3f is %d, outside %d to %d", d.name, n, float64(p)/1000, got, values[0], values[n-1])
				}
			}
			if h.Quantile(0) != values[0] || h.Quantile(1) != values[n-1] {
				t.Errorf("%s, %d values: quantiles 0 and 1 are %d and %d, want exactly %d and %d", d.name, n, h.Quantile(0), h.Quantile(1), values[0], values[n-1])
			}
		}
	}
}

// TestQuantileOfDecimals asks for every hundredth of 1 to 100. In floats
// 0.07·100 is more than 7, which must not make it the 8th value.
func TestQuantileOfDecimals(t *testing.T) {
	t.Parallel()
	h := hist.New()
	for v := range int64(100) {
		h.Record(v + 1)
	}
	for v := range int64(100) {
		if got := h.Quantile(float64(v+1) / 100); got != v+1 {
			t.Errorf("quantile %v of 1 to 100 is %d", float64(v+1)/100, got)
		}
	}
}

// TestEveryValueHasANearBucket walks over the edges of all buckets.
func TestEveryValueHasANearBucket(t *testing.T) {
	t.Parallel()
	for octave := range 36 {
		for sub := range int64(128) {
			low := int64(1)<<octave + sub<<octave/128
			for _, v := range []int64{low - 1, low, low + 1} {
				if v > hist.MaxValue {
					continue
				}
				h := hist.New()
				h.Record(0)
				h.Record(v)
				h.Record(v)
				h.Record(hist.MaxValue) // so that neither min nor max mends the answer
				got := h.Quantile(0.75)
				if off := math.Abs(float64(got - v)); off > 0.004*float64(v) || v < 256 && off != 0 {
					t.Fatalf("%d is answered with %d", v, got)
				}
			}
		}
	}
}

func TestMomentsAreExact(t *testing.T) {
	t.Parallel()
	for _, d := range distributions(rand.New(rand.NewPCG(3, 4))) {
		h := hist.New()
		n, sum, squares := int64(10_000), new(big.Int), new(big.Int)
		for range n {
			v := big.NewInt(d.draw())
			h.Record(v.Int64())
			sum.Add(sum, v)
			squares.Add(squares, v.Mul(v, v))
		}
		mean := new(big.Rat).SetFrac(sum, big.NewInt(n))
		variance := new(big.Rat).SetFrac(squares, big.NewInt(n))
		variance.Sub(variance, new(big.Rat).Mul(mean, mean))
		wantMean, _ := mean.Float64()
		v, _ := variance.Float64()
		near(t, d.name+": mean", h.Mean(), wantMean)
		near(t, d.name+": deviation", h.StdDev(), math.Sqrt(v))
	}
}

// TestStdDevOfNearlyEqualValues would fail with the plain formula in floats:
// the deviation is a millionth of a millionth of the mean.
func TestStdDevOfNearlyEqualValues(t *testing.T) {
	t.Parallel()
	h := hist.New()
	const hour = 3_600_000_000
	h.RecordN(hour, 50_000_000)
	h.RecordN(hour+2, 50_000_000)
	near(t, "mean", h.Mean(), hour+1)
	near(t, "deviation", h.StdDev(), 1)
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestClamped(t *testing.T) {
	t.Parallel()
	h := hist.New()
	h.Record(-1)
	h.Record(math.MinInt64)
	h.Record(0)
	h.Record(hist.MaxValue)
	h.Record(hist.MaxValue + 1)
	h.RecordN(math.MaxInt64, 2)
	h.RecordN(5, 0)
	h.RecordN(5, -3)
	if got := [...]int64{h.Count(), h.Clamped(), h.Min(), h.Max(), h.Sum()}; got != [...]int64{7, 5, 0, hist.MaxValue, 4 * hist.MaxValue} {
		t.Errorf("count, clamped, min, max, sum are %d", got)
	}
}

func TestEmptyAndNil(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*hist.Hist{"empty": hist.New(), "nil": nil} {
		if h.Count() != 0 || h.Clamped() != 0 || h.Sum() != 0 || h.Min() != 0 || h.Max() != 0 ||
			h.Mean() != 0 || h.StdDev() != 0 || h.Quantile(0.5) != 0 {
			t.Errorf("%s histogram has a figure that is not 0", name)
		}
		to := hist.New()
		to.Record(7)
		want := to.AppendBinary(nil)
		to.Merge(h)
		if _, err := to.MergeBinary(h.AppendBinary(nil)); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(to.AppendBinary(nil), want) {
			t.Errorf("merging a histogram that is %s changed the other", name)
		}
	}
}

// TestMergeIsRecording splits values at random over histograms, merges these in
// a random tree, half of the time by their bytes, and compares with one
// histogram of all values: all of it must be equal, to the last bit.
func TestMergeIsRecording(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for _, d := range distributions(rng) {
		whole, parts := hist.New(), make([]*hist.Hist, 9)
		for i := range parts {
			parts[i] = hist.New()
		}
		for range 5000 {
			v := d.draw() - 2 // a few are below 0, and clamped
			whole.Record(v)
			parts[rng.IntN(len(parts)-1)].Record(v) // the last one stays empty
		}
		for len(parts) > 1 {
			rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			last := len(parts) - 1
			if rng.IntN(2) == 0 {
				parts[0].Merge(parts[last])
			} else if rest, err := parts[0].MergeBinary(append(parts[last].AppendBinary(nil), "rest"...)); err != nil || string(rest) != "rest" {
				t.Fatalf("%s: rest %q, error %v", d.name, rest, err)
			}
			parts = parts[:last]
		}
		if !bytes.Equal(parts[0].AppendBinary(nil), whole.AppendBinary(nil)) {
			t.Errorf("%s: merged parts differ from the whole", d.name)
		}
	}
}

func TestRecordNIsRecordingNTimes(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	one, many := hist.New(), hist.New()
	for range 500 {
		v, n := rng.Int64()>>(20+rng.UintN(40))-100, rng.Int64N(40)
		many.RecordN(v, n)
		for range n {
			one.Record(v)
		}
	}
	if !bytes.Equal(one.AppendBinary(nil), many.AppendBinary(nil)) {
		t.Error("RecordN(v, n) differs from n times Record(v)")
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	h, fresh := hist.New(), hist.New()
	h.RecordN(77_000, 1000)
	h.Record(-1)
	h.Reset()
	for _, x := range []*hist.Hist{h, fresh} {
		x.Record(1000)
		x.Record(78_000)
	}
	if !bytes.Equal(h.AppendBinary(nil), fresh.AppendBinary(nil)) {
		t.Error("a histogram remembers what it held before Reset")
	}
}

func TestResetKeepsMemory(t *testing.T) {
	h := hist.New()
	h.Record(1000)
	if got := testing.AllocsPerRun(10, func() { h.Reset(); h.Record(1000) }); got != 0 {
		t.Errorf("a histogram that was reset allocates %.0f times", got)
	}
}

// TestCountsBeyond32Bits fills buckets up to the edge of their 32 bits and over
// it, in every way in which a count can grow.
func TestCountsBeyond32Bits(t *testing.T) {
	t.Parallel()
	const edge = 1 << 32
	small, want := hist.New(), hist.New()
	for v := range int64(40) {
		small.RecordN(v*100, 3)
		want.RecordN(v*100, edge-1)
		want.RecordN(v*100, 3*edge+4)
	}
	ways := map[string]func(h *hist.Hist){
		"record": func(h *hist.Hist) {
			for v := range int64(40) {
				for range 3 {
					h.Record(v * 100)
				}
			}
		},
		"merge":       func(h *hist.Hist) { h.Merge(small) },
		"merge bytes": func(h *hist.Hist) { mustMerge(t, h, small) },
		"after a failed merge": func(h *hist.Hist) {
			b := small.AppendBinary(nil)
			if _, err := h.MergeBinary(b[:len(b)-1]); err == nil {
				t.Error("bytes that were cut short were merged")
			}
			h.Merge(small)
		},
	}
	for name, way := range ways {
		got, rest := hist.New(), hist.New()
		for v := range int64(40) {
			got.RecordN(v*100, edge-1)
			rest.RecordN(v*100, 3*edge+1)
		}
		way(got)
		got.Merge(rest)
		again := hist.New()
		mustMerge(t, again, got)
		for _, h := range []*hist.Hist{got, again} {
			if !bytes.Equal(h.AppendBinary(nil), want.AppendBinary(nil)) {
				t.Errorf("%s: counts went wrong", name)
			}
			if got := h.Quantile(0.5); got != want.Quantile(0.5) || got < 1899 || got > 1910 {
				t.Errorf("%s: median is %d, want about 1900", name, got)
			}
		}
	}
}

func mustMerge(t *testing.T, to, from *hist.Hist) {
	t.Helper()
	if _, err := to.MergeBinary(from.AppendBinary(nil)); err != nil {
		t.Fatal(err)
	}
}

func TestQuantilesAreQuantile(t *testing.T) {
	t.Parallel()
	qs := []float64{-1, 0, 0.001, 0.25, 0.5, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1, 2}
	for _, d := range distributions(rand.New(rand.NewPCG(9, 10))) {
		h := hist.New()
		for n := range 300 {
			got := make([]int64, len(qs))
			h.Quantiles(got, qs...)
			for i, q := range qs {
				if want := h.Quantile(q); got[i] != want {
					t.Fatalf("%s, %d values: quantile %v is %d together and %d alone", d.name, n, q, got[i], want)
				}
			}
			h.Record(d.draw())
		}
	}
}
