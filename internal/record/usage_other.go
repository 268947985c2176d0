//go:build !unix

package record

import "time"

// readUsage knows no figures on this system; a window's Health is then zero.
func readUsage() usage { return usage{at: time.Now()} }
