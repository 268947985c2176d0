package cli

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/script"
)

// scriptFlags are what `onrush run` says about a script.
type scriptFlags struct {
	Engine     string            `placeholder:"NAME" help:"k6, jmeter or locust, where the script's name does not tell."`
	Entry      string            `placeholder:"FILE" help:"The file to run, within a zip or folder."`
	Env        map[string]string `short:"e" placeholder:"NAME=VALUE" mapsep:"none" help:"Environment of the script; repeatable."`
	Secret     []secretFlag      `placeholder:"NAME=env:X" sep:"none" help:"Environment whose value stands in a variable (env:X) or a file (file:PATH) here; repeatable."`
	Property   map[string]string `short:"J" placeholder:"NAME=VALUE" mapsep:"none" help:"A JMeter property; repeatable."`
	Share      string            `placeholder:"HOW" enum:",split,per task" default:"" help:"Of a script's load over tasks: split (default) or per task."`
	Iterations count             `placeholder:"N" help:"Stop after so many iterations in the whole run."`
}

// secretFlag is NAME=env:X or NAME=file:PATH.
type secretFlag struct {
	name   string
	secret load.Secret
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *secretFlag) UnmarshalText(text []byte) error {
	name, from, _ := strings.Cut(string(text), "=")
	kind, where, _ := strings.Cut(from, ":")
	s.name = name
	switch {
	case name != "" && where != "" && kind == "env":
		s.secret.Env = where
	case name != "" && where != "" && kind == "file":
		s.secret.File = where
	default:
		return load.Errorf(load.Invalid, "found %q, allowed is NAME=env:VARIABLE or NAME=file:PATH", text)
	}
	return nil
}

// isScript says whether a target is a script, a bundle or a folder of them.
func isScript(target string) bool {
	if script.Guess(target) != "" || strings.EqualFold(filepath.Ext(target), ".zip") {
		return true
	}
	info, err := os.Stat(target)
	return err == nil && info.IsDir()
}

// fromScript makes the scenario of a bare script: it runs as it was written.
func (f *scriptFlags) fromScript(target string, l *loadFlags) (*source, error) {
	names, err := scriptNames(target)
	if err != nil {
		return nil, err
	}
	engine := f.Engine
	if engine == "" {
		if engine = script.Guess(target); engine == "" {
			engine = script.GuessOf(names)
		}
	}
	if engine == "" {
		return nil, load.Errorf(load.Invalid, "TARGET: %s holds no script that is known (.js, .ts, .jmx, .py): name its engine with --engine", target)
	}
	base := filepath.Base(filepath.Clean(target))
	s := load.Scenario{Name: nameOf(strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base)))), Engine: engine, Script: base}
	l.apply(&s)
	f.apply(&s)
	src := &source{dir: filepath.Dir(filepath.Clean(target))}
	return src, src.change(s)
}

// apply puts the flags over a scenario's own words.
func (f *scriptFlags) apply(s *load.Scenario) {
	if f.Engine != "" {
		s.Engine = f.Engine
	}
	if f.Entry != "" {
		s.Entry = f.Entry
	}
	if f.Share != "" {
		s.Share = load.Sharing(f.Share)
	}
	if f.Iterations != 0 {
		s.Load.Iterations = int64(f.Iterations)
	}
	put := func(to *map[string]string, from map[string]string) {
		for name, value := range from {
			if *to == nil {
				*to = map[string]string{}
			}
			(*to)[name] = value
		}
	}
	put(&s.Env, f.Env)
	put(&s.Properties, f.Property)
	for _, secret := range f.Secret {
		if s.Secrets == nil {
			s.Secrets = map[string]load.Secret{}
		}
		s.Secrets[secret.name] = secret.secret
	}
}

func (f *scriptFlags) given() bool {
	return f.Engine != "" || f.Entry != "" || f.Share != "" || f.Iterations != 0 || len(f.Env)+len(f.Property)+len(f.Secret) > 0
}

// scriptNames lists what a script's bundle holds.
func scriptNames(target string) ([]string, error) {
	info, err := os.Stat(target)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "cannot read the script: %w", err)
	}
	switch {
	case info.IsDir():
		return script.Folder(target)
	case strings.EqualFold(filepath.Ext(target), ".zip"):
		z, err := zip.OpenReader(target)
		if err != nil {
			return nil, load.Errorf(load.Invalid, "%s is no zip that can be read: %w", target, err)
		}
		defer z.Close()
		var names []string
		for _, f := range z.File {
			names = append(names, f.Name)
		}
		return names, nil
	}
	return []string{filepath.Base(target)}, nil
}

// bundle opens the content that is uploaded for a script: the file itself when
// nothing belongs beside it, else a zip of all of it. The caller closes it, and
// calls done.
func (s *source) bundle(path string) (content *os.File, done func(), err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, load.Errorf(load.Invalid, "cannot read the script: %w", err)
	}
	var root, entry string
	var names []string
	switch {
	case info.IsDir():
		root = path
		names, err = script.Folder(path)
	case strings.EqualFold(filepath.Ext(path), ".zip"):
		names = []string{path}
	default:
		if root, names, err = script.Beside(s.scenario.Engine, path); err == nil {
			full, _ := filepath.Abs(path)
			entry, err = filepath.Rel(root, full)
			entry = filepath.ToSlash(entry)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if len(names) == 1 && !info.IsDir() {
		content, err = os.Open(path)
		return content, func() {}, err
	}
	temp, err := os.CreateTemp("", "onrush-bundle-*.zip")
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = os.Remove(temp.Name()) }
	if err := script.Pack(temp, root, names, entry); err != nil {
		temp.Close()
		done()
		return nil, nil, err
	}
	s.beside = slices.DeleteFunc(names, func(n string) bool { return n == entry })
	return temp, done, nil
}

// tellScript says what was guessed of a script, before it is planned.
func (s *source) tellScript(env *Env) {
	if s.file != "" || s.scenario.Script == "" {
		return
	}
	line := fmt.Sprintf("%s runs with engine %s", s.scenario.Script, s.scenario.Engine)
	if n := len(s.beside); n > 0 {
		line += fmt.Sprintf(", and %s beside it", plural(n, "file"))
	}
	fmt.Fprintln(env.Err, line)
}

// secrets reads the values of a scenario's secrets here, where the run is
// started. Of those that are the server's own, nothing is said here.
func (s *source) secrets() (map[string]string, error) { return secretValues(s.scenario, s.dir) }

func secretValues(scenario load.Scenario, dir string) (map[string]string, error) {
	values := map[string]string{}
	for _, name := range sortedKeys(scenario.Secrets) {
		secret := scenario.Secrets[name]
		if secret.File != "" {
			path := secret.File
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, path)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, load.Errorf(load.Invalid, "secrets.%s: cannot read its file: %w", name, err)
			}
			values[name] = strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
			continue
		}
		value, ok := os.LookupEnv(secret.Env)
		if !ok && !strings.HasPrefix(secret.Env, "ONRUSH_SECRET_") {
			return nil, load.Errorf(load.Invalid, "secrets.%s: the environment variable %s is not set here", name, secret.Env)
		}
		if ok {
			values[name] = value
		}
	}
	return values, nil
}
