// Package bus carries what agents and server say to each other over NATS:
// windows and events upwards through a JetStream stream per run, orders, clock
// pings and commands as requests. It may not know what a window holds, nor
// decide anything about a run. It links the NATS client alone; the server in
// the process is package bus/embedded, and package bus/bustest proves both.
//
// Read subjects.go first (who may speak where), then agentconn.go (the agent's
// side) and hub.go (the server's side).
package bus
