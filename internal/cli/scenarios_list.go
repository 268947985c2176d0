package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// scenariosListCmd is `onrush scenarios list`.
type scenariosListCmd struct {
	remote
	output
	Tag    string `placeholder:"WORD" help:"Only those with this tag."`
	Search string `placeholder:"TEXT" help:"Only those whose name holds this."`
}

// Run implements the command.
func (c *scenariosListCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	scenarios, err := api.Scenarios(env.Context, load.ScenarioFilter{Tag: c.Tag, Search: c.Search, Limit: 1000})
	if err != nil {
		return err
	}
	return c.print(env.Out, scenarios, func(w io.Writer) error {
		var rows [][]string
		for _, s := range scenarios {
			rows = append(rows, []string{
				s.Name, fmt.Sprint(s.Version), s.Updated.Local().Format(time.DateTime), s.By, strings.Join(s.Scenario.Tags, ","),
			})
		}
		return columns(w, "NAME VERSION CHANGED BY TAGS", rows)
	})
}
