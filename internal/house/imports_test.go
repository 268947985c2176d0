package house

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// rule is one row of the table "Who may import whom" of docs/architecture.md.
type rule struct {
	pkg     string
	imports []string // packages as the table names them, "x/*", or "*"
	modules []string // last words of module paths, or "*"
}

// TestImportsFollowTheTable holds the table and the code together: a package
// imports nothing that its row does not name, and every package has a row.
func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	rules := rules(t)
	used := map[string]bool{}
	for _, p := range list(t, "./...") {
		r, ok := ruleFor(rules, p.name())
		if !ok {
			t.Errorf("%s has no row in the table of docs/architecture.md", p.name())
			continue
		}
		used[r.pkg] = true
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
				if name := strings.TrimPrefix(ours, "internal/"); !matches(r.imports, name) {
					t.Errorf("%s imports %s; its row in docs/architecture.md allows %s", p.name(), name, strings.Join(r.imports, ", "))
				}
			} else if strings.Contains(firstPart(imported), ".") && !matchesModule(r.modules, imported) {
				t.Errorf("%s imports %s; its row in docs/architecture.md allows the modules %s", p.name(), imported, strings.Join(r.modules, ", "))
			}
		}
	}
	for _, r := range rules {
		if !used[r.pkg] {
			t.Errorf("docs/architecture.md has a row for %s, and there is no such package", r.pkg)
		}
	}
}

// TestAgentLinksLittle compares the modules inside the agent with the checked
// list: whatever is added there is downloaded and started by every task.
func TestAgentLinksLittle(t *testing.T) {
	t.Parallel()
	var linked []string
	for _, p := range list(t, "-deps", "./cmd/onrush-agent") {
		if p.Standard {
			continue
		}
		if p.Module != nil && p.Module.Path != module {
			linked = append(linked, p.Module.Path)
			continue
		}
		for _, banned := range []string{"store", "api", "server", "collect", "control", "fleet", "bus/embedded", "web", "cli", "scenfile"} {
			if p.name() == banned || strings.HasPrefix(p.name(), banned+"/") {
				t.Errorf("the agent links %s", p.name())
			}
		}
	}
	slices.Sort(linked)
	golden(t, "agent-modules.txt", strings.Join(slices.Compact(linked), "\n")+"\n")
}

// rules reads the table.
func rules(t *testing.T) []rule {
	t.Helper()
	_, text, ok := strings.Cut(read(t, "docs", "architecture.md"), "## Who may import whom")
	if !ok {
		t.Fatal("docs/architecture.md has no section \"Who may import whom\"")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var rules []rule
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || strings.Contains(cells[0], "---") || strings.TrimSpace(cells[0]) == "package" {
			continue
		}
		rules = append(rules, rule{strings.TrimSpace(cells[0]), words(cells[2]), words(cells[3])})
	}
	if len(rules) < 10 {
		t.Fatalf("only %d rows found in the table of docs/architecture.md", len(rules))
	}
	return rules
}

func words(cell string) []string {
	var words []string
	for word := range strings.SplitSeq(cell, ",") {
		if word = strings.TrimSpace(word); word != "-" && word != "" {
			words = append(words, word)
		}
	}
	return words
}

// ruleFor finds the row of a package: its own, else that of "parent/*".
func ruleFor(rules []rule, name string) (rule, bool) {
	wanted := []string{name}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		wanted = append(wanted, dir+"/*")
	}
	for _, w := range wanted {
		if i := slices.IndexFunc(rules, func(r rule) bool { return r.pkg == w }); i >= 0 {
			return rules[i], true
		}
	}
	return rule{}, false
}

func matches(allowed []string, name string) bool {
	for _, a := range allowed {
		below, wild := strings.CutSuffix(a, "*")
		if a == name || wild && strings.HasPrefix(name, below) {
			return true
		}
	}
	return false
}

// matchesModule compares by the last words of a module's path, which may stand
// anywhere in the import: "huma/v2" allows github.com/danielgtaylor/huma/v2/sse.
func matchesModule(allowed []string, imported string) bool {
	for _, a := range allowed {
		if a == "*" || strings.HasSuffix(imported, "/"+a) || strings.Contains(imported, "/"+a+"/") {
			return true
		}
	}
	return false
}

func firstPart(imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	return first
}
