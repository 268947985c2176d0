package peers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed files/pom.xml
var pom []byte

// fetcher copies the files of a project's dependencies.
const fetcher = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"

// getJMeter assembles JMeter from its parts in the registry, since its download
// page is not one. It returns the jar to start.
func getJMeter(ctx context.Context, dir string) (string, error) {
	jar := filepath.Join(dir, "bin", "ApacheJMeter.jar")
	for _, tool := range []string{"java", "mvn", "unzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("jmeter needs %s, which is not installed (apt-get install default-jdk-headless maven unzip)", tool)
		}
	}
	if isThere(jar) {
		return jar, nil
	}
	say("assembling JMeter, once")
	build := dir + ".new"
	if err := errors.Join(os.RemoveAll(build), os.MkdirAll(filepath.Join(build, "lib", "ext"), 0o755), os.Mkdir(filepath.Join(build, "bin"), 0o755)); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(build, "pom.xml"), pom, 0o644); err != nil {
		return "", err
	}
	lib := filepath.Join(build, "lib")
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", fetcher, "-DoutputDirectory="+lib, "-DincludeScope=runtime")
	cmd.Dir = build
	if err := quietly(cmd); err != nil {
		return "", err
	}
	if err := arrange(ctx, build, lib); err != nil {
		return "", err
	}
	return jar, os.Rename(build, dir)
}

// arrange puts the jars where JMeter looks for them.
func arrange(ctx context.Context, home, lib string) error {
	jars, err := filepath.Glob(filepath.Join(lib, "ApacheJMeter*.jar"))
	if err != nil {
		return err
	}
	for _, jar := range jars {
		name := filepath.Base(jar)
		if strings.HasPrefix(name, "ApacheJMeter_config-") {
			cmd := exec.CommandContext(ctx, "unzip", "-qo", jar, "bin/*")
			cmd.Dir = home
			if err := quietly(cmd); err != nil {
				return err
			}
		}
		to := filepath.Join(lib, "ext", name)
		if strings.HasPrefix(name, "ApacheJMeter-") {
			to = filepath.Join(home, "bin", "ApacheJMeter.jar")
		}
		if err := os.Rename(jar, to); err != nil {
			return err
		}
	}
	return nil
}

// getLocust makes a virtual environment of its own. It returns Locust's program.
func getLocust(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "bin", "locust")
	if isThere(program) {
		return program, nil
	}
	if _, err := exec.LookPath("python3"); err != nil {
		return "", errors.New("locust needs python3, which is not installed (apt-get install python3-venv)")
	}
	say("installing Locust, once")
	if err := quietly(exec.CommandContext(ctx, "python3", "-m", "venv", dir)); err != nil {
		return "", err
	}
	_, version, _ := strings.Cut(filepath.Base(dir), "-")
	return program, quietly(exec.CommandContext(ctx, filepath.Join(dir, "bin", "pip"), "install", "-q", "locust=="+version))
}
