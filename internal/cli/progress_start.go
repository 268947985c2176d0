package cli

import (
	"fmt"

	"onrush.dev/onrush/internal/load"
)

// startLines say how the tasks of each region come up, and why some do not:
//
//	eu: 37 of 200 up, 12 ready
func startLines(regions map[string]load.RegionStart) []string {
	var lines []string
	for _, name := range sortedKeys(regions) {
		s := regions[name]
		if s.Asked.IsZero() {
			continue
		}
		line := fmt.Sprintf("%s: %d of %d up, %d ready", name, s.Up.Tasks, s.Tasks, s.Ready.Tasks)
		if s.Failed > 0 {
			line += fmt.Sprintf(", %d failed", s.Failed)
		}
		lines = append(lines, line)
		for _, why := range s.Why {
			lines = append(lines, "  "+why)
		}
	}
	return lines
}
