package script_test

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/script"
)

// write makes files below a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// member is a file of a zip that is made by hand.
type member struct {
	name, text string
	mode       fs.FileMode
}

func zipped(t *testing.T, members ...member) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bundle.zip")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for _, m := range members {
		header := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		header.SetMode(m.mode | 0o600)
		w, err := z.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

const k6Test = "export default function () {}"

func TestLayOutFindsTheEntry(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		members       []member
		engine, entry string
		wantEngine    string
		want          string
		wantEntries   int
	}{
		"one root folder is unwrapped": {[]member{{name: "shop/test.js", text: k6Test}, {name: "shop/lib/a.js", text: "export const a = 1"}}, "", "", "k6", "test.js", 1},
		"two roots stay":               {[]member{{name: "shop/test.js", text: k6Test}, {name: "data/a.csv"}}, "", "", "k6", "shop/test.js", 1},
		"a helper is no entry":         {[]member{{name: "a.js", text: "export function a() {}"}, {name: "z.js", text: k6Test}}, "", "", "k6", "z.js", 1},
		"types are no entry":           {[]member{{name: "a.d.ts", text: k6Test}, {name: "z.js", text: k6Test}}, "", "", "k6", "z.js", 1},
		"TypeScript first":             {[]member{{name: "a.js", text: k6Test}, {name: "b.ts", text: k6Test}}, "", "", "k6", "b.ts", 2},
		"the top first":                {[]member{{name: "deep/a.js", text: k6Test}, {name: "z.js", text: k6Test}}, "", "", "k6", "z.js", 2},
		"chosen":                       {[]member{{name: "a.js", text: k6Test}, {name: "b.js", text: k6Test}}, "", "b.js", "k6", "b.js", 2},
		"a plan beside scripts":        {[]member{{name: "lib/x.js", text: k6Test}, {name: "plan.jmx"}}, "", "", "jmeter", "plan.jmx", 1},
		"hidden and drafts":            {[]member{{name: ".a.jmx"}, {name: "_b.jmx"}, {name: "c.jmx"}}, "", "", "jmeter", "c.jmx", 1},
		"locustfile.py":                {[]member{{name: "a.py", text: "class A(HttpUser): pass"}, {name: "locustfile.py", text: "class B(HttpUser): pass"}}, "", "", "locust", "locustfile.py", 2},
		"what a Mac adds":              {[]member{{name: "__MACOSX/t/._test.js"}, {name: "t/test.js", text: k6Test}, {name: "t/.DS_Store"}}, "", "", "k6", "test.js", 1},
		"engine said":                  {[]member{{name: "a.js", text: k6Test}, {name: "plan.jmx"}}, "k6", "", "k6", "a.js", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := script.LayOut(zipped(t, test.members...), filepath.Join(t.TempDir(), "out"), "x.zip", test.engine, test.entry)
			if err != nil {
				t.Fatal(err)
			}
			if l.Engine != test.wantEngine || l.Entry != test.want || len(l.Entries) != test.wantEntries {
				t.Errorf("got %s %s of %v, want %s %s of %d", l.Engine, l.Entry, l.Entries, test.wantEngine, test.want, test.wantEntries)
			}
			if _, err := os.Stat(filepath.Join(l.Dir, filepath.FromSlash(l.Entry))); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	ok := member{name: "test.js", text: k6Test}
	tests := map[string]struct {
		members []member
		entry   string
		want    string
	}{
		"climbing out":   {[]member{ok, {name: "../evil.js"}}, "", "outside"},
		"climbing later": {[]member{ok, {name: "a/../../evil.js"}}, "", "outside"},
		"absolute":       {[]member{ok, {name: "/etc/cron.d/evil"}}, "", "outside"},
		"backslashes":    {[]member{ok, {name: `..\evil.js`}}, "", "outside"},
		"a drive":        {[]member{ok, {name: "c:/evil.js"}}, "", "outside"},
		"a link":         {[]member{ok, {name: "link", text: "/etc/passwd", mode: fs.ModeSymlink}}, "", "link"},
		"twice":          {[]member{ok, {name: "./test.js", text: "x"}}, "", "twice"},
		"too deep":       {[]member{ok, {name: strings.Repeat("a/", 60) + "b.js"}}, "", "deep"},
		"no script":      {[]member{{name: "data.csv"}}, "", "none of"},
		"another entry":  {[]member{ok}, "other.js", "other.js"},
		"file as folder": {[]member{{name: "a", text: "x"}, {name: "a/b.js", text: k6Test}}, "", "a/b.js"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			_, err := script.LayOut(zipped(t, test.members...), filepath.Join(dir, "in", "out"), "x.zip", "", test.entry)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if found, _ := filepath.Glob(filepath.Join(dir, "evil*")); len(found) > 0 {
				t.Errorf("a file lies outside: %v", found)
			}
		})
	}
	for name, content := range map[string]string{"broken": "PK\x03\x04 and no more", "no zip": "hello"} {
		path := filepath.Join(write(t, map[string]string{"x.zip": content}), "x.zip")
		if _, err := script.LayOut(path, filepath.Join(t.TempDir(), "out"), "x.zip", "", ""); load.ErrorCode(err) != load.Invalid {
			t.Errorf("%s: got %v, want an invalid error", name, err)
		}
	}
}

