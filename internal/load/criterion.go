package load

// Criterion is a pass rule:
//
//	p95 < 300ms
//	p99 of checkout in eu < 1s for 10s
//	failures < 1% for 30s, stop
//
// criterionparse.go has the grammar.
type Criterion struct {
	Metric  string   // see ParseMeasure
	Label   string   // empty: all
	Region  string   // empty: all
	Op      string   // < <= > >=
	Value   float64  // in the metric's unit: ms, count, requests/s, share of 1, bytes/s
	Percent bool     // failures or a status compared as a share of the requests
	For     Duration // judged over every window of this length; 0: over the whole run
	Stop    bool     // a breach ends the run
	Text    string   // as written
}
