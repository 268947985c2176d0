// Package cli is the command line: one file per command, named noun_verb.go,
// and a few that commands share. It may not do what the server does: every
// command that touches a run speaks to the API through package client, also
// when the server is in the same process.
//
// Read app.go first (all commands at a glance), then run.go, local.go and
// follow.go: the way of `onrush run`.
package cli
