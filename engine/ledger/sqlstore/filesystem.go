package sqlstore

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// SQLite's locks, and the memory that its processes share, work among the
// processes of one machine. On a file system that other machines mount too they
// would ruin the ledger without a sign.

// networkKinds are the file systems of several machines by their magic number,
// as Linux's statfs tells it. 9p is not among them: it is how a virtual machine
// sees a folder of its own host.
var networkKinds = map[uint32]string{
	0x6969:     "NFS",
	0x517B:     "SMB",
	0xFE534D42: "SMB",
	0xFF534D42: "CIFS",
	0x564C:     "NCP",
	0x5346414F: "AFS",
	0x6B414653: "AFS",
	0x73757245: "Coda",
	0x00C36400: "Ceph",
	0x0BD00BD0: "Lustre",
	0x47504653: "GPFS",
	0x01161970: "GFS2",
	0x7461636F: "OCFS2",
	0x19830326: "BeeGFS",
	0xAAD7AAEA: "PanFS",
}

// fuse is a file system told by a process; which one, the table of mounts says.
const fuse = 0x65735546

// networkFUSE are those that keep their files elsewhere.
var networkFUSE = []string{
	"sshfs", "smbnetfs", "fuse-nfs", "curlftpfs", "davfs", "davfs2", "glusterfs", "ceph", "ceph-fuse", "mfs", "moosefs", "lizardfs",
	"juicefs", "seaweedfs", "hdfs", "s3fs", "goofys", "mountpoint-s3", "gcsfuse", "blobfuse", "blobfuse2", "rclone", "afuse",
}

// networkFileSystem names the file system of several machines that a magic
// number, and for FUSE the type of the mount, stand for; "" for any other.
func networkFileSystem(magic uint32, mountType string) string {
	if magic != fuse {
		return networkKinds[magic]
	}
	name := strings.TrimPrefix(mountType, "fuse.")
	if slices.Contains(networkFUSE, name) {
		return name
	}
	return ""
}

// mountType finds the type of the mounted device in /proc/self/mountinfo
// (proc(5)): device is major:minor; "" if it is not there.
func mountType(mounts, device string) string {
	for line := range strings.Lines(mounts) {
		mount, kind, ok := strings.Cut(line, " - ")
		fields, kinds := strings.Fields(mount), strings.Fields(kind)
		if ok && len(fields) > 2 && len(kinds) > 0 && fields[2] == device {
			return kinds[0]
		}
	}
	return ""
}

// refuseNetwork refuses a ledger file in a folder on a network file system.
func refuseNetwork(path string) error {
	kind, err := networkFileSystemOf(filepath.Dir(path))
	if err != nil || kind == "" {
		return nil // opening the file tells what is wrong with its folder
	}
	return fmt.Errorf("ledger file %s: it is on a network file system (%s), where SQLite's locks cannot be trusted; "+
		"keep it on a disk of this machine, or take Postgres: --ledger postgres://…", path, kind)
}
