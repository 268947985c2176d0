package control

import (
	"encoding/json"

	"onrush.dev/onrush/internal/load"
)

// learn takes in what a task read of the run's script, for plans that were made
// where its tool is not.
func (c *conductor) learn(e load.TaskEvent) {
	text := e.Detail[load.DetailScript]
	if text == "" || c.script != nil {
		return
	}
	facts := new(load.ScriptFacts)
	if err := json.Unmarshal([]byte(text), facts); err != nil {
		c.log.Warn("cannot read what a task says of its script", "task", e.Task, "err", err)
		return
	}
	c.script = facts
	c.collector.Load().Script(facts)
}
