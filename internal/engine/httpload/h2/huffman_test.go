package h2

import (
	"bytes"
	"testing"

	"golang.org/x/net/http2/hpack"
)

func appendPacked(dst []byte, text string) []byte { return hpack.AppendHuffmanString(dst, text) }

func FuzzHuffman(f *testing.F) {
	for _, text := range []string{"", "a", "www.example.com", "\x00\xff\x80", "Thu, 26 Nov 2026 12:00:00 GMT"} {
		f.Add(appendPacked(nil, text))
	}
	f.Add([]byte{0xff})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x1f, 0xff})
	f.Fuzz(func(t *testing.T, p []byte) {
		want, err := hpack.HuffmanDecodeToString(p)
		got, ok := shared().huffman.decode([]byte("x"), p)
		if ok != (err == nil) {
			t.Fatalf("decode(%x) says %v, the library says %v", p, ok, err)
		}
		if ok && !bytes.Equal(got, append([]byte("x"), want...)) {
			t.Fatalf("decode(%x) is %q, want %q", p, got[1:], want)
		}
	})
}

// Every symbol at every alignment.
func TestHuffmanSymbols(t *testing.T) {
	t.Parallel()
	for i := range 256 {
		for before := range 8 {
			text := string(append(bytes.Repeat([]byte{'0'}, before), byte(i), 'z'))
			got, ok := shared().huffman.decode(nil, appendPacked(nil, text))
			if !ok || string(got) != text {
				t.Errorf("symbol %d behind %d others: %q, %v", i, before, got, ok)
			}
		}
	}
}
