//go:build !linux

package sqlstore

// networkFileSystemOf knows none outside Linux, where sidecars run.
func networkFileSystemOf(string) (string, error) { return "", nil }
