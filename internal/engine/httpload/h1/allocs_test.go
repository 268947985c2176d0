//go:build !race

package h1

import "testing"

// TestNothingIsAllocated in the common cases: a load generator at full speed
// would be collecting garbage instead. (The race detector empties pools on
// purpose, so this is not for it.)
func TestNothingIsAllocated(t *testing.T) {
	for name, pieces := range map[string][]string{
		"Whole":   {benchHead + "Content-Length: 1024\r\n\r\n" + kilobyte},
		"Cut":     {benchHead[:100], benchHead[100:] + "Content-Length: 1024\r\n\r\n", kilobyte},
		"Chunked": {benchHead + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + kilobyte, "\r\n0\r\n\r\n"},
		"Interim": {"HTTP/1.1 103 \r\nA: b\r\n\r\n" + benchHead + "Content-Length: 0\r\n\r\n"},
	} {
		m, r, s := benchMessage(), &counter{}, New(&sinkLink{}, NewShared(Options{}))
		var wire [][]byte
		for _, p := range pieces {
			wire = append(wire, []byte(p))
		}
		if n := testing.AllocsPerRun(1000, func() {
			s.Start(m, r)
			for _, p := range wire {
				if err := s.Receive(p); err != nil {
					t.Fatal(err)
				}
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for an exchange", name, n)
		}
	}
}
