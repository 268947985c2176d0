package tools

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// oldestJava is the oldest that JMeter runs on.
const oldestJava = 8

func javaKind() Kind {
	return Kind{
		Name: "java", Env: "ONRUSH_JAVA", Program: []string{"java"}, Version: javaVersion,
		Places: func() []string {
			if home := os.Getenv("JAVA_HOME"); home != "" {
				return []string{filepath.Join(home, "bin", "java")}
			}
			return nil
		},
		Remedy: "install Java 17 (on Debian and Ubuntu: apt-get install openjdk-17-jre-headless), put a java on PATH, or name one in JAVA_HOME or ONRUSH_JAVA",
	}
}

// javaSays finds the version in `openjdk version "17.0.15" 2025-04-15` and in
// `java version "1.8.0_392"`.
var javaSays = regexp.MustCompile(`version "(?:1\.)?(([0-9]+)[^"]*)"`)

func javaVersion(ctx context.Context, path string) (string, []string, error) {
	out, err := exec.CommandContext(ctx, path, "-version").CombinedOutput()
	if err != nil {
		return "", nil, fmt.Errorf("ask for its version: %w", err)
	}
	found := javaSays.FindSubmatch(out)
	if found == nil {
		return "", nil, fmt.Errorf("it says %.60q where Java says its version", out)
	}
	if major, _ := strconv.Atoi(string(found[2])); major < oldestJava {
		return "", nil, fmt.Errorf("it is Java %s, and JMeter needs %d or newer", found[1], oldestJava)
	}
	return string(found[1]), nil, nil
}
