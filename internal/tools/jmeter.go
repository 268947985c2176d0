package tools

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func jmeterKind() Kind {
	return Kind{
		Name: "jmeter", Env: "ONRUSH_JMETER", Program: []string{"jmeter"}, Version: jmeterVersion, Home: jmeterHome,
		Places: func() []string {
			if home := os.Getenv("JMETER_HOME"); home != "" {
				return []string{filepath.Join(home, "bin", "jmeter")}
			}
			return nil
		},
		Needs:  []string{"java"},
		Remedy: "run `onrush engines install jmeter`, put JMeter's bin folder on PATH, or name its folder in JMETER_HOME or ONRUSH_JMETER",
	}
}

// jmeterHome finds the folder of JMeter that a start script belongs to; a folder
// is one itself.
func jmeterHome(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Dir(filepath.Dir(path))
}

// jmeterVersion reads the version in JMeter's core, which is far quicker than to
// start it.
func jmeterVersion(_ context.Context, home string) (string, []string, error) {
	cores, err := filepath.Glob(filepath.Join(home, "lib", "ext", "ApacheJMeter_core*.jar"))
	if err != nil || len(cores) == 0 {
		return "", nil, fmt.Errorf("%s has no lib/ext/ApacheJMeter_core.jar", home)
	}
	if _, err := os.Stat(filepath.Join(home, "bin", "ApacheJMeter.jar")); err != nil {
		return "", nil, fmt.Errorf("%s has no bin/ApacheJMeter.jar", home)
	}
	jar, err := zip.OpenReader(cores[0])
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", cores[0], err)
	}
	defer jar.Close()
	manifest, err := jar.Open("META-INF/MANIFEST.MF")
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", cores[0], err)
	}
	text, err := io.ReadAll(io.LimitReader(manifest, 1<<20))
	if err = errors.Join(err, manifest.Close()); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", cores[0], err)
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "Implementation-Version:"); ok {
			return strings.TrimSpace(v), nil, nil
		}
	}
	return "", nil, fmt.Errorf("%s does not say its version", cores[0])
}
