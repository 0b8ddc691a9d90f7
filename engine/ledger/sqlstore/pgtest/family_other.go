//go:build !linux

package pgtest

import "syscall"

// killFamily lets the server end its processes: they leave everything as it is.
func killFamily(server int) error { return syscall.Kill(server, syscall.SIGQUIT) }
