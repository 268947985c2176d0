//go:build !unix

package record

// system knows no figures on this system.
type system struct{}

func (*system) open() bounds { return bounds{} }

func (*system) read(*reading) {}
