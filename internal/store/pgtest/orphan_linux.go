package pgtest

import "syscall"

// endWithParent makes the kernel end the process when its parent is killed.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
