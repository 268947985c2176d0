package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/tools"
	"onrush.dev/onrush/internal/tools/install"
)

// enginesCmd is `onrush engines`.
type enginesCmd struct {
	List    enginesListCmd    `cmd:"" help:"List the tools that engines drive, and where they are."`
	Install enginesInstallCmd `cmd:"" help:"Install tools, at pinned versions."`
	Check   enginesCheckCmd   `cmd:"" help:"Check that tools are there and as they were installed."`
	Bundle  enginesBundleCmd  `cmd:"" help:"Pack installed tools into a file, for machines without registries."`
}

// enginesListCmd is `onrush engines list`.
type enginesListCmd struct {
	output
}

// listedTool is a row of the list.
type listedTool struct {
	tools.Tool
	Missing string `json:"missing,omitempty"` // why there is none
}

// Run implements the command.
func (c *enginesListCmd) Run(env *Env) error {
	found, missing := tools.List(env.Context)
	var all []listedTool
	for _, t := range found {
		all = append(all, listedTool{Tool: t})
	}
	for _, name := range sortedKeys(missing) {
		all = append(all, listedTool{Tool: tools.Tool{Name: name}, Missing: missing[name].Error()})
	}
	return c.print(env.Out, all, func(w io.Writer) error {
		var rows [][]string
		for _, t := range all {
			where := t.Path
			if t.Missing != "" {
				where = t.Missing
			}
			rows = append(rows, []string{t.Name, orDash(t.Version), orDash(string(t.Origin)), where})
		}
		return columns(w, "NAME VERSION ORIGIN WHERE", rows)
	})
}

// enginesInstallCmd is `onrush engines install`.
type enginesInstallCmd struct {
	Name  []string `arg:"" optional:"" help:"Which tools: k6, jmeter, locust. Default: all."`
	Dir   string   `placeholder:"DIR" help:"Where to. Default: where tasks look (ONRUSH_TOOLS)." env:"ONRUSH_TOOLS"`
	From  string   `placeholder:"FILE" help:"From a file of onrush engines bundle, without any registry."`
	Proxy string   `name:"go-proxy" placeholder:"URL" help:"Mirror of the Go module proxy. Default: as Go is set up." env:"ONRUSH_GO_PROXY"`
	Maven string   `name:"maven-url" placeholder:"URL" help:"Mirror of Maven Central." env:"ONRUSH_MAVEN_URL"`
	PyPI  string   `name:"pypi-url" placeholder:"URL" help:"Mirror of the Python Package Index." env:"ONRUSH_PYPI_URL"`
	K6URL string   `name:"k6-url" placeholder:"URL" help:"Mirror of k6's releases, for machines without Go." env:"ONRUSH_K6_URL"`
}

// Run implements the command.
func (c *enginesInstallCmd) Run(env *Env) error {
	dir := c.Dir
	if dir == "" {
		dir = tools.Dir()
	}
	if c.From != "" {
		got, err := install.Unbundle(c.From, dir, c.Name)
		for _, m := range got {
			fmt.Fprintf(env.Out, "%s %s\n", m.Name, m.Version)
		}
		return err
	}
	names := c.Name
	if len(names) == 0 {
		for _, i := range install.Installers() {
			names = append(names, i.Name())
		}
	}
	options := install.Options{GoProxy: c.Proxy, MavenURL: c.Maven, PyPIURL: c.PyPI, K6URL: c.K6URL, Log: env.Err}
	for _, name := range names {
		i, err := install.ByName(name)
		if err != nil {
			return err
		}
		m, err := install.Run(env.Context, i, dir, options)
		if err != nil {
			return fmt.Errorf("install %s: %w", name, err)
		}
		fmt.Fprintf(env.Out, "%s %s in %s\n", m.Name, m.Version, filepath.Join(dir, m.Name+"-"+m.Version))
	}
	return nil
}

// enginesCheckCmd is `onrush engines check`.
type enginesCheckCmd struct {
	Name []string `arg:"" optional:"" help:"Which tools. Default: all that are known."`
}

// Run implements the command.
func (c *enginesCheckCmd) Run(env *Env) error {
	names := c.Name
	if len(names) == 0 {
		for _, k := range tools.Kinds() {
			names = append(names, k.Name)
		}
	}
	var faults []error
	for _, name := range names {
		t, err := tools.Find(env.Context, name)
		if err == nil && t.Origin == tools.Installed {
			err = install.CheckTool(t)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		fmt.Fprintf(env.Out, "%s: ok (%s)\n", t, t.Origin)
	}
	return errors.Join(faults...)
}

// enginesBundleCmd is `onrush engines bundle`.
type enginesBundleCmd struct {
	File string   `arg:"" help:"The file to write; - is standard output."`
	Name []string `arg:"" optional:"" help:"Which tools. Default: all that are installed."`
}

// Run implements the command.
func (c *enginesBundleCmd) Run(env *Env) error {
	if c.File == "-" {
		return install.Bundle(env.Out, tools.Dir(), c.Name)
	}
	out, err := os.Create(c.File)
	if err != nil {
		return load.Errorf(load.Invalid, "write the bundle: %w", err)
	}
	return errors.Join(install.Bundle(out, tools.Dir(), c.Name), out.Close())
}
