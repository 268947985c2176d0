package cli

import (
	"io"
	"os"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/report"
)

// runCmd is `onrush run`. Without --server it brings a server up in this
// process and goes the same way through its API.
type runCmd struct {
	Target string `arg:"" help:"A URL to load, a scenario file (YAML or JSON), or a script: .js, .ts, .jmx, .py, a zip or folder of them."`

	loadFlags   `embed:"" group:"Load"`
	scriptFlags `embed:"" group:"Script"`

	Output  string `short:"o" enum:"table,json,yaml,junit" default:"table" placeholder:"FORMAT" help:"The report on standard output: table, json, yaml or junit." group:"Output"`
	Plan    bool   `help:"Print the plan and exit: what would run, task by task." group:"Output"`
	Quiet   bool   `short:"q" help:"No progress on standard error." group:"Output"`
	Verbose bool   `short:"v" help:"The server's log on standard error." group:"Output"`

	Server string `placeholder:"URL" help:"Run on this server instead (log in first: onrush login URL)." env:"ONRUSH_SERVER" group:"Where"`
	Token  string `placeholder:"TOKEN" help:"API token for --server." env:"ONRUSH_TOKEN" group:"Where"`
	Note   string `placeholder:"TEXT" help:"A note kept with the run." group:"Where"`
	Data   string `placeholder:"DIR" help:"Keep the run's data in this folder; onrush serve --data DIR shows it." group:"Where"`
	Keep   bool   `help:"Keep the run's data in a new folder and say where." group:"Where"`
}

// Help is the long text under --help.
func (runCmd) Help() string {
	return `Without any load flag a URL gets 10 users for 10 seconds. With a scenario file,
flags replace what the file says.

Ctrl-C once drains: no new requests, those in flight end, the report comes.
Twice stops now; the report still comes.

  onrush run https://example.test -c 50 -d 1m
  onrush run https://example.test -r 200 -d 30s --region eu:2 --region us:2
  onrush run script.js -e HOST=https://example.test     # k6, as it was written
  onrush run checkout.yaml --criterion 'p95 < 300ms' -o junit`
}

// Run implements the command.
func (c *runCmd) Run(env *Env) error {
	src, err := c.source(env)
	if err != nil {
		return err
	}
	api, done, err := c.connect(env, src)
	if err != nil {
		return err
	}
	defer done()
	files, err := src.upload(env.Context, api)
	if err != nil {
		return err
	}
	src.tellScript(env)
	if c.Plan {
		plan, err := api.Plan(env.Context, client.Source{Source: string(src.text), Files: files})
		if err != nil {
			return inFile(src.file, err)
		}
		return output{Output: c.Output}.print(env.Out, plan, func(w io.Writer) error { return planTable(w, plan) })
	}
	secrets, err := src.secrets()
	if err != nil {
		return inFile(src.file, err)
	}
	run, err := api.StartRun(env.Context, client.StartRun{Source: string(src.text), Files: files, Note: c.Note, Secrets: secrets})
	if err != nil {
		return inFile(src.file, err)
	}
	result, err := follow(env, api, run, newProgress(env, c.Quiet))
	if err != nil {
		return err
	}
	if err := writeReport(env, c.Output, result); err != nil {
		return err
	}
	return verdictError(result)
}

// source is what the flags and TARGET ask for.
func (c *runCmd) source(env *Env) (*source, error) {
	if isURL(c.Target) {
		src := &source{dir: "."}
		scenario, err := c.fromURL(c.Target)
		if err != nil {
			return nil, err
		}
		return src, src.change(scenario)
	}
	if isScript(c.Target) {
		return c.fromScript(c.Target, &c.loadFlags)
	}
	if _, err := os.Stat(c.Target); err != nil && c.Target != "-" {
		return nil, load.Errorf(load.Invalid, "TARGET: found %q, allowed is a URL that begins with http:// or https://, or the name of a scenario file or script: %w", c.Target, err)
	}
	src, err := readSource(env, c.Target)
	if err != nil {
		return nil, err
	}
	changed, scenario, err := c.override(src.scenario)
	if err != nil || !changed && !c.given() {
		return src, err
	}
	c.scriptFlags.apply(&scenario)
	return src, src.change(scenario)
}

// connect reaches the server: --server's, or one of our own.
func (c *runCmd) connect(env *Env, src *source) (*client.Client, func(), error) {
	if c.Server != "" {
		api, err := remote{Server: c.Server, Token: c.Token}.connect()
		return api, func() {}, err
	}
	return startLocal(env, localOptions{
		dir: c.Data, keep: c.Keep, verbose: c.Verbose, regions: src.scenario.Regions,
	})
}

// writeReport writes a report in the wanted format.
func writeReport(env *Env, format string, r *load.Report) error {
	switch format {
	case "json":
		return report.JSON(env.Out, r)
	case "yaml":
		return report.YAML(env.Out, r)
	case "junit":
		return report.JUnit(env.Out, r)
	}
	width, tty := terminal(env.Out)
	return report.Table(env.Out, r, report.Options{Color: tty && os.Getenv("NO_COLOR") == "", Width: width})
}
