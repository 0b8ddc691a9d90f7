// Package redistest runs real Redis servers for tests, and links to them that
// fail on command. Only tests import it.
package redistest

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience bounds every wait: generous, for machines are busy.
const patience = 30 * time.Second

// Server is one redis-server in a folder of its own, ended with the test.
type Server struct {
	Port string // on 127.0.0.1
	Addr string
	Dir  string

	t    testing.TB
	args []string
	cmd  *exec.Cmd
	said *output
	over chan struct{} // closed when the process has ended
}

// Start runs a redis-server that keeps nothing on disk. Options are those of
// its command line; "--port", "0" among them leaves waiting to the caller.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	port := FreePort(t)
	s := &Server{Port: port, Addr: "127.0.0.1:" + port, Dir: t.TempDir(), t: t}
	s.args = append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", s.Dir, "--save", "", "--appendonly", "no",
		"--loglevel", "warning"}, options...)
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// StartFrom runs a redis-server from a configuration file, as sentinels need
// it; mode is a flag such as "--sentinel".
func StartFrom(t testing.TB, configuration, mode string) *Server {
	t.Helper()
	port, dir := FreePort(t), t.TempDir()
	file := filepath.Join(dir, "redis.conf")
	if err := os.WriteFile(file, []byte("bind 127.0.0.1\nport "+port+"\ndir "+dir+"\n"+configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Port: port, Addr: "127.0.0.1:" + port, Dir: dir, t: t, args: []string{file, mode}}
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// Restart runs the server again after Kill, empty, on the same port.
func (s *Server) Restart() {
	s.t.Helper()
	s.said = new(output)
	s.cmd = exec.Command("redis-server", s.args...) // #nosec G204 -- a test's own
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("redis-server: %v; install it, as .ci/tools does", err)
	}
	s.over = make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		close(s.over)
	}()
	s.await()
}

// await waits until the server listens.
func (s *Server) await() {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", s.Addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		if s.unixOnly() {
			if _, err := os.Stat(s.Socket()); err == nil {
				return
			}
		}
		if s.ended() || time.Now().After(deadline) {
			s.t.Fatalf("redis-server does not listen: %v\n%s", err, s.said)
		}
	}
}

func (s *Server) ended() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// Socket is where a server that was told "--unixsocket", "redis.sock" listens.
func (s *Server) Socket() string { return filepath.Join(s.Dir, "redis.sock") }

func (s *Server) unixOnly() bool {
	for _, arg := range s.args {
		if arg == "--unixsocket" {
			return true
		}
	}
	return false
}

// Kill ends the server as a power cut would.
func (s *Server) Kill() {
	if s.over == nil { // never started
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.over
}

// Freeze stops the server's process, with its connections open; Thaw lets it
// go on.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(which syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(which); err != nil {
		s.t.Fatal(err)
	}
}

// Client is a plain client of the server for the test itself.
func (s *Server) Client() *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: s.Addr, DisableIdentity: true})
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// Cluster runs a cluster of three servers and waits until all of them know it.
func Cluster(t testing.TB) []*Server {
	t.Helper()
	const slots, nodes = 16384, 3
	var cluster []*Server
	for n := range nodes {
		s := Start(t, "--cluster-enabled", "yes", "--cluster-port", FreePort(t), "--cluster-config-file", "nodes.conf")
		if err := s.Client().ClusterAddSlotsRange(t.Context(), n*slots/nodes, (n+1)*slots/nodes-1).Err(); err != nil {
			t.Fatal(err)
		}
		cluster = append(cluster, s)
	}
	for _, s := range cluster[1:] {
		bus := s.args[len(s.args)-3]
		if err := cluster[0].Client().Do(t.Context(), "cluster", "meet", "127.0.0.1", s.Port, bus).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range cluster {
		client := s.Client()
		Eventually(t, "the cluster is whole", func() bool {
			info, err := client.ClusterInfo(t.Context()).Result()
			return err == nil && bytes.Contains([]byte(info), []byte("cluster_state:ok")) &&
				bytes.Contains([]byte(info), []byte("cluster_slots_assigned:"+strconv.Itoa(slots)))
		})
	}
	return cluster
}

// Eventually polls for a condition.
func Eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// FreePort is a port that nobody listens on now.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// output is what a server writes, for failures.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
