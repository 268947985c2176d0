package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestReference holds docs/cli.md and the program together, every word of
// every command's help included.
func TestReference(t *testing.T) {
	t.Parallel()
	got, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../docs/cli.md"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/cli.md is stale (make generate writes it):\n%s", diff)
	}
	for _, word := range []string{"\n## onrush run\n", "\n## onrush runs start\n", "\n## onrush scenarios apply\n", "--ramp-up", "--criteria"} {
		if !strings.Contains(got, word) {
			t.Errorf("the reference lacks %q", word)
		}
	}
	if strings.Contains(got, "## onrush agent") {
		t.Error("the reference shows a hidden command")
	}
}

// TestServeFlagsHaveVariables: what runs in containers is set by environment.
func TestServeFlagsHaveVariables(t *testing.T) {
	t.Parallel()
	parser, err := newParser(&Env{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		if command.Name != "serve" {
			continue
		}
		for _, f := range command.Flags {
			want := "ONRUSH_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			if len(f.Envs) != 1 || f.Envs[0] != want {
				t.Errorf("--%s: got variables %v, want %s", f.Name, f.Envs, want)
			}
		}
		return
	}
	t.Fatal("there is no command serve")
}

// reference is docs/cli.md: the help of every command, in the order of the
// table of contents.
func reference() (string, error) {
	var page strings.Builder
	page.WriteString(`# Command line

Written by ` + "`make generate`" + ` from the program itself: this is what ` + "`--help`" + ` says.

Results go to standard output, progress and complaints to standard error. Every read takes ` + "`-o json`" + ` (or ` + "`--json`" + `). No
command asks a question when there is no terminal to ask on.

| exit code | means |
| --- | --- |
| 0 | done; of a run: it met its criteria, or had none |
| 1 | could not run, or bad usage |
| 2 | the run failed its criteria |
| 3 | the run was degraded: it ran, and something planned is missing |

A run that failed its criteria and is degraded ends with 2. One that its user stopped is judged by what it measured; with nothing
measured it ends with 1.
`)
	parser, err := newParser(&Env{Context: context.Background()}, func(int) {})
	if err != nil {
		return "", err
	}
	for _, command := range append([]string{""}, commands(parser.Model.Node)...) {
		var out, complaints bytes.Buffer
		args := append(strings.Fields(command), "--help")
		Main(Env{Context: context.Background(), Out: &out, Err: &complaints, Version: "any"}, args)
		fmt.Fprintf(&page, "\n## onrush %s\n\n```\n%s```\n", command, out.String()+complaints.String())
	}
	return strings.ReplaceAll(page.String(), "## onrush \n", "## onrush\n"), nil
}

// commands lists the paths of all commands that are shown, parents first.
func commands(node *kong.Node) []string {
	var paths []string
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		if child.Leaf() {
			paths = append(paths, strings.TrimPrefix(commandPath(child), "onrush "))
		}
		paths = append(paths, commands(child)...)
	}
	return paths
}
