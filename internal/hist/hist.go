package hist

// Hist is a log-linear histogram of int64 microseconds.
type Hist struct{}
