//go:build !linux

package pgtest

import "syscall"

// endWithParent has no counterpart here: after a killed test run, a server may
// have to be ended by hand.
func endWithParent(*syscall.SysProcAttr) {}
