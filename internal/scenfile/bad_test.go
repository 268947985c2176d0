package scenfile

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares got with a checked-in file, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what is found now (make generate, when that is meant):\n%s", path, got)
	}
}

// TestBadFilesAreExplained: for each bad file, all that its writer is told. Read
// the .txt files aloud: would you know what to do?
func TestBadFilesAreExplained(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/bad/*.*")
	tried := 0
	for _, file := range files {
		if filepath.Ext(file) == ".txt" {
			continue
		}
		tried++
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(filepath.Base(file), text)
		if load.ErrorCode(err) != load.Invalid || len(load.Problems(err)) == 0 {
			t.Errorf("%s: got %v, want problems", file, err)
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s\n\n", err)
		for _, p := range load.Problems(err) {
			if p.Line < 1 || p.Message == "" || (p.Path != "" && (p.Found == "" || p.Allowed == "")) {
				t.Errorf("%s: problem that does not say all: %+v", file, p)
			}
			fmt.Fprintf(&b, "%s\n", p)
			if p.Found != "" || p.Allowed != "" {
				fmt.Fprintf(&b, "    found: %s\n    allowed: %s\n", p.Found, p.Allowed)
			}
		}
		golden(t, file+".txt", b.String())
	}
	if tried < 20 {
		t.Errorf("only %d bad files found", tried)
	}
}
