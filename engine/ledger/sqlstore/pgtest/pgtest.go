// Package pgtest starts a real Postgres for tests: in a folder of its own, on a
// free port, as a user without rights. A test binary shares one server, and
// every test gets a database of its own in it. Only tests import it.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The superuser of every server. The password must not come through in errors,
// and its characters are those that a URL has to escape.
const (
	User     = "scrip"
	Password = "p/a:s@s?w#r%d" // #nosec G101 -- of servers that tests start
)

// patience bounds every wait: generous, for slow disks and busy machines.
const patience = 60 * time.Second

// Server is a running Postgres.
type Server struct {
	Address string // host:port
	folder  string
	options []string
	process *exec.Cmd
	made    atomic.Int64 // databases
}

var shared struct {
	sync.Mutex
	server *Server
}

// Database is the URL of a new and empty database on the server that the tests
// of this binary share. TestMain stops it with [Stop].
func Database(t testing.TB) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		server, err := Start()
		if err != nil {
			t.Fatal(err)
		}
		shared.server = server
	}
	return shared.server.Database(t)
}

// Stop ends the shared server, if any test has started it.
func Stop() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return nil
	}
	err := shared.server.Stop()
	shared.server = nil
	return err
}

// Start starts a server of the caller's own. settings are name=value.
func Start(settings ...string) (*Server, error) {
	folder, err := os.MkdirTemp("", "scrip-postgres-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Address: net.JoinHostPort("127.0.0.1", port), folder: folder}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "port=" + port, "unix_socket_directories=", "max_connections=400",
		"shared_buffers=32MB", "max_wal_size=128MB", "autovacuum_naptime=10s",
	}, settings...) {
		s.options = append(s.options, "-c", setting)
	}
	if err := s.initialise(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := s.Run(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Run starts the server again on its folder and port, after [Server.Crash].
func (s *Server) Run() error {
	server, err := s.command("postgres", append([]string{"-D", s.data()}, s.options...)...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return err
	}
	s.process = server
	return s.ready()
}

// ready waits until the server answers.
func (s *Server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		err := s.exec(ctx, `SELECT 1`)
		if err == nil {
			return nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(s.log()) // as far as there is one
			return fmt.Errorf("postgres does not answer: %w\n%s", err, log)
		}
	}
}

// Crash kills the server and all its processes, as a failing machine would but
// for its disk: nothing is finished, and [Server.Run] has to recover.
func (s *Server) Crash() error {
	if s.process == nil {
		return nil
	}
	err := killFamily(s.process.Process.Pid)
	var exit *exec.ExitError
	if ended := s.wait(); !errors.As(ended, &exit) {
		err = errors.Join(err, fmt.Errorf("postgres was killed and says %w", ended))
	}
	return err
}

// Standby starts the server again as one that only reads, as one does that
// follows another.
func (s *Server) Standby() error {
	if err := s.Crash(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.data(), "standby.signal"), nil, 0o644); err != nil { // #nosec G306 -- empty, and for the server's own user
		return err
	}
	return s.Run()
}

// Stop ends the server and removes what it leaves.
func (s *Server) Stop() error {
	if s.process == nil {
		return os.RemoveAll(s.folder)
	}
	return errors.Join(s.process.Process.Signal(syscall.SIGINT), s.wait(), os.RemoveAll(s.folder))
}

// wait waits until the server has ended.
func (s *Server) wait() error {
	overdue := time.AfterFunc(patience, func() { _ = s.process.Process.Kill() })
	defer overdue.Stop()
	err := s.process.Wait()
	s.process = nil
	return err
}

// Database is the URL of a new and empty database.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := "test_" + strconv.FormatInt(s.made.Add(1), 10)
	s.Exec(t, `CREATE DATABASE `+name)
	return s.URL(name)
}

// URL is where a database is.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(User, Password), Host: s.Address, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Exec runs a statement in the server's first database.
func (s *Server) Exec(t testing.TB, statement string) {
	t.Helper()
	if err := s.exec(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (s *Server) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// Folder is where the server keeps everything, its log included.
func (s *Server) Folder() string { return s.folder }

func (s *Server) data() string { return filepath.Join(s.folder, "data") }
func (s *Server) log() string  { return filepath.Join(s.folder, "log") }

// initialise makes the folder of a server. Passwords travel in the clear: a
// slow hash would be most of what connecting costs.
func (s *Server) initialise() error {
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(Password), 0o600); err != nil {
		return err
	}
	initdb, err := s.command("initdb", "-D", s.data(), "-U", User, "--pwfile="+secret, "-A", "password",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if err != nil {
		return err
	}
	if id := initdb.SysProcAttr.Credential; id != nil {
		for _, path := range []string{s.folder, secret} {
			if err := os.Chown(path, int(id.Uid), int(id.Gid)); err != nil {
				return err
			}
		}
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// command makes a command of the server's as a user that it runs for: it
// refuses root.
func (s *Server) command(name string, args ...string) (*exec.Cmd, error) {
	path, err := find(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...) // #nosec G204 -- a program of Postgres
	cmd.Dir = s.folder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = ending()
	if os.Geteuid() != 0 {
		return cmd, nil
	}
	for _, who := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(who); err == nil {
			uid, err1 := strconv.ParseUint(found.Uid, 10, 32)
			gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			return cmd, errors.Join(err1, err2)
		}
	}
	return nil, errors.New("postgres refuses root, and there is no user postgres or nobody")
}

// find looks in the PATH and where Debian keeps its versions, newest first.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("these tests need %s: apt-get install postgresql", name)
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	return found[0], nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // what is no number is old
	return n
}

func freePort() (string, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
