package cli

import "onrush.dev/onrush/internal/agent"

// agentCmd is `onrush agent`: the same as the program onrush-agent, for where
// only the big program is at hand. Its ticket comes in the environment.
type agentCmd struct{}

// Run implements the command.
func (c *agentCmd) Run(env *Env) error {
	return codeError(agent.Main(env.Err, env.Version))
}
