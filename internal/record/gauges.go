package record

import "time"

// Gauges are what only the engine knows of a second besides its samples.
type Gauges struct {
	// Of the instant.
	Users       int
	InFlight    int64
	Connections int64 // open

	ToolRSS int64 // bytes resident in the processes of a tool that makes the load

	// Since the last time that the engine was asked.
	ToolCPU time.Duration // used by these processes
	LoopLag time.Duration // longest time from an event being ready to its being handled; 0: no event loop
	Dropped int64         // arrivals that were due and will never be sent
	NoPort  int64         // connections that could not be opened: no local port was left (EADDRNOTAVAIL)
	NoFile  int64         // the same: no file descriptor was left (EMFILE, ENFILE)

	// Limited says why the generator, not the target, is the limit right now, by
	// what only the engine knows: a word of load.Limit, a colon, the figures
	// ("connections: 5 of 5 in use"). The recorder finds the other limits itself.
	Limited string
}

// Gauges sets the function that every cut asks for the present gauges, once a
// second. It may call Offer, for the second that is about to be cut too, but
// must not cut.
func (r *Recorder) Gauges(read func() Gauges) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gauges = read
}
