//go:build bench

// Child processes: started, waited for until they serve, asked for their CPU
// time, ended.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a child may take to serve and to end.
const patience = 30 * time.Second

// yard is where a run keeps its binaries, folders and children.
type yard struct {
	ctx      context.Context
	settings settings
	root     string // of the module
	dir      string // temporary
	self     string
	built    map[string]string // package to binary
	children []*child
}

func newYard(ctx context.Context, s settings) (*yard, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	gomod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOMOD: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(gomod)))
	if _, err := os.Stat(filepath.Join(root, "policies")); err != nil {
		return nil, fmt.Errorf("run it inside scrip's source: %w", err)
	}
	disk, err := onDisk(s.dir)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(disk, "scrip-bench-")
	return &yard{ctx: ctx, settings: s, root: root, dir: dir, self: self, built: map[string]string{}}, err
}

// onDisk is a folder for temporary files on a disk: in memory nothing waits for
// one, and ledgers would look fast.
func onDisk(given string) (string, error) {
	for _, dir := range []string{given, os.TempDir(), "/var/tmp"} {
		var fs unix.Statfs_t
		if dir == "" {
			continue
		}
		if err := unix.Statfs(dir, &fs); err != nil {
			return "", fmt.Errorf("%s: %w", dir, err)
		}
		if fs.Type != unix.TMPFS_MAGIC && fs.Type != unix.RAMFS_MAGIC {
			return dir, nil
		}
		if dir == given {
			break
		}
	}
	return "", errors.New("temporary files would be kept in memory: give --dir a folder on a disk")
}

// build makes a package's binary, once, without the race detector.
func (y *yard) build(pkg string) (string, error) {
	if path, ok := y.built[pkg]; ok {
		return path, nil
	}
	progress("building %s", pkg)
	path := filepath.Join(y.dir, filepath.Base(pkg))
	cmd := exec.CommandContext(y.ctx, "go", "build", "-o", path, pkg)
	cmd.Dir = y.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	y.built[pkg] = path
	return path, nil
}

// folder is a new one of the run.
func (y *yard) folder(name string) (string, error) { return os.MkdirTemp(y.dir, name+"-") }

// close ends the children, those started last first, and removes the files.
func (y *yard) close() error {
	y.endChildren()
	return os.RemoveAll(y.dir)
}

func (y *yard) endChildren() {
	for _, c := range slices.Backward(y.children) {
		c.end()
	}
	y.children = nil
}

// child is a running or ended process with what it wrote to stderr.
type child struct {
	cmd         *exec.Cmd
	stop        syscall.Signal // what makes it end in order
	ended       chan struct{}
	serving     chan struct{} // closed once a log line said so; then:
	data, admin string

	mu   sync.Mutex
	said bytes.Buffer
}

// spawn starts a child with none of the caller's own SCRIP_ variables.
func (y *yard) spawn(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, stop: syscall.SIGTERM, ended: make(chan struct{}), serving: make(chan struct{})}
	extra := cmd.Env
	cmd.Env = nil
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "SCRIP_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env, cmd.Stderr = append(cmd.Env, extra...), c
	// A Ctrl-C reaches this process only; it ends the children in order.
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	y.children = append(y.children, c)
	go func() {
		_ = cmd.Wait() // how it ended is told by what it said
		close(c.ended)
	}()
	return c, nil
}

// maxSaid bounds what is kept of a child's stderr, in bytes.
const maxSaid = 64 << 10

// Write takes the child's stderr and notices the line that gives its
// addresses.
func (c *child) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.said.Len() < maxSaid {
		c.said.Write(p)
	}
	if c.data != "" {
		return len(p), nil
	}
	for line := range bytes.Lines(c.said.Bytes()) {
		var log struct{ Msg, Data, Admin string }
		if json.Unmarshal(line, &log) == nil && log.Msg == "serving" {
			c.data, c.admin = log.Data, log.Admin
			close(c.serving)
			break
		}
	}
	return len(p), nil
}

// errEnded is a child that ended before it served.
var errEnded = errors.New("it ended before it served")

func (c *child) untilServing() error {
	select {
	case <-c.serving:
		return nil
	case <-c.ended:
		return errEnded
	case <-time.After(patience):
		return fmt.Errorf("it does not serve after %v:\n%s", patience, c.transcript())
	}
}

// untilListening waits for a child that logs no such line.
func (c *child) untilListening(address string) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-c.ended:
			return fmt.Errorf("%w:\n%s", errEnded, c.transcript())
		default:
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
	}
	return fmt.Errorf("nothing listens on %s after %v:\n%s", address, patience, c.transcript())
}

func (c *child) transcript() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimSpace(c.said.String())
}

// complaint is what it said that is no log line, else all that it said.
func (c *child) complaint() string {
	var lines []string
	for line := range strings.Lines(c.transcript()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "{") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return c.transcript()
	}
	return strings.Join(lines, " ")
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) dataURL() string { return "http://" + c.data }

func (c *child) end() {
	_ = c.cmd.Process.Signal(c.stop)
	select {
	case <-c.ended:
	case <-time.After(patience):
		c.kill()
	}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// cpuTime is what a process has used so far, user and system, all threads,
// exact to the nanosecond: clock_getcpuclockid(3) says how the clock of
// another process is named.
func cpuTime(pid int) (time.Duration, error) {
	const wholeProcess = 2 // CPUCLOCK_SCHED, not per thread
	var used unix.Timespec
	err := unix.ClockGettime(^int32(pid)<<3|wholeProcess, &used)
	return time.Duration(used.Nano()), err
}

// freePort is one that was free a moment ago, for servers that cannot tell
// which one they got.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
