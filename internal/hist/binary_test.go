package hist_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"onrush.dev/onrush/internal/hist"
)

// TestBinaryVersion1 holds the bytes: windows and series that were written by
// an older program must stay readable. A change needs a new version.
func TestBinaryVersion1(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		record func(*hist.Hist)
		want   string
	}{
		"empty":       {func(*hist.Hist) {}, "0100"},
		"one":         {func(h *hist.Hist) { h.Record(5) }, "0101000500050019" + "01"},
		"neighbours":  {func(h *hist.Hist) { h.RecordN(5, 15); h.Record(6) }, "011000050151009b03" + "0f01"},
		"long count":  {func(h *hist.Hist) { h.RecordN(5, 16) }, "0110000500500090" + "0300" + "00"},
		"long skip":   {func(h *hist.Hist) { h.Record(0); h.Record(16); h.RecordN(200, 300) }, "01ae020000c801f0d4030080b8dc05" + "01" + "f100" + "f0a8019c02"},
		"clamped":     {func(h *hist.Hist) { h.Record(-1) }, "0101010000000000" + "01"},
		"all numbers": {func(h *hist.Hist) { h.RecordN(hist.MaxValue, 1000) }, "01e80700ffffffffff010098f8ffffffcf0fffcf0fe887808080e0e0ffff01" + "00d807"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hist.New()
			test.record(h)
			if got := hex.EncodeToString(h.AppendBinary(nil)); got != test.want {
				t.Errorf("bytes are\n%s, want\n%s", got, test.want)
			}
		})
	}
}

// TestMergeBinaryIsAllOrNothing damages bytes in every place. What is refused
// must leave no trace, and what is not must still be a histogram.
func TestMergeBinaryIsAllOrNothing(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	from, to := hist.New(), hist.New()
	for range 200 {
		from.Record(int64(2000 * math.Exp(rng.NormFloat64())))
		to.Record(int64(5000 * math.Exp(rng.NormFloat64())))
	}
	from.RecordN(40_000_000, 1000)
	good, before := from.AppendBinary(nil), to.AppendBinary(nil)
	refused := 0
	try := func(b []byte) {
		if _, err := to.MergeBinary(b); err != nil {
			refused++
			if !bytes.Equal(to.AppendBinary(nil), before) {
				t.Fatalf("%x was refused and left a trace", b)
			}
			return
		}
		to.Reset()
		if _, err := to.MergeBinary(before); err != nil {
			t.Fatal(err)
		}
	}
	for i := range good {
		try(good[:i])
		for range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= byte(1 + rng.IntN(255))
			try(bad)
		}
	}
	if refused < len(good) {
		t.Errorf("only %d damaged histograms were refused", refused)
	}
}

func FuzzMergeBinary(f *testing.F) {
	h := hist.New()
	f.Add(h.AppendBinary(nil))
	h.RecordN(-5, 20)
	f.Add(h.AppendBinary(nil))
	for i := range int64(30) {
		h.RecordN(i*i*i*i*100, i)
	}
	f.Add(h.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		to := hist.New()
		to.Record(3_000)
		before := to.AppendBinary(nil)
		rest, err := to.MergeBinary(b)
		after := to.AppendBinary(nil)
		if err != nil {
			if !bytes.Equal(before, after) {
				t.Fatal("refused bytes left a trace")
			}
			return
		}
		if !bytes.HasSuffix(b, rest) {
			t.Fatal("the rest is not the rest")
		}
		if d := to.StdDev(); d < 0 || math.IsNaN(d) || math.IsInf(d, 0) {
			t.Fatalf("deviation is %v", d)
		}
		last := to.Min()
		for _, q := range []float64{0.1, 0.5, 0.9, 0.99, 1} {
			v := to.Quantile(q)
			if v < last || v > to.Max() {
				t.Fatalf("quantile %v is %d, after %d and with max %d", q, v, last, to.Max())
			}
			last = v
		}
		again, rest, err := hist.DecodeBinary(after)
		if err != nil || len(rest) != 0 || !bytes.Equal(again.AppendBinary(nil), after) {
			t.Fatalf("what was merged cannot be written and read again: %v", err)
		}
	})
}
