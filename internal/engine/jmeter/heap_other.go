//go:build !linux

package jmeter

// heapFor is JMeter's own heap, in MiB.
func heapFor(int) int { return 1024 }
