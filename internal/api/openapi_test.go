package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestOpenAPIGolden holds the published description of the API. The console's
// types are generated from this file, so a change of the API shows there.
func TestOpenAPIGolden(t *testing.T) {
	t.Parallel()
	a, _ := build(Options{})
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetIndent("", "  ")
	if err := enc.Encode(a.huma.OpenAPI()); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("..", "..", "docs", "openapi.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the API is not as %s says; if that is meant, run: go test ./internal/api -update && make generate", golden)
	}
}
