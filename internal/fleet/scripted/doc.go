// Package scripted is a driver that does wrong what its settings say: a quota
// that is reached, a platform that is slow or away, tasks that never come up. It
// is for tests of Onrush itself, as the scripted engine is; lists for users do
// not have it. Its tasks are real: processes by the local driver, or agents in
// this very process, of which a small machine runs hundreds.
//
// Read faults.go first (what goes wrong), then inside.go (agents in the process).
package scripted
