package script

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// reference finds, in the text of a file, what it needs of other files, as it
// names them. A further engine adds its own to references.
type reference struct {
	text *regexp.Regexp // its first group is the name
	ends []string       // tried after the name as written
}

// references are what scripts of an engine say of files beside them. Names that
// lead to no file are somebody else's: modules of the tool, URLs.
func references(engine string) []reference {
	switch engine {
	case load.EngineK6:
		return []reference{
			{regexp.MustCompile(`(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*['"](\.{1,2}/[^'"\n]+)['"]`), []string{"", ".js", ".ts", "/index.js"}},
			{regexp.MustCompile(`\bopen\s*\(\s*['"\x60]([^'"\x60\n$]+)['"\x60]`), []string{""}},
			{regexp.MustCompile(`\bimport\.meta\.resolve\s*\(\s*['"]([^'"\n]+)['"]`), []string{""}},
			// Names that are kept in a variable first, by the look of them.
			{regexp.MustCompile(`['"\x60]([^'"\x60\n$:*?]+\.(?:proto|protoset|csv|tsv|json|txt|xml|html|graphql|pem|crt|key|pfx|bin|gz|zip|pdf|png|jpe?g|gif|svg|wasm|ya?ml))['"\x60]`), []string{""}},
		}
	case load.EngineJMeter:
		// A listener's file name is what it writes, so only elements that read count.
		return []reference{
			{regexp.MustCompile(`(?s)<(?:CSVDataSet|JSR223\w+|com\.blazemeter[\w.]*RandomCSV\w*)\b[^>]*[^/]>\s*(?:<\w+Prop name="[^"]*"(?:/>|>[^<]*</\w+>)\s*)*?<stringProp name="(?:filename|scriptFile)">([^<$]+)<`), []string{""}},
			{regexp.MustCompile(`<stringProp name="(?:IncludeController\.includepath|File\.path|[A-Za-z]+\.filename)">([^<$]+)<`), []string{""}},
			{regexp.MustCompile(`\$\{__(?:FileToString|StringFromFile|CSVRead)\(\s*([^,()$]+)`), []string{""}},
		}
	}
	return nil
}

// Beside finds all local files that a script needs, itself among them, and the
// folder that holds them all: imports of imports, and files that are opened. The
// names are relative to root.
func Beside(engine, file string) (root string, names []string, err error) {
	file, err = filepath.Abs(file)
	if err != nil {
		return "", nil, err
	}
	if _, err := os.Stat(file); err != nil {
		return "", nil, load.Errorf(load.Invalid, "cannot read the script: %w", err)
	}
	found, todo := map[string]bool{file: true}, []string{file}
	for len(todo) > 0 {
		here := todo[0]
		todo = todo[1:]
		for _, next := range needed(engine, here, filepath.Dir(file)) {
			if !found[next] && len(found) < maxFiles {
				found[next] = true
				todo = append(todo, next)
			}
		}
	}
	root = filepath.Dir(file)
	for f := range found {
		for !within(root, f) && filepath.Dir(root) != root {
			root = filepath.Dir(root)
		}
	}
	for f := range found {
		rel, err := filepath.Rel(root, f)
		if err != nil {
			return "", nil, err
		}
		names = append(names, filepath.ToSlash(rel))
	}
	slices.Sort(names)
	return root, names, nil
}

// needed lists the files that one file names: relative to itself, or to the
// script that is run.
func needed(engine, file, base string) []string {
	text := head(file)
	if engine == load.EngineLocust && filepath.Base(file) == "requirements.txt" {
		return pythonLists(file)
	}
	if Guess(file) == "" { // data
		return nil
	}
	if engine == load.EngineLocust {
		return pythonNeeds(file, base, text)
	}
	var files []string
	for _, r := range references(engine) {
		for _, match := range r.text.FindAllSubmatch(text, -1) {
			name := strings.TrimPrefix(string(match[1]), "file://")
			if strings.Contains(name, "://") {
				continue
			}
			if f := lookUp(name, r.ends, filepath.Dir(file), base); f != "" {
				files = append(files, f)
			}
		}
	}
	return files
}

func lookUp(name string, ends []string, folders ...string) string {
	if filepath.IsAbs(name) {
		return "" // of this machine alone
	}
	for _, folder := range folders {
		for _, end := range ends {
			full := filepath.Join(folder, filepath.FromSlash(name)+end)
			if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() {
				return full
			}
		}
	}
	return ""
}

func within(root, file string) bool {
	rel, err := filepath.Rel(root, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
