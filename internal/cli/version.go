package cli

import (
	"fmt"
	"io"
	"runtime"
)

// versionCmd is `onrush version`.
type versionCmd struct{ output }

// Run implements the command.
func (c *versionCmd) Run(env *Env) error {
	v := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
	}{env.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH}
	return c.print(env.Out, v, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "onrush %s %s %s/%s\n", v.Version, v.Go, v.OS, v.Arch)
		return err
	})
}
