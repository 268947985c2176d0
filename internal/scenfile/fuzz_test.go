package scenfile

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/load"
)

// FuzzParse: no file makes the reader panic or work for long; what is refused is
// explained, and what is taken can be planned with, written and read again.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*", "testdata/bad/*.yaml", "testdata/bad/*.json", "../../examples/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		begin := time.Now()
		s, err := Parse("fuzz.yaml", text)
		if took := time.Since(begin); took > 20*time.Second { // far from what a busy machine adds
			t.Errorf("%d bytes took %v", len(text), took)
		}
		if err != nil {
			if problems := load.Problems(err); load.ErrorCode(err) != load.TooLarge && (len(problems) == 0 || problems[0].Line < 1) {
				t.Errorf("refused without a problem on a line: %v %v", err, problems)
			}
			return
		}
		regions := map[string]load.Region{}
		for _, r := range load.WithDefaults(s).Regions {
			regions[r.Name] = load.Region{}
		}
		if len(s.Data) == 0 {
			if _, err := load.NewPlan(load.PlanInput{Scenario: s, Regions: regions}); err != nil {
				t.Errorf("it is right and cannot be planned: %v", err)
			}
		}
		written, err := Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("", written); err != nil && len(written) <= MaxSize {
			t.Errorf("written as\n%s\nit cannot be read again: %v", written, err)
		}
		hidden, err := Hide(string(text), s)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse("fuzz.yaml", []byte(hidden)); err != nil || !reflect.DeepEqual(load.Masked(again), again) {
			if len(hidden) <= MaxSize {
				t.Errorf("%v, hidden as\n%s", err, hidden)
			}
		}
	})
}

// TestSizeIsBounded: files over the limit, and those that are small and mean a
// lot, are refused at once.
func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	_, err := Parse("big.yaml", []byte("name: "+strings.Repeat("x", MaxSize)))
	if load.ErrorCode(err) != load.TooLarge {
		t.Errorf("a file over 1 MiB: got %v, want code too_large", err)
	}
	for name, text := range map[string]string{
		"deep.yaml":     strings.Repeat("[", 500_000),
		"deep.json":     `{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
		"faults.yaml":   strings.Repeat("a1: 1\na2: 2\n", 30_000),
		"requests.json": `{"name":"x","requests":[` + strings.Repeat(`{"url":"x"},`, 30_000) + `{}]}`,
		"tags.yaml":     "tags: [" + strings.Repeat("a,", 300_000) + "]",
	} {
		_, err := Parse(name, []byte(text))
		if n := len(load.Problems(err)); n == 0 || n > 2*maxProblems {
			t.Errorf("%s: %d problems, want some and not thousands: %.200v", name, n, err)
		}
	}
}

func TestNamelessSourcesAreNotNamed(t *testing.T) {
	t.Parallel()
	_, err := Parse("", []byte("name: x y"))
	if err == nil || !strings.HasPrefix(err.Error(), "4 faults, the first on line 1: ") {
		t.Errorf("got %v", err)
	}
}
