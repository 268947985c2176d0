package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readFirst finds where a package's doc comment tells a newcomer to begin:
// "Read pacer.go first", or "Read Engine first" for a name it declares.
var readFirst = regexp.MustCompile(`\b[Rr]ead\s+([A-Za-z0-9_]+(\.go)?)`)

// TestPackagesSayWhereToBegin: a package's doc comment is the map of its
// folder. It is missing or stale more often than anything else.
func TestPackagesSayWhereToBegin(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) == 0 {
			continue // test files only
		}
		doc := docComment(t, p)
		if doc == "" {
			t.Errorf("%s has no package comment: say what it is for, what it may not do, which file to read first", p.name())
			continue
		}
		if len(p.GoFiles) < 3 {
			continue // nothing to get lost in
		}
		named := readFirst.FindAllStringSubmatch(doc, -1)
		if len(named) == 0 {
			t.Errorf("%s: the package comment does not say what to read first (Read x.go first, or Read Name first)", p.name())
		}
		for _, found := range named {
			switch word := found[1]; {
			case strings.HasSuffix(word, ".go") && !slices.Contains(p.GoFiles, word):
				t.Errorf("%s: the package comment says to read %s, which is not there", p.name(), word)
			case !strings.HasSuffix(word, ".go") && ast.IsExported(word) && !declares(t, p, word):
				t.Errorf("%s: the package comment says to read %s, which is not declared there", p.name(), word)
			}
		}
	}
}

// docComment is the package comment with its line breaks as spaces.
func docComment(t *testing.T, p goPackage) string {
	t.Helper()
	for _, file := range parse(t, p) {
		if file.Doc != nil {
			return strings.Join(strings.Fields(file.Doc.Text()), " ")
		}
	}
	return ""
}

func declares(t *testing.T, p goPackage, name string) bool {
	t.Helper()
	for _, file := range parse(t, p) {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Name.Name == name {
					return true
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok && s.Name.Name == name {
						return true
					}
				}
			}
		}
	}
	return false
}

func parse(t *testing.T, p goPackage) []*ast.File {
	t.Helper()
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
