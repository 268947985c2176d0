package script

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// Layout is a script as a folder.
type Layout struct {
	Dir     string
	Engine  string
	Entry   string   // relative to Dir, with '/'
	Entries []string // all files that could have been the entry, the likeliest first
}

// LayOut puts a script's content, as it was uploaded, into the new folder dir
// and finds the file to run: content is one file, or a zip of many. Engine may
// be empty: then the files tell.
func LayOut(content, dir, name, engine, entry string) (Layout, error) {
	l := Layout{Dir: dir, Engine: engine}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return l, err
	}
	zipped, err := isZip(content)
	if err != nil {
		return l, err
	}
	if !zipped {
		base := path.Base(filepath.ToSlash(name))
		l.Engine, l.Entry, l.Entries = or(engine, Guess(base)), base, []string{base}
		if l.Engine == "" {
			return l, load.Errorf(load.Invalid, "script: %q is no script of a tool that is known: .js and .ts are k6's, .jmx JMeter's, .py Locust's, and a .zip may hold any of them", name)
		}
		if entry != "" && entry != base {
			return l, load.Errorf(load.Invalid, "entry: found %q, and the script is the one file %s: leave entry out", entry, base)
		}
		return l, copyFile(filepath.Join(dir, base), content)
	}
	said, err := Unpack(content, dir)
	if err != nil {
		return l, err
	}
	names, err := files(dir)
	if err != nil {
		return l, err
	}
	return l, l.choose(names, or(entry, said))
}

// choose finds the entry among the files of a bundle.
func (l *Layout) choose(names []string, entry string) error {
	if l.Engine = or(l.Engine, Guess(entry)); l.Engine == "" {
		l.Engine = GuessOf(names)
	}
	l.Entries = Entries(l.Engine, names, func(name string) []byte { return head(filepath.Join(l.Dir, filepath.FromSlash(name))) })
	switch {
	case entry != "" && slices.Contains(names, entry):
		l.Entry = entry
	case entry != "":
		return load.Errorf(load.Invalid, "entry: the bundle has no file %q: it has %s", entry, some(or2(l.Entries, names)))
	case len(l.Entries) == 0:
		return load.Errorf(load.Invalid, "script: none of the bundle's %d files can be run by %s: it has %s", len(names), or(l.Engine, "k6, JMeter or Locust"), some(names))
	default:
		l.Entry = l.Entries[0]
	}
	return nil
}

// files lists the files below dir, with '/', sorted.
func files(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	slices.Sort(names)
	return names, err
}

// headSize is as much of a file as is looked at.
const headSize = 256 << 10

func head(file string) []byte {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, headSize)) // what cannot be read shows nothing
	return text
}

func isZip(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return false, nil
	}
	return string(magic[:]) == "PK\x03\x04" || string(magic[:]) == "PK\x05\x06", err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func or2(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	return a
}

// some names the first few.
func some(names []string) string {
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
