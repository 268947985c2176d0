//go:build !linux

package tool

import "time"

func family(pid int) []int { return []int{pid} }

func usageOf(int) (cpu time.Duration, rss int64) { return 0, 0 }
