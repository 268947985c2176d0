package load

import (
	"encoding"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// scalar makes a new value of each type that is one text.
func scalars() map[string]func() encoding.TextUnmarshaler {
	return map[string]func() encoding.TextUnmarshaler{
		"duration": func() encoding.TextUnmarshaler { return new(Duration) },
		"rate":     func() encoding.TextUnmarshaler { return new(Rate) },
		"percent":  func() encoding.TextUnmarshaler { return new(Percent) },
		"bytes":    func() encoding.TextUnmarshaler { return new(Bytes) },
		"span":     func() encoding.TextUnmarshaler { return new(Span) },
		"status":   func() encoding.TextUnmarshaler { return new(StatusPattern) },
	}
}

func TestScalars(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		scalar, text, want string // want "!…": an error with these words
	}{
		{"duration", "90s", "1m30s"},
		{"duration", "1.5h", "1h30m"},
		{"duration", "1m30s", "1m30s"},
		{"duration", " 1h 30m ", "1h30m"},
		{"duration", "2d", "2d"},
		{"duration", "36h", "1d12h"},
		{"duration", "1.5s", "1.5s"},
		{"duration", "500ms", "500ms"},
		{"duration", "0.25ms", "250us"},
		{"duration", "15us", "15us"},
		{"duration", "15µs", "15us"},
		{"duration", "0.1s", "100ms"},
		{"duration", "1234ns", "1.234us"},
		{"duration", "0", "0s"},
		{"duration", "365d", "365d"},
		{"duration", "366d", "!too long"},
		{"duration", "30", "!no unit: write 30s, 30ms or 30m"},
		{"duration", "1.5", "!write 1.5s"},
		{"duration", "-5s", "!negative"},
		{"duration", "30m1h", "!out of order"},
		{"duration", "1s1s", "!out of order"},
		{"duration", "5 bananas", "!a duration with its unit"},
		{"duration", "1w", "!a duration with its unit"},
		{"duration", "s", "!a duration with its unit"},
		{"duration", "", "!a duration with its unit"},
		{"duration", "1e3s", "!a duration with its unit"},
		{"duration", strings.Repeat("9", 30) + "d", "!too long"},
		{"rate", "200", "200/s"},
		{"rate", "200/s", "200/s"},
		{"rate", "6000/m", "100/s"},
		{"rate", "360000 / h", "100/s"},
		{"rate", "0.5/min", "0.008333333333333333/s"},
		{"rate", "200/d", "!200/s"},
		{"rate", "-1", "!200/s"},
		{"rate", "1e9", "!200/s"},
		{"rate", "NaN", "!200/s"},
		{"rate", "9999999999", "!at most 100000000/s"},
		{"percent", "60%", "60%"},
		{"percent", "12.5 %", "12.5%"},
		{"percent", "33.3333%", "33.3333%"},
		{"percent", "33.33333%", "!four digits"},
		{"percent", "60", "!write 60%"},
		{"percent", "101%", "!0% to 100%"},
		{"percent", "x%", "!0% to 100%"},
		{"bytes", "1048576", "1MiB"},
		{"bytes", "64KB", "64KB"},
		{"bytes", "1.5 MB", "1500KB"},
		{"bytes", "10mib", "10MiB"},
		{"bytes", "0", "0B"},
		{"bytes", "7", "7B"},
		{"bytes", "0.5B", "!whole number"},
		{"bytes", "10 bananas", "!a size"},
		{"bytes", "KB", "!a size"},
		{"bytes", "99999999TB", "!a size"},
		{"span", "1s", "1s"},
		{"span", "500ms-1.5s", "500ms-1.5s"},
		{"span", "1s - 3s", "1s-3s"},
		{"span", "3s-1s", "!shorter duration first"},
		{"span", "1-3", "!no unit"},
		{"span", "-3s", "!no range"},
		{"status", "200", "200"},
		{"status", "2XX", "2xx"},
		{"status", "200-299", "2xx"},
		{"status", "200-204", "200-204"},
		{"status", "99", "!100 to 599"},
		{"status", "6xx", "!100 to 599"},
		{"status", "299-200", "!lower status first"},
		{"status", "2x", "!100 to 599"},
	} {
		value := scalars()[test.scalar]()
		err := value.UnmarshalText([]byte(test.text))
		words, wantError := strings.CutPrefix(test.want, "!")
		if wantError {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s %q: got error %v, want one with %q", test.scalar, test.text, err, words)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %q: %v", test.scalar, test.text, err)
			continue
		}
		text, _ := value.(encoding.TextMarshaler).MarshalText()
		if string(text) != test.want {
			t.Errorf("%s %q is written as %q, want %q", test.scalar, test.text, text, test.want)
		}
		again := scalars()[test.scalar]()
		if err := again.UnmarshalText(text); err != nil || !reflect.DeepEqual(again, value) {
			t.Errorf("%s %q is written as %q and read as %v (%v)", test.scalar, test.text, text, again, err)
		}
		sameInJSON(t, value)
	}
}

func sameInJSON(t *testing.T, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	again := reflect.New(reflect.TypeOf(value).Elem())
	if err := json.Unmarshal(text, again.Interface()); err != nil || !reflect.DeepEqual(again.Interface(), value) {
		t.Errorf("%v in JSON is %s, and is read as %v (%v)", value, text, again.Elem(), err)
	}
}

func TestScalarsTakeNumbersInJSON(t *testing.T) {
	t.Parallel()
	var v struct {
		Rate   Rate
		Bytes  Bytes
		Status StatusPattern
	}
	if err := json.Unmarshal([]byte(`{"rate": 12.5, "bytes": 100, "status": 204}`), &v); err != nil {
		t.Fatal(err)
	}
	if v.Rate != 12.5 || v.Bytes != 100 || v.Status.Min != 204 {
		t.Errorf("got %+v", v)
	}
	var d Duration
	if err := json.Unmarshal([]byte(`30`), &d); err == nil || !strings.Contains(err.Error(), "no unit") {
		t.Errorf("a duration of 30 in JSON: got %v, want to be told that the unit is missing", err)
	}
	if err := json.Unmarshal([]byte(`["1s"]`), &d); err == nil {
		t.Error("a list is read as a duration")
	}
}

// TestDurationsKeepEveryNanosecond: instants travel as text too.
func TestDurationsKeepEveryNanosecond(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for range 2000 {
		want := Duration(r.Int64N(int64(MaxDuration)) >> r.IntN(50))
		var got Duration
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%d ns are written as %s and read as %d ns (%v)", want, want, got, err)
		}
		if std := time.Duration(want % Duration(24*time.Hour)); std > 0 {
			if err := got.UnmarshalText([]byte(std.String())); err != nil || got != Duration(std) {
				t.Fatalf("%s, as Go writes it, is read as %s (%v)", std, got, err)
			}
		}
	}
}

func FuzzScalars(f *testing.F) {
	for _, seed := range []string{"1m30s", "200/s", "12.5%", "10MiB", "1s-3s", "2xx", "-", "%", "/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, make := range scalars() {
			value := make()
			if value.UnmarshalText([]byte(text)) != nil {
				continue
			}
			written, _ := value.(encoding.TextMarshaler).MarshalText()
			again := make()
			if err := again.UnmarshalText(written); err != nil {
				t.Errorf("%s %q is written as %q: %v", name, text, written, err)
			}
			if !reflect.DeepEqual(again, value) && name != "rate" {
				t.Errorf("%s %q is written as %q and read as %v, want %v", name, text, written, again, value)
			}
		}
	})
}