func TestPackAndUnpack(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"tests/load.js":    "import { a } from '../lib/a.js';\nimport b from './b.js';\nimport http from 'k6/http';\nimport x from 'https://jslib.example/x.js';\nconst rows = open('../data/rows.csv');\nexport default function () {}",
		"tests/b.js":       "const proto = __ENV.PROTO || '../data/shop.proto';\nexport default require('../lib/c');",
		"data/shop.proto":  "syntax = 'proto3';",
		"lib/a.js":         "export const a = open(`../data/deep.json`);",
		"lib/c.js":         "module.exports = 1;",
		"data/rows.csv":    "id\n1\n",
		"data/deep.json":   "{}",
		"data/unused.csv":  "id\n",
		"other/further.js": k6Test,
	})
	base, names, err := script.Beside("k6", filepath.Join(root, "tests", "load.js"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"data/deep.json", "data/rows.csv", "data/shop.proto", "lib/a.js", "lib/c.js", "tests/b.js", "tests/load.js"}
	// The file that lib/a.js opens is found beside lib/a.js and beside the script.
	if base != root || !slices.Equal(names, want) {
		t.Fatalf("got %v below %s, want %v below %s", names, base, want, root)
	}
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := script.Pack(out, base, names, "tests/load.js"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same files make two different zips")
	}
	file := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(file, first.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := script.LayOut(file, filepath.Join(t.TempDir(), "out"), "load.js", "k6", "")
	if err != nil || l.Entry != "tests/load.js" {
		t.Fatalf("got entry %q, %v, want tests/load.js", l.Entry, err)
	}
	if data, err := os.ReadFile(filepath.Join(l.Dir, "data", "rows.csv")); err != nil || string(data) != "id\n1\n" {
		t.Errorf("got data %q, %v", data, err)
	}
}

// FuzzUnpack: whatever the bytes, nothing lies outside the folder afterwards.
func FuzzUnpack(f *testing.F) {
	for _, name := range []string{"test.js", "../x", "a/b/c.js", "/abs", "a\\b"} {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		w, err := z.Create(name)
		if err != nil {
			f.Fatal(err)
		}
		_, _ = w.Write([]byte(k6Test))
		_ = z.Close()
		f.Add(buf.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		file := filepath.Join(dir, "in.zip")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = script.LayOut(file, filepath.Join(dir, "box", "out"), "in.zip", "", "")
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "in.zip" && e.Name() != "box" {
				t.Errorf("%s lies outside the folder", e.Name())
			}
		}
	})
}

func TestWhatATestPlanNeedsBesideIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"data/people.csv", "part.jmx", "body.json", "run.groovy", "old.jtl", "photo.png"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan := `<jmeterTestPlan><hashTree>
<CSVDataSet testname="people">
  <stringProp name="delimiter">,</stringProp>
  <boolProp name="recycle"/>
  <stringProp name="filename">data/people.csv</stringProp>
</CSVDataSet><hashTree/>
<IncludeController><stringProp name="IncludeController.includepath">part.jmx</stringProp></IncludeController><hashTree/>
<stringProp name="Argument.value">${__FileToString(body.json,,)}</stringProp>
<JSR223Sampler testname="s"><stringProp name="filename">run.groovy</stringProp></JSR223Sampler><hashTree/>
<elementProp name="x"><stringProp name="File.path">photo.png</stringProp></elementProp>
<ResultCollector testname="r"><stringProp name="filename">old.jtl</stringProp></ResultCollector><hashTree/>
</hashTree></jmeterTestPlan>`
	file := filepath.Join(dir, "plan.jmx")
	if err := os.WriteFile(file, []byte(plan), 0o600); err != nil {
		t.Fatal(err)
	}
	_, names, err := script.Beside(load.EngineJMeter, file)
	if got, want := strings.Join(names, " "), "body.json data/people.csv part.jmx photo.png plan.jmx run.groovy"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
