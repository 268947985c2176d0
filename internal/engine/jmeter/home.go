package jmeter

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// jarsOf lists the jars below a folder.
func jarsOf(dir string) ([]string, error) {
	var jars []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.EqualFold(filepath.Ext(p), ".jar") {
			jars = append(jars, p)
		}
		return err
	})
	return jars, err
}

// home is the folder that JMeter runs from, and where it looks for the jars that
// came with the script. A jar that takes the place of one of JMeter's (the same
// name, another version) makes a home of the task's own, of links, without the
// other.
func (e *Engine) home() (home string, search []string, err error) {
	jars, err := jarsOf(e.work.Dir)
	if err != nil || len(jars) == 0 {
		return e.jmeter.Path, nil, err
	}
	theirs := map[string]bool{}
	for _, jar := range jars {
		search = append(search, filepath.Dir(jar))
		theirs[stem(jar)] = true
	}
	slices.Sort(search)
	search = slices.Compact(search)
	ours, err := jarsOf(filepath.Join(e.jmeter.Path, "lib"))
	if err != nil {
		return "", nil, err
	}
	if !slices.ContainsFunc(ours, func(jar string) bool { return theirs[stem(jar)] }) {
		return e.jmeter.Path, search, nil
	}
	home = filepath.Join(e.work.Own, "home")
	return home, search, linkHome(e.jmeter.Path, home, func(jar string) bool { return theirs[stem(jar)] })
}

var versioned = regexp.MustCompile(`^(.+)-\d[\w.]*(?:-[A-Za-z]\w*)?$`)

// stem is a jar's name without its version.
func stem(jar string) string {
	name := strings.TrimSuffix(filepath.Base(jar), filepath.Ext(jar))
	if m := versioned.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return name
}

// linkHome makes a home of links to another's files, but those left out.
// JMeter finds its home by the place of its starter, so that one is copied.
func linkHome(from, to string, without func(name string) bool) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case d.Name() == "ApacheJMeter.jar":
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			return os.WriteFile(target, data, 0o600)
		case without(p):
			return nil
		}
		return os.Symlink(p, target)
	})
}
