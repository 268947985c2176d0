//go:build linux

// Command http measures what a request costs the http engine beside what it
// costs other load generators: CPU time of the generator for each request, or
// for each GB, as a ratio in one run, in turns. The generator is held to one
// core and the target, a real nginx, to the other. Our side is the engine as an
// agent runs it, with its recorder and its windows. Read main.go first, then
// rows.go (what is measured), turn.go (one turn of one generator) and judge.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"onrush.dev/onrush/bench/internal/peers"
	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/bench/internal/targets"
	"onrush.dev/onrush/bench/internal/task"
)

// The cores of target and generator.
const (
	targetCore    = 0
	generatorCore = 1
)

// bench is one call of the command.
type bench struct {
	*rig.Bench
	runs   int           // turns of each generator
	window time.Duration // of a turn, in which it is measured
	only   []string      // peers; empty: all

	nginx    *targets.Nginx
	nginxDir string
}

func main() {
	if len(os.Args) > 1 {
		roles := map[string]func() error{
			task.Role:          task.Main,
			targets.BodiesRole: func() error { return targets.ServeBodies(os.Args[2]) },
			targets.H3Role:     func() error { return targets.ServeH3(os.Args[2]) },
		}
		if role := roles[os.Args[1]]; role != nil {
			if err := role(); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
				os.Exit(1)
			}
			return
		}
	}
	var wanted, only string
	b := &bench{}
	flag.StringVar(&wanted, "row", "", "measure only these rows, by their names with a comma between; a name that ends in * stands for all that begin so")
	flag.StringVar(&only, "peers", "", "measure only against these generators, with a comma between")
	flag.IntVar(&b.runs, "runs", 5, "turns of each generator")
	short := flag.Bool("short", false, "short turns, for a first look")
	list := flag.Bool("list", false, "list the rows and end")
	flag.Parse()
	if *list {
		for _, r := range rows() {
			fmt.Printf("%-14s %s\n", r.name, r.what)
		}
		return
	}
	b.window = 3 * time.Second
	if *short {
		b.window = time.Second
	}
	if only != "" {
		b.only = strings.Split(only, ",")
	}
	rig.Main("http", func(r *rig.Bench) error {
		b.Bench = r
		return b.measure(wanted)
	})
}

// measure measures the rows one after the other. A row that cannot be measured
// says why and does not keep the others from it.
func (b *bench) measure(wanted string) (err error) {
	if runtime.NumCPU() < 2 {
		return errors.New("the generator and the target need a core each: this machine has one")
	}
	chosen, err := choose(wanted)
	if err != nil {
		return err
	}
	path, err := peers.Get(b, "nginx")
	if err != nil {
		return err
	}
	b.nginxDir = b.Dir + "/nginx"
	for _, r := range chosen {
		if b.Err() != nil {
			return context.Cause(b)
		}
		progress("%s: %s", r.name, r.what)
		b.nginx, err = targets.StartNginx(b, targets.Options{Path: path, Dir: b.nginxDir, Core: targetCore, Workers: r.workers})
		if err != nil {
			return err
		}
		if failed := r.measure(b, r); failed != nil {
			b.Say(r.name+": "+r.what, "not measured: %s", oneLine(failed))
		}
		if err := b.nginx.Stop(); err != nil {
			return err
		}
	}
	return nil
}

// choose finds the rows that were asked for.
func choose(wanted string) ([]row, error) {
	if wanted == "" {
		return rows(), nil
	}
	var chosen []row
	for _, want := range strings.Split(wanted, ",") {
		found := slices.DeleteFunc(rows(), func(r row) bool {
			prefix, open := strings.CutSuffix(want, "*")
			return r.name != want && (!open || !strings.HasPrefix(r.name, prefix))
		})
		if len(found) == 0 {
			return nil, fmt.Errorf("no row is called %q; --list lists them", want)
		}
		chosen = append(chosen, found...)
	}
	return chosen, nil
}

// progress tells on the side what is under way: the table comes at the end.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: %s %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}

// wants says whether a peer was asked for.
func (b *bench) wants(name string) bool { return b.only == nil || slices.Contains(b.only, name) }

// oneLine is an error as it fits in a table.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
