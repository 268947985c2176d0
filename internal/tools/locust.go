package tools

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func locustKind() Kind {
	return Kind{
		Name: "locust", Env: "ONRUSH_LOCUST", Program: []string{"locust"}, Version: locustVersion, Home: PythonOf,
		Remedy: "run `onrush engines install locust`, put a locust on PATH, or name the Python of an environment that has it in ONRUSH_LOCUST",
	}
}

// PythonOf is the Python that a Locust belongs to: the program that the first
// line of the locust command names, the Python of an environment's folder, or
// what is named when that is a Python itself.
func PythonOf(path string) string {
	if strings.HasPrefix(filepath.Base(path), "python") {
		return path
	}
	if inner := filepath.Join(path, "bin", "python"); isFile(inner) {
		return inner
	}
	f, err := os.Open(path)
	if err != nil {
		return path
	}
	defer f.Close()
	line, _ := bufio.NewReaderSize(f, 1024).ReadString('\n') // a shorter file has no such line
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 {
		return path
	}
	if filepath.Base(words[0]) == "env" && len(words) > 1 {
		if found, err := exec.LookPath(words[1]); err == nil {
			words[0] = found
		}
	}
	if strings.HasPrefix(filepath.Base(words[0]), "python") {
		return words[0]
	}
	return path // a program that starts one
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// locustAsks prints the version of Locust, and Python's, without importing it.
const locustAsks = `import importlib.metadata, sys; print(importlib.metadata.version("locust"), "%d.%d.%d" % sys.version_info[:3])`

func locustVersion(ctx context.Context, python string) (string, []string, error) {
	out, err := exec.CommandContext(ctx, python, "-c", locustAsks).Output()
	if err != nil {
		return "", nil, fmt.Errorf("ask %s for Locust's version: %w", python, err)
	}
	words := strings.Fields(string(out))
	if len(words) != 2 {
		return "", nil, fmt.Errorf("it says %.60q where Python says the version of Locust", out)
	}
	return words[0], []string{"Python " + words[1]}, nil
}
