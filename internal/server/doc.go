// Package server wires the product together: store, bus, blob, drivers,
// control, API and console, in one process over one data folder. It is the only
// package that knows them all, and it decides nothing else.
//
// Read server.go first: Start makes the parts in the order in which they need
// each other, Close ends them in the opposite order.
package server
