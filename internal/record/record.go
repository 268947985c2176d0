// Package record turns an engine's samples into windows, one a second.
package record

// Recorder collects the samples of one task.
type Recorder struct{}
