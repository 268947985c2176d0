// This program is k6 with one more output, "onrush", which writes what k6
// measured as few bytes. It is built on the machine that uses it, from k6's own
// module and these two files; being k6, it is under k6's licence, the AGPL-3.0,
// and runs as a process of its own. Nothing of it is linked into Onrush.
package main

import (
	"go.k6.io/k6/v2/cmd"
	"go.k6.io/k6/v2/output"
)

func main() {
	output.RegisterExtension("onrush", New)
	cmd.Execute()
}
