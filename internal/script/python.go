package script

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// pythonBeside are files that Locust, or the engine, reads beside a locustfile
// without its naming them.
func pythonBeside() []string { return []string{"locust.conf", "pyproject.toml", "requirements.txt"} }

var (
	pythonImport = regexp.MustCompile(`(?m)^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+([\w, \t]+)|import[ \t]+([\w., \t]+))`)
	pythonText   = regexp.MustCompile(`['"]([^'"\n\\{}:*?]{1,200}\.[A-Za-z0-9]{1,8})['"]`)
	pythonList   = regexp.MustCompile(`(?m)^\s*(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)`)
)

// pythonNeeds lists the files that a file of Python names: modules of its own,
// packages as a whole, and files by their names in quotes. Only what lies below
// the locustfile's folder counts: that is where Locust runs.
func pythonNeeds(file, base string, text []byte) []string {
	var files []string
	add := func(found ...string) {
		for _, f := range found {
			if f != "" && within(base, f) {
				files = append(files, f)
			}
		}
	}
	here := filepath.Dir(file)
	for _, m := range pythonImport.FindAllSubmatch(text, -1) {
		module := string(m[1])
		for _, name := range strings.Split(string(m[3]), ",") {
			add(pythonModule(first(name), here, base)...)
		}
		add(pythonModule(module, here, base)...)
		for _, name := range strings.Split(string(m[2]), ",") {
			if module != "" && first(name) != "" { // a module of a package, if it is one
				add(pythonModule(strings.TrimSuffix(module, ".")+"."+first(name), here, base)...)
			}
		}
	}
	for _, m := range pythonText.FindAllSubmatch(text, -1) {
		add(lookUp(string(m[1]), []string{""}, here, base))
	}
	if file == filepath.Join(base, filepath.Base(file)) {
		for _, name := range pythonBeside() {
			add(lookUp(name, []string{""}, base))
		}
	}
	return files
}

// first is the first word of "a as b".
func first(text string) string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// pythonModule finds the file of a module, or all files of a package.
func pythonModule(name, here, base string) []string {
	folders := []string{base, here}
	if rel := strings.TrimLeft(name, "."); rel != name { // relative to its own package
		up := here
		for range len(name) - len(rel) - 1 {
			up = filepath.Dir(up)
		}
		name, folders = rel, []string{up}
	}
	if name == "" {
		return nil
	}
	path := filepath.FromSlash(strings.ReplaceAll(name, ".", "/"))
	var found []string
	for _, folder := range folders {
		if f := lookUp(path, []string{".py"}, folder); f != "" {
			return []string{f}
		}
		if f := lookUp(path, []string{"/__init__.py"}, folder); f != "" {
			_ = filepath.WalkDir(filepath.Dir(f), func(p string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() && filepath.Ext(p) == ".py" {
					found = append(found, p)
				}
				return nil
			})
			return found
		}
	}
	return nil
}

// pythonLists lists what a list of requirements takes in.
func pythonLists(file string) []string {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var files []string
	for _, m := range pythonList.FindAllSubmatch(text, -1) {
		if f := lookUp(string(m[1]), []string{""}, filepath.Dir(file)); f != "" {
			files = append(files, f)
		}
	}
	return files
}
