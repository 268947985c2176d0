// Package wire holds the bodies of the API's requests and answers, as far as
// they are not nouns of package load, for the server (package api) and the
// client (package client) alike. It holds no behaviour. Read bodies.go for
// what travels and error.go for how faults do.
package wire
