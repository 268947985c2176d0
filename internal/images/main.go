package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"onrush.dev/onrush/internal/images/debian"
	"onrush.dev/onrush/internal/images/parts"
)

// Main is the command: it builds, and prints what images there are now.
func Main(ctx context.Context, args []string, out, progress io.Writer) error {
	start := time.Now()
	o := Options{
		Revision: "unknown", Epoch: epoch(),
		Say: func(format string, args ...any) {
			fmt.Fprintf(progress, "%4.0fs  %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, args...))
		},
	}
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&o.Repo, "repo", ".", "the repository's folder")
	flags.StringVar(&o.Out, "out", "dist/images", "where images go")
	flags.StringVar(&o.Cache, "cache", cacheFolder(), "what is kept between builds")
	flags.StringVar(&o.Version, "version", "dev", "the images' tag, and the version that the programs say")
	flags.StringVar(&o.Prefix, "prefix", "onrush-", "what images' names begin with, e.g. registry.example.com/onrush-")
	flags.StringVar(&o.Mirror, "mirror", orElse(os.Getenv("ONRUSH_DEBIAN_MIRROR"), debian.Mirror), "mirror of Debian, with the folders debian and debian-security")
	arches := flags.String("arch", runtime.GOARCH, "architectures, by commas: amd64, arm64")
	flags.BoolVar(&o.Locked, "locked", false, "fail when the mirror has a locked package no longer")
	flags.BoolVar(&o.Parts, "parts", false, "also lay out the parts, for docker build")
	relock := flags.Bool("update-lock", false, "write "+lockFile+" anew and build nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.Names, o.Arches = flags.Args(), strings.Split(*arches, ",")
	var err error
	if o.Repo, err = filepath.Abs(o.Repo); err != nil {
		return err
	}
	if o.Cache, err = filepath.Abs(o.Cache); err != nil {
		return err
	}
	if text, err := exec.CommandContext(ctx, "git", "-C", o.Repo, "rev-parse", "HEAD").Output(); err == nil {
		o.Revision = strings.TrimSpace(string(text))
	}
	if *relock {
		return writeLock(ctx, o)
	}
	built, err := Build(ctx, o)
	if err != nil {
		return err
	}
	return table(out, o.Out, built)
}

// writeLock takes the newest of every package that some part wants.
func writeLock(ctx context.Context, o Options) error {
	archive := &debian.Archive{Mirror: o.Mirror, Cache: filepath.Join(o.Cache, "debian"), Say: o.Say}
	resolver := &debian.Resolver{Archive: archive, Lock: debian.Lock{}}
	for _, arch := range []string{"amd64", "arm64"} {
		if _, _, err := resolver.Files(ctx, arch, parts.Packages()); err != nil {
			return err
		}
	}
	return resolver.Lock.Save(filepath.Join(o.Repo, filepath.FromSlash(lockFile)), lockHead)
}

func table(out io.Writer, folder string, built []Built) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "IMAGE\tARCH\tTO FETCH\tON DISK\tFILE")
	for _, b := range built {
		fmt.Fprintf(w, "%s\t%s\t%.0f MB\t%.0f MB\t%s\n", b.Reference, b.Arch, float64(b.Size.Packed)/1e6, float64(b.Size.Unpacked)/1e6, filepath.Join(folder, b.File))
	}
	return w.Flush()
}

// cacheFolder is where builds keep what they need again.
func cacheFolder() string {
	if dir := os.Getenv("ONRUSH_TEST_CACHE"); dir != "" {
		return filepath.Join(dir, "images")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".cache", "onrush-test", "images")
}

// epoch is the time of all files: that of SOURCE_DATE_EPOCH, else a fixed one.
func epoch() time.Time {
	if n, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(n, 0).UTC()
	}
	return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

func shortHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// layOut makes a part's tree again out of links to the same files, beside a file
// that says which part it is.
func layOut(part parts.Part, folder string) error {
	to, mark := filepath.Join(folder, part.Name), filepath.Join(folder, part.Name+".key")
	if key, err := os.ReadFile(mark); err == nil && string(key) == part.Key {
		return nil
	}
	if err := errors.Join(os.RemoveAll(mark), os.RemoveAll(to)); err != nil {
		return err
	}
	if err := link(part, to); err != nil {
		return fmt.Errorf("lay out the part %s: %w", part.Name, err)
	}
	return os.WriteFile(mark, []byte(part.Key), 0o644)
}

func link(part parts.Part, to string) error {
	return filepath.WalkDir(part.Dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(part.Dir, p)
		if err != nil {
			return err
		}
		at := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			info, err := d.Info()
			if err != nil {
				return err
			}
			return errors.Join(os.MkdirAll(at, 0o755), os.Chmod(at, info.Mode()))
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			return errors.Join(err, os.Symlink(target, at))
		}
		if err := os.Link(p, at); err == nil {
			return nil
		}
		return copyFile(p, at)
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, data, info.Mode().Perm()), os.Chtimes(to, info.ModTime(), info.ModTime()))
}
