package cli

// runsReportCmd is `onrush runs report`.
type runsReportCmd struct {
	remote
	ID     string `arg:"" name:"run" help:"The run's id."`
	Output string `short:"o" enum:"table,json,yaml,junit" default:"table" placeholder:"FORMAT" help:"table, json, yaml or junit."`
	JSON   bool   `name:"json" help:"Same as -o json."`
}

// Run implements the command.
func (c *runsReportCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	result, err := api.Report(env.Context, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		c.Output = "json"
	}
	return writeReport(env, c.Output, result)
}
