package load

import "time"

// Bounds of a scenario. They are far above what is of use and keep a plan's
// arithmetic, an order's size and the parser's work within reason.
const (
	MaxRate       Rate = 100_000_000 // requests/s of the whole run
	MaxUsers           = 10_000_000  // of the whole run
	MaxTasks           = 10_000      // of the whole run
	MaxRun             = Duration(30 * 24 * time.Hour)
	maxNameLength      = 100
)
