package load

import (
	"fmt"
	"path"
	"strings"
)

// Validate returns every fault of a scenario, as written or with its defaults.
// None means that NewPlan can make a plan of it, given the regions and files
// that it names.
//
// What one field alone must be stands in the tags of Scenario (least, most,
// items, enum) and is checked by validatetags.go; the rest of the rules, on
// several fields together, are here and in the validate files beside.
func Validate(s Scenario) []Problem {
	var f faults
	checkTags(&f, &s)
	s.checkName(&f)
	s.checkVariables(&f)
	s.checkData(&f)
	s.checkScript(&f)
	s.checkRequests(&f)
	s.checkNames(&f)
	s.checkLoad(&f)
	s.checkRegions(&f)
	s.checkStart(&f)
	s.checkCriteria(&f)
	s.checkConnection(&f)
	s.checkFiles(&f)
	return f
}

const nameAllowed = "letters, digits, '-', '_', '.', at most 100, beginning with a letter or digit"

// isName says whether a name can stand in paths and URLs.
func isName(name, alsoAllowed string) bool {
	for i, c := range name {
		letter := (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		if !letter && (i == 0 || !strings.ContainsRune(alsoAllowed, c)) {
			return false
		}
	}
	return name != "" && len(name) <= maxNameLength
}

func (s *Scenario) checkName(f *faults) {
	switch {
	case s.Name == "":
		f.add("name", "", nameAllowed, "the scenario needs a name")
	case !isName(s.Name, "-_."):
		f.add("name", s.Name, nameAllowed, "%q is no name: write %s", s.Name, nameAllowed)
	}
	for i, tag := range s.Tags {
		if strings.TrimSpace(tag) == "" || len(tag) > maxNameLength {
			f.add(at("tags", i), tag, "1 to 100 letters", "a tag needs 1 to 100 letters")
		}
	}
}

func (s *Scenario) checkVariables(f *faults) {
	for _, name := range sortedKeys(s.Variables) {
		if !isName(name, "-_") {
			f.add(JoinPath("variables", name), name, "letters, digits, '-', '_'",
				"%q cannot name a variable: write letters, digits, '-' and '_', beginning with a letter or digit", name)
		}
	}
}

func (s *Scenario) checkData(f *faults) {
	seen := map[string]int{}
	for i, d := range s.Data {
		here := at("data", i)
		if d.File == "" {
			f.add(here+".file", "", "the path of a CSV file, relative to the scenario", "data needs a file")
			continue
		}
		name := or(d.Name, strings.TrimSuffix(path.Base(d.File), path.Ext(d.File)))
		if first, twice := seen[name]; twice {
			f.add(here+".name", name, "another name", "data[%d] has the name %q already: give one of them another name", first, name)
			continue
		}
		seen[name] = i
		if !isName(name, "-_") {
			f.add(here+".name", name, "letters, digits, '-', '_'",
				"%q cannot stand in ${name.column}: give the data a name of letters, digits, '-' and '_'", name)
		}
	}
}

// checkFiles: an agent keeps files in a folder of its own under the scenario's
// names, so none may point out of it.
func (s *Scenario) checkFiles(f *faults) {
	check := func(field, file string) {
		if file == "" || isLocalPath(file) {
			return
		}
		f.add(field, file, "a path relative to the scenario, with '/', without '..'",
			"%q must be a path below the scenario's folder, written relative to it with '/'", file)
	}
	for i, d := range s.Data {
		check(at("data", i)+".file", d.File)
	}
	s.EachRequest(func(path string, r *Request) { check(path+".body_file", r.BodyFile) })
	check("script", s.Script)
	tls := s.Connection.TLS
	check("connection.tls.ca", tls.CA)
	check("connection.tls.certificate", tls.Certificate)
	check("connection.tls.key", tls.Key)
}

func isLocalPath(file string) bool {
	if strings.ContainsAny(file, "\\\x00\n\r") || path.IsAbs(file) || len(file) > 1000 {
		return false
	}
	if len(file) > 1 && file[1] == ':' {
		return false // a drive's letter
	}
	clean := path.Clean(file)
	return clean != "." && clean != ".." && !strings.HasPrefix(clean, "../")
}

// plural is "1 region", "2 regions".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
