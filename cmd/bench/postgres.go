//go:build bench

// A real Postgres for the books: its own binaries, its own defaults, a folder
// of the run.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"scrip/engine/ledger/sqlstore"
)

// postgres is a running server.
type postgres struct {
	*child
	address string
}

const postgresUser = "scrip"

// startPostgres makes a server's folder and starts it. Nothing is set but where
// it listens.
func startPostgres(y *yard) (*postgres, error) {
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := y.folder("postgres")
	if err != nil {
		return nil, err
	}
	if who.Credential != nil { // it has to get to its folder
		if err := errors.Join(os.Chmod(y.dir, 0o711), os.Chown(dir, int(who.Credential.Uid), int(who.Credential.Gid))); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb, err := postgresCommand("initdb", dir, who, "-D", data, "-U", postgresUser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions")
	if err != nil {
		return nil, err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	server, err := postgresCommand("postgres", dir, who, "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port="+port,
		"-c", "unix_socket_directories=")
	if err != nil {
		return nil, err
	}
	p := &postgres{address: "127.0.0.1:" + port}
	if p.child, err = y.spawn(server); err != nil {
		return nil, err
	}
	p.stop = syscall.SIGINT // SIGTERM would wait until everybody has gone
	return p, p.untilAnswering(y.ctx)
}

// postgresCommand makes a command of a program that is in the PATH or where
// Debian keeps its versions.
func postgresCommand(name, dir string, who *syscall.SysProcAttr, args ...string) (*exec.Cmd, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is sound
		if len(found) == 0 {
			return nil, &missingError{"no " + name + " on PATH"}
		}
		path = slices.MaxFunc(found, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) })
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.SysProcAttr = dir, who
	return cmd, nil
}

// unprivileged is whom Postgres runs as, for it refuses root.
func unprivileged() (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return new(syscall.SysProcAttr), nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			uid, err1 := strconv.ParseUint(found.Uid, 10, 32)
			gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
			return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, errors.Join(err1, err2)
		}
	}
	return nil, &missingError{"postgres refuses root, and there is no user postgres or nobody"}
}

// url is where a database is.
func (p *postgres) url(database string) string {
	return "postgres://" + postgresUser + "@" + p.address + "/" + database + "?sslmode=disable"
}

// ask runs a statement in the server's first database.
func (p *postgres) ask(ctx context.Context, statement string) (answer string, err error) {
	return sqlstore.AskPostgres(ctx, p.url("postgres"), statement)
}

func (p *postgres) untilAnswering(ctx context.Context) (err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err = p.ask(ctx, "SELECT 1"); err == nil {
			return nil
		}
	}
	return fmt.Errorf("postgres does not answer: %w\n%s", err, p.transcript())
}

// processes are the server's own and those it has made, with the CPU time each
// has used.
func (p *postgres) processes() (map[int]time.Duration, error) {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.pid(), p.pid()))
	if err != nil {
		return nil, err
	}
	used := map[int]time.Duration{}
	for _, text := range append(strings.Fields(string(children)), strconv.Itoa(p.pid())) {
		pid, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		if cpu, err := cpuTime(pid); err == nil { // else it has just ended
			used[pid] = cpu
		}
	}
	return used, nil
}

// cpuSince is what the server has used since then, but for processes that ended.
func (p *postgres) cpuSince(before map[int]time.Duration) (sum time.Duration, err error) {
	after, err := p.processes()
	for pid, cpu := range after {
		sum += cpu - before[pid]
	}
	return sum, err
}
