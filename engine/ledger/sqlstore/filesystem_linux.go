package sqlstore

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// networkFileSystemOf names the network file system that a folder is on, "" if
// it is on none that is known.
func networkFileSystemOf(folder string) (string, error) {
	var system unix.Statfs_t
	var file unix.Stat_t
	if err := unix.Statfs(folder, &system); err != nil {
		return "", err
	}
	if err := unix.Stat(folder, &file); err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		mounts = nil // no more is known than the magic number
	}
	device := fmt.Sprintf("%d:%d", unix.Major(file.Dev), unix.Minor(file.Dev))
	return networkFileSystem(uint32(system.Type), mountType(string(mounts), device)), nil // #nosec G115 -- 32 bits on every Linux
}
