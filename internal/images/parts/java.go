package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"onrush.dev/onrush/internal/images/sbom"
)

// javaLibraries are what a Java without a screen loads from outside of itself.
func javaLibraries() []string {
	return []string{
		"libbrotli1", "libfreetype6", "libglib2.0-0", "libgraphite2-3", "libharfbuzz0b", "libjpeg62-turbo",
		"liblcms2-2", "libpcre2-8-0", "libpng16-16",
	}
}

// javaDrop leaves out of GLib what Java's fonts do not use: more libraries hang on it.
func javaDrop(name string) bool {
	for _, part := range []string{"/libgio-2.0", "/libgobject-2.0", "/libgmodule-2.0", "/libgthread-2.0"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasPrefix(name, "usr/share/glib-2.0/") || strings.HasPrefix(name, "usr/lib/") && strings.Contains(name, "/glib-2.0/")
}

// javaModules are those that JMeter, its plugins and the scripts in plans may use.
const javaModules = "java.se,jdk.charsets,jdk.crypto.cryptoki,jdk.crypto.ec,jdk.dynalink,jdk.httpserver,jdk.localedata," +
	"jdk.management,jdk.naming.dns,jdk.net,jdk.security.auth,jdk.security.jgss,jdk.unsupported,jdk.xml.dom,jdk.zipfs"

// javaScreen are libraries that draw on screens and play sounds.
const javaScreen = "**/libawt_xawt.so,**/libjawt.so,**/libsplashscreen.so,**/libjsound.so"

func (b *Builder) java(ctx context.Context, arch string) (recipe, error) {
	libraries, libraryFiles, err := b.Debian.Files(ctx, arch, javaLibraries())
	if err != nil {
		return recipe{}, err
	}
	jdk, jdkFiles, err := b.Debian.Files(ctx, arch, []string{"openjdk-17-jdk-headless"})
	if err != nil {
		return recipe{}, err
	}
	_, hostFiles, err := b.Debian.Files(ctx, runtime.GOARCH, []string{"openjdk-17-jdk-headless", "openjdk-17-jre-headless"})
	if err != nil {
		return recipe{}, err
	}
	inputs := append(append(sums(libraries), sums(jdk)...), javaModules, javaScreen)
	return recipe{inputs, func(dir string) ([]sbom.Component, error) {
		components, err := unpack(libraries, libraryFiles, arch, dir, javaDrop)
		if err != nil {
			return nil, err
		}
		work, err := os.MkdirTemp(b.Cache, ".jdk-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(work)
		host, target := filepath.Join(work, "host"), filepath.Join(work, "target")
		for _, file := range hostFiles {
			if err := unpackAll(file, host); err != nil {
				return nil, err
			}
		}
		more, err := unpack(jdk, jdkFiles, arch, target, nil)
		if err != nil {
			return nil, err
		}
		home := func(root, arch string) string {
			return filepath.Join(root, "usr", "lib", "jvm", "java-17-openjdk-"+arch)
		}
		cmd := exec.CommandContext(ctx, filepath.Join(home(host, runtime.GOARCH), "bin", "jlink"),
			"--module-path", filepath.Join(home(target, arch), "jmods"), "--add-modules", javaModules, "--include-locales", "en",
			"--exclude-files", javaScreen, "--strip-java-debug-attributes", "--no-header-files", "--no-man-pages", "--compress", "2",
			"--output", filepath.Join(dir, filepath.FromSlash(javaFolder)))
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("put a small Java together (jlink): %w: %s", err, strings.TrimSpace(string(out)))
		}
		return append(components, more...), nil
	}}, nil
}
