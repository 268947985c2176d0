package collect

import (
	"bytes"
	"testing"
)

func TestSliderEqualsPlainMerging(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 7} {
		r := random(uint64(n))
		var seconds []*cell
		s := newSlider(n)
		for second := range 25 {
			c := &cell{requests: r.Int64N(100), failures: r.Int64N(10)}
			for range c.requests {
				c.hist(latency).Record(r.Int64N(1e6))
			}
			seconds = append(seconds, c)
			got, err := s.push(c)
			if err != nil {
				t.Fatal(err)
			}
			if second+1 < n {
				if got != nil {
					t.Fatalf("n %d: a stretch after %d seconds", n, second+1)
				}
				continue
			}
			want := &cell{}
			for _, c := range seconds[second+1-n:] {
				want.merge(c)
			}
			f := figuresOf(want)
			if g := figuresOf(got); !bytes.Equal(got.appendTo(nil, g), want.appendTo(nil, f)) {
				t.Fatalf("n %d, second %d: got %+v, want %+v", n, second, g, f)
			}
		}
	}
}
