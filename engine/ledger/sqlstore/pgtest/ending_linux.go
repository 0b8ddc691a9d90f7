package pgtest

import "syscall"

// ending makes a server end with the tests, whatever ends them.
func ending() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT} }
