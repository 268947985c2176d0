package cli

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// app is the table of contents of the command line.
type app struct {
	Run       runCmd       `cmd:"" help:"Run a load test and report. Needs no server."`
	Demo      demoCmd      `cmd:"" help:"Show it all on this machine: server, sample target, a run, the console."`
	Serve     serveCmd     `cmd:"" help:"Start a server with the console."`
	Target    targetCmd    `cmd:"" help:"Start the sample target, a web server to load."`
	Login     loginCmd     `cmd:"" help:"Log in to a server and remember it."`
	Password  passwordCmd  `cmd:"" help:"Change your password on a server."`
	Scenarios scenariosCmd `cmd:"" help:"Scenarios kept on a server."`
	Runs      runsCmd      `cmd:"" help:"Runs on a server."`
	Regions   regionsCmd   `cmd:"" help:"Regions of a server."`
	Tokens    tokensCmd    `cmd:"" help:"Your API tokens on a server, for programs."`
	Engines   enginesCmd   `cmd:"" help:"The tools that run scripts: k6, JMeter, Locust."`
	Agent     agentCmd     `cmd:"" help:"Be the agent of one task; drivers start this." hidden:""`
	Health    healthCmd    `cmd:"" help:"Say whether a server answers."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

type scenariosCmd struct {
	List   scenariosListCmd   `cmd:"" help:"List scenarios."`
	Get    scenariosGetCmd    `cmd:"" help:"Print a scenario as it was written."`
	Apply  scenariosApplyCmd  `cmd:"" help:"Make or change a scenario from a file."`
	Delete scenariosDeleteCmd `cmd:"" help:"Delete a scenario; its runs stay."`
	Check  scenariosCheckCmd  `cmd:"" help:"Check a scenario file; needs no server."`
}

type runsCmd struct {
	Start     runsStartCmd     `cmd:"" help:"Start a run of a scenario."`
	List      runsListCmd      `cmd:"" help:"List runs, newest first."`
	Get       runsGetCmd       `cmd:"" help:"Show where a run stands."`
	Watch     runsWatchCmd     `cmd:"" help:"Watch a run until it ends; Ctrl-C ends the watching only."`
	Stop      runsStopCmd      `cmd:"" help:"Stop a run; it keeps what it measured."`
	Pause     runsPauseCmd     `cmd:"" help:"Stop the load and the profile's clock, until resume."`
	Resume    runsResumeCmd    `cmd:"" help:"Go on after a pause."`
	Change    runsChangeCmd    `cmd:"" help:"Change users, rate or tasks of a run that lives."`
	Report    runsReportCmd    `cmd:"" help:"Print a run's report."`
	Artifacts runsArtifactsCmd `cmd:"" help:"List or download the files that a run's tasks left."`
	Log       runsLogCmd       `cmd:"" help:"Print what a run's task wrote, or the run's events."`
}

type regionsCmd struct {
	List   regionsListCmd   `cmd:"" help:"List regions, with what they hold now and their last check."`
	Get    regionsGetCmd    `cmd:"" help:"Print a region as a file for add and edit."`
	Add    regionsAddCmd    `cmd:"" help:"Make a region."`
	Edit   regionsEditCmd   `cmd:"" help:"Change a region."`
	Check  regionsCheckCmd  `cmd:"" help:"Prove a region with a real run of one task."`
	Remove regionsRemoveCmd `cmd:"" help:"Remove a region."`
	Sweep  regionsSweepCmd  `cmd:"" help:"Stop tasks that run for nobody: their run has ended, or is not known."`
}

type tokensCmd struct {
	Add    tokensAddCmd    `cmd:"" help:"Make an API token and print it."`
	List   tokensListCmd   `cmd:"" help:"List your API tokens."`
	Remove tokensRemoveCmd `cmd:"" help:"End an API token."`
}

// Env is all that a command touches of its surroundings.
type Env struct {
	Context context.Context //nolint:containedctx // the whole program's, handed to commands by kong
	In      io.Reader
	Out     io.Writer // results: tables, reports, documents
	Err     io.Writer // progress and complaints
	Version string
}

// Main runs the command line and returns the exit code; see exit.go.
func Main(env Env, args []string) int {
	if env.Version == "" {
		env.Version = builtVersion()
	}
	code := -1 // until kong asks to exit, after --help
	parser, err := newParser(&env, func(c int) { code = c })
	if err != nil {
		fmt.Fprintln(env.Err, "onrush:", err)
		return exitCannot
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if code >= 0 {
		return code
	}
	if err != nil {
		fmt.Fprintf(env.Err, "onrush: %v\nTry: onrush %s--help\n", err, commandOf(parsed, err))
		return exitCannot
	}
	return exitCode(env.Err, parsed.Run(&env))
}

func newParser(env *Env, exit func(int)) (*kong.Kong, error) {
	return newParserOf(&app{}, env, exit)
}

func newParserOf(a *app, env *Env, exit func(int)) (*kong.Kong, error) {
	return kong.New(a,
		kong.Name("onrush"),
		kong.Description("Distributed load testing that you own.\n\nExit codes: 0 passed, 1 could not run or bad usage, 2 ran and failed its criteria, 3 ran degraded."),
		kong.Writers(env.Out, env.Err),
		kong.Exit(exit),
		kong.Vars{"data": defaultData},
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, WrapUpperBound: 100, FlagsLast: true}),
	)
}

// commandOf names the command whose help tells how to mend a usage error.
func commandOf(parsed *kong.Context, err error) string {
	var fault *kong.ParseError
	if parsed == nil && asError(err, &fault) {
		parsed = fault.Context
	}
	if parsed == nil || parsed.Selected() == nil {
		return ""
	}
	return strings.TrimPrefix(commandPath(parsed.Selected()), "onrush ") + " "
}

// commandPath is a command's words, without the arguments that kong adds.
func commandPath(node *kong.Node) string {
	if node.Parent == nil {
		return node.Name
	}
	return commandPath(node.Parent) + " " + node.Name
}

// builtVersion is what the Go toolchain knows when nothing was stamped.
func builtVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "dev"
}
