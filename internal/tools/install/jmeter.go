package install

import (
	"archive/zip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
)

// jmeter is put together from its jars and those of the common plugins, as
// JMeter's own release is laid out: no archive of it lies in a Maven repository.
// scripts/jmeter-jars makes the list.
type jmeter struct{}

const (
	jmeterRelease = "5.6.3"
	// mavenCentral is where jars come from unless a mirror is named.
	mavenCentral = "https://repo.maven.apache.org/maven2"
	// jmeterAtOnce is how many jars are fetched at once.
	jmeterAtOnce = 6
)

//go:embed _jmeter/jars.txt
var jmeterJars string

// JMeterJars lists what JMeter is made of: "sha256  group/artifact/version/file"
// a line.
func JMeterJars() string { return jmeterJars }

func (jmeter) Name() string    { return "jmeter" }
func (jmeter) Version() string { return jmeterRelease }

// Install implements Installer.
func (j jmeter) Install(ctx context.Context, dir string, o Options) (tools.Manifest, error) {
	base := strings.TrimRight(firstOf(o.MavenURL, mavenCentral), "/")
	home := filepath.Join(dir, "home")
	for _, folder := range []string{"bin", "lib/ext", "lib/junit"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o755); err != nil {
			return tools.Manifest{}, err
		}
	}
	// JMeter looks for this folder; a bundle keeps no empty ones.
	if err := os.WriteFile(filepath.Join(home, "lib", "junit", "README"), []byte("Jars with JUnit tests go here.\n"), 0o644); err != nil {
		return tools.Manifest{}, err
	}
	list := strings.Split(strings.TrimSpace(jmeterJars), "\n")
	o.say("downloading %d jars of JMeter %s and its plugins", len(list), jmeterRelease)
	if err := j.fetchAll(ctx, base, home, list); err != nil {
		return tools.Manifest{}, err
	}
	if err := unpackConfig(filepath.Join(home, "lib", "ext", "ApacheJMeter_config-"+jmeterRelease+".jar"), home); err != nil {
		return tools.Manifest{}, fmt.Errorf("unpack JMeter's settings: %w", err)
	}
	return tools.Manifest{
		Name: "jmeter", Version: jmeterRelease, Path: "home",
		Source: "jars of Apache JMeter and of plugins from a Maven repository, licence Apache-2.0 and those of its parts",
	}, nil
}

// fetchAll fetches all jars, several at once. The first fault ends it.
func (jmeter) fetchAll(ctx context.Context, base, home string, list []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan string)
	faults := make([]error, jmeterAtOnce)
	var workers sync.WaitGroup
	for i := range faults {
		workers.Go(func() {
			for line := range lines {
				sum, jar, _ := strings.Cut(line, "  ")
				err := fetchTwice(ctx, base+"/"+jar, filepath.Join(home, filepath.FromSlash(jmeterPlace(jar))), sum)
				if err != nil && ctx.Err() == nil {
					faults[i] = err
					cancel()
				}
			}
		})
	}
	for _, line := range list {
		lines <- line
	}
	close(lines)
	workers.Wait()
	err := errors.Join(faults...)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil && load.ErrorCode(err) != load.Invalid {
		err = load.Errorf(load.Unavailable, "jars of JMeter could not be fetched (a mirror is named with --maven-url): %w", err)
	}
	return err
}

// fetchTwice is Fetch that does not give up at the first broken connection: of so
// many, one may be.
func fetchTwice(ctx context.Context, url, file, sum string) error {
	err := Fetch(ctx, url, file, sum)
	if err != nil && load.ErrorCode(err) != load.Invalid && ctx.Err() == nil {
		err = Fetch(ctx, url, file, sum)
	}
	return err
}

// jmeterPlace is where a jar lies in JMeter's home: its own parts and plugins in
// lib/ext, what they need in lib, the starter in bin.
func jmeterPlace(jar string) string {
	name := path.Base(jar)
	switch {
	case name == "ApacheJMeter-"+jmeterRelease+".jar":
		return "bin/ApacheJMeter.jar" // by this name it finds its home
	case strings.HasPrefix(name, "ApacheJMeter_"),
		strings.HasPrefix(name, "jmeter-") && !strings.HasPrefix(name, "jmeter-plugins-cmn"):
		return "lib/ext/" + name
	}
	return "lib/" + name
}

// unpackConfig takes JMeter's bin folder out of the jar that holds it.
func unpackConfig(jar, home string) error {
	z, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "bin/") || f.FileInfo().IsDir() || !filepath.IsLocal(f.Name) {
			continue
		}
		f.SetMode(0o644)
		if err := unpackOne(f, filepath.Join(home, filepath.FromSlash(f.Name))); err != nil {
			return err
		}
	}
	return nil
}
