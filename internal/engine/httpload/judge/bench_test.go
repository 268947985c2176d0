package judge

import (
	"testing"

	"onrush.dev/onrush/internal/load"
)

// BenchmarkJudge shows what each kind of check costs beside the others.
func BenchmarkJudge(b *testing.B) {
	body := append(noise(8000), shop...)
	list := append(append([]byte(`{"noise": "`), noise(8000)...), []byte(`", "items": [{"id": 1}, {"id": 2}]}`)...)
	sha, _ := sumsOf(string(body))
	plain := head(200, "Content-Type: application/json", "Server: x")
	for _, c := range []struct {
		name    string
		expect  load.Expect
		extract map[string]load.Extract
		coding  string
		body    []byte
	}{
		{"status", load.Expect{}, nil, "", body},
		{"header", load.Expect{Headers: map[string]string{"content-type": "json"}}, nil, "", body},
		{"contains", load.Expect{BodyContains: "Schuhe"}, nil, "", body},
		{"matches", load.Expect{BodyMatches: `"id": \d+`}, nil, "", body},
		{"sha256", load.Expect{SHA256: sha}, nil, "", body},
		{"json", load.Expect{JSON: map[string]string{"$.items[1].id": "2"}}, nil, "", list},
		{"json tree", load.Expect{JSON: map[string]string{"$..id": "1"}}, nil, "", list},
		{"extract regex", load.Expect{}, map[string]load.Extract{"x": {Regex: `"id": (\d+)`}}, "", body},
		{"gzip contains", load.Expect{BodyContains: "Schuhe"}, nil, "gzip", body},
		{"br contains", load.Expect{BodyContains: "Schuhe"}, nil, "br", body},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, h, sent := compile(b, c.expect, c.extract), plain, c.body
			if c.coding != "" {
				h, sent = head(200, "Content-Encoding: "+c.coding), pack(b, c.coding, c.body)
			}
			var j Judge
			b.ReportAllocs()
			for b.Loop() {
				j.Begin(r, h)
				if !j.Wants() {
					j.Skip(int64(len(sent)))
				} else if err := j.Body(sent); err != nil {
					b.Fatal(err)
				}
				if _, failure := j.End(); failure != nil {
					b.Fatal(failure)
				}
			}
		})
	}
}
