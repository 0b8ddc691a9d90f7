//go:build !linux

package pgtest

import "syscall"

// ending has no way to make a server end with tests that are killed.
func ending() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
