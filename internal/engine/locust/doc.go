// Package locust runs locustfiles with Locust itself, a process of its own, and
// measures them as our own engine's requests are. The script is run as it was
// written: small Python files beside it (plugin/) listen to Locust's public
// events and hand every request out through one pipe; through another one they
// are told when to begin, and what the scenario or a live change wants.
//
//	locust -f onrush_locust.py,SCRIPT,onrush_hold.py
//	   ^  channel.go: go, users, pause, end            |  frames
//	   |                                               v
//	drive.go <-- timeline of the task               stream.go --> sink.go --> recorder
//
// N tasks make the script's load once: Locust is told the numbers of the whole
// run, and a dispatcher of ours (plugin/onrush_share.py) brings those users to
// life that are this task's, each at the time and of the class that a single
// Locust would give it.
//
// Read engine.go first (the task), then command.go (how Locust is told),
// inspect.go and override.go (before the start), drive.go (the load over time),
// requirements.go (Python packages that come with a script).
package locust
