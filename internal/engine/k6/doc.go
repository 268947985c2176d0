// Package k6 runs scripts of k6 with k6 itself, a process of its own, and
// measures them as our own engine's requests are: k6 hands every sample out
// through one of its outputs, a pipe brings them here, and the recorder counts
// them. The script is run as it was written; N tasks are N execution segments.
//
//	k6 --out onrush=pipe --paused  --samples-->  stream.go (or csv.go)
//	   |  REST: resume at the barrier               |  one measure or request each
//	   v                                            v
//	  load                                        sink.go --> recorder
//
// Read engine.go first (the task), then args.go (how k6 is told), inspect.go and
// override.go (before the start), sink.go (what samples become). It may not link
// k6, whose licence is the AGPL.
package k6
