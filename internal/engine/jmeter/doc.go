// Package jmeter runs test plans of Apache JMeter with JMeter itself, a process
// of its own, and measures them as our own engine's requests are: JMeter writes
// a row for every sample into a pipe, and the recorder counts it. The plan is run
// as it was written; of several tasks each runs a copy in which only the numbers
// that they share are its own part (package jmx).
//
//	JMeter -n -l pipe  --rows-->  jtl.go --> sink.go --> recorder
//	   ^ stands at the pipe until the barrier opens it (gate.go)
//
// JMeter opens its sample file when a test begins, after it has read the plan
// and before any thread group starts, and to open a pipe that nobody reads
// waits: so all tasks stand ready and begin together, and no plan needs to be
// changed for it.
//
// Read engine.go first (the task), then args.go (how JMeter is told), inspect.go
// (before the start), sink.go (what rows become), control.go (its end).
package jmeter
