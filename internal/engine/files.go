package engine

import (
	"path"
	"path/filepath"
	"strings"
)

// FilePath is where a file of the order lies in a job's Dir. Whatever the name
// says ("/etc/passwd", "../../x"), the place is within dir: the agent writes
// files there and engines read them there, so both ask this function.
func FilePath(dir, name string) string {
	clean := path.Clean("/" + strings.ReplaceAll(name, `\`, "/"))
	return filepath.Join(dir, filepath.FromSlash(clean))
}
