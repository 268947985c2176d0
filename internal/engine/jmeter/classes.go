package jmeter

import (
	"archive/zip"
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// known finds out whether JMeter has all classes that the plan names, itself or
// in jars of the bundle.
func (e *Engine) known(b engine.Bundle) error {
	aliases := aliasesOf(filepath.Join(e.jmeter.Path, "bin", "saveservice.properties"))
	wanted := map[string]string{} // the path in a jar, by class
	for _, class := range e.plan.Classes {
		if full := aliases[class]; full != "" {
			class = full
		}
		if strings.Contains(class, ".") && !strings.HasPrefix(class, "org.apache.jmeter.") {
			wanted[strings.ReplaceAll(class, ".", "/")+".class"] = class
		} else if !strings.Contains(class, ".") && len(aliases) > 0 {
			wanted[class+".class"] = class // a class without a package, or nothing
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	for _, dir := range []string{b.Dir, filepath.Join(e.jmeter.Path, "lib", "ext"), filepath.Join(e.jmeter.Path, "lib")} {
		jars, err := jarsOf(dir)
		if err != nil {
			return err
		}
		for _, jar := range jars {
			if len(wanted) == 0 {
				return nil
			}
			cross(jar, wanted)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var missing []string
	for _, class := range wanted {
		missing = append(missing, class+" ("+remedyFor(class)+")")
	}
	slices.Sort(missing)
	return load.Errorf(load.Invalid, "JMeter does not have what the plan needs: %s", strings.Join(missing, "; "))
}

// cross takes out what a jar has. One that cannot be read has nothing.
func cross(jar string, wanted map[string]string) {
	z, err := zip.OpenReader(jar)
	if err != nil {
		return
	}
	defer z.Close()
	for _, f := range z.File {
		delete(wanted, f.Name)
	}
}

// aliasesOf reads the short names that plans use for JMeter's classes.
func aliasesOf(file string) map[string]string {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	all := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, class, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if ok && !strings.HasPrefix(name, "#") && !strings.HasPrefix(name, "_") {
			for alias := range strings.SplitSeq(name, ",") { // the older names too
				all[alias] = class
			}
		}
	}
	return all
}

// remedyFor says where a class comes from.
func remedyFor(class string) string {
	for _, known := range []struct{ prefix, what string }{
		{"com.blazemeter.jmeter.http2", "the HTTP/2 plugin (bzm-http2)"},
		{"com.atlantbh.jmeter.plugins.jsonutils", "the JSON plugin (jpgc-json)"},
		{"com.googlecode.jmeter.plugins.webdriver", "the WebDriver plugin (jpgc-webdriver)"},
		{"com.blazemeter.jmeter.controller.Parallel", "the Parallel Controller plugin (bzm-parallel)"},
		{"kg.apc.jmeter.reporters.FlexibleFileWriter", "the Flexible File Writer plugin (jpgc-ffw)"},
		{"kg.apc.jmeter.samplers.UDP", "the UDP plugin (jpgc-udp)"},
		{"kg.apc.jmeter", "a plugin of jmeter-plugins.org (jpgc)"},
		{"com.blazemeter", "a plugin of BlazeMeter (bzm)"},
		{"com.pinterest", "the Kafka plugin"},
	} {
		if strings.HasPrefix(class, known.prefix) {
			return "of " + known.what + ": put its jar, and what it needs, beside the plan, in a zip or folder"
		}
	}
	return "put the jar of its plugin, and what it needs, beside the plan, in a zip or folder"
}
