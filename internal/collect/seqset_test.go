package collect

import "testing"

func TestSeqSet(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := random(seed)
		var set seqSet
		there := map[uint64]bool{}
		top := uint64(0)
		for range 300 {
			seq := 1 + r.Uint64N(200)
			if set.has(seq) != there[seq] {
				t.Fatalf("seed %d: has(%d) = %v", seed, seq, !there[seq])
			}
			if isNew := set.add(seq); isNew == there[seq] {
				t.Fatalf("seed %d: add(%d) = %v", seed, seq, isNew)
			}
			there[seq], top = true, max(top, seq)
			if set.len() != uint64(len(there)) || set.max() != top {
				t.Fatalf("seed %d: len %d, max %d, want %d and %d", seed, set.len(), set.max(), len(there), top)
			}
		}
		for i := 1; i < len(set.ranges); i++ {
			if set.ranges[i].first <= set.ranges[i-1].last+1 {
				t.Fatalf("seed %d: ranges touch: %v", seed, set.ranges)
			}
		}
	}
}
