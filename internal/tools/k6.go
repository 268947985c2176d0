package tools

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// K6Output is the extra of a k6 that writes samples as we read them fastest.
const K6Output = "onrush output"

func k6Kind() Kind {
	return Kind{
		Name: "k6", Env: "ONRUSH_K6", Program: []string{"k6"}, Version: k6Version,
		Remedy: "run `onrush engines install k6`, put a k6 on PATH, or name one in ONRUSH_K6",
	}
}

// k6Says finds the version in "k6 v2.2.0 (go1.26.8, linux/amd64)".
var k6Says = regexp.MustCompile(`\bk6(?:\.exe)? (v[0-9][^ ]*)`)

func k6Version(ctx context.Context, path string) (string, []string, error) {
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return "", nil, fmt.Errorf("ask for its version: %w", err)
	}
	found := k6Says.FindSubmatch(out)
	if found == nil {
		return "", nil, fmt.Errorf("it says %.60q where k6 says its version", out)
	}
	var extras []string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "onrush [output]") {
			extras = append(extras, K6Output)
		}
	}
	return string(found[1]), extras, nil
}
