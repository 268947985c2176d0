package scenfile

import (
	"os"
	"path/filepath"
	"testing"

	"onrush.dev/onrush/internal/load"
)

// TestExamplesAreRight reads every example of the repository, and all of them
// can be written and read again as the same.
func TestExamplesAreRight(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../examples/*.yaml")
	if len(files) == 0 {
		t.Fatal("no examples found")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(filepath.Base(file), text)
		if err != nil {
			t.Errorf("%v\n%v", err, load.Problems(err))
			continue
		}
		sameAgain(t, s)
	}
}
