//go:build linux

// SQLite on a network file system is refused: by the magic number, or by what a
// FUSE mount is called.
package sqlstore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestNetworkFileSystemsAreKnown(t *testing.T) {
	for _, test := range []struct {
		name  string
		magic uint32
		mount string
		want  string
	}{
		{"NFS", 0x6969, "nfs4", "NFS"},
		{"CIFS", 0xFF534D42, "cifs", "CIFS"},
		{"SMB", 0xFE534D42, "smb3", "SMB"},
		{"an old SMB", 0x517B, "smbfs", "SMB"},
		{"AFS", 0x5346414F, "afs", "AFS"},
		{"Ceph", 0xC36400, "ceph", "Ceph"},
		{"a disk of several machines", 0x01161970, "gfs2", "GFS2"},
		{"sshfs", 0x65735546, "fuse.sshfs", "sshfs"},
		{"a bucket", 0x65735546, "fuse.s3fs", "s3fs"},
		{"gluster", 0x65735546, "fuse.glusterfs", "glusterfs"},
		{"a FUSE of a disk", 0x65735546, "fuseblk", ""},
		{"a FUSE over a disk", 0x65735546, "fuse.fuse-overlayfs", ""},
		{"a FUSE that is not in the table", 0x65735546, "", ""},
		{"ext4", 0xEF53, "ext4", ""},
		{"xfs", 0x58465342, "xfs", ""},
		{"btrfs", 0x9123683E, "btrfs", ""},
		{"zfs", 0x2FC12FC1, "zfs", ""},
		{"overlay", 0x794C7630, "overlay", ""},
		{"tmpfs", 0x01021994, "tmpfs", ""},
		{"a folder of the host", 0x01021997, "9p", ""},
		{"nothing", 0, "nfs", ""},
	} {
		if got := networkFileSystem(test.magic, test.mount); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTheTypeOfAMountIsFoundByItsDevice(t *testing.T) {
	const mounts = `22 27 0:21 / /proc rw,relatime - proc proc rw
36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
41 35 0:52 / /a\040-\040b rw shared:3 master:2 - fuse.sshfs host:/x - rw
broken
50 35 0:53 / /c rw
51 35 0:54 / /d rw - 
`
	for device, want := range map[string]string{"0:21": "proc", "98:0": "ext3", "0:52": "fuse.sshfs", "0:53": "", "0:54": "", "0:2": "", "": ""} {
		if got := mountType(mounts, device); got != want {
			t.Errorf("%s is %q, want %q", device, got, want)
		}
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err == nil && !strings.Contains(string(table), " - ") {
		t.Errorf("the kernel's own table looks otherwise: %s", table)
	}
}

// The file system of this test plays one of the network.
func TestALedgerOnTheNetworkIsNotOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	var system unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &system); err != nil {
		t.Fatal(err)
	}
	magic := uint32(system.Type) // #nosec G115 -- 32 bits on every Linux
	networkKinds[magic] = "our own"
	defer delete(networkKinds, magic)
	s, err := OpenSQLite(t.Context(), path)
	if err == nil {
		closing(t, s)
	}
	if err == nil || !strings.Contains(err.Error(), "our own") || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "postgres://") {
		t.Errorf("opened: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was made")
	}
}
