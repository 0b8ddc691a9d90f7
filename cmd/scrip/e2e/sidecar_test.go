// The sidecar as its clients meet it: two listeners, a token, a transcript of its log.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sidecar is one running scrip.
type sidecar struct {
	*process
	dir        string
	data       string // base URL of the data plane
	control    string // base URL of the admin plane
	dataToken  string // what helpers send to the data plane; empty: none
	adminToken string
	logsText   bool // not JSON
	client     *http.Client
}

// launch starts a sidecar and waits until it says that it serves. The caller ends it.
func launch(opts ...option) (*sidecar, error) {
	s, err := gather(opts)
	if err != nil {
		return nil, err
	}
	p, err := spawn(s)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.stderr.serving:
	case <-p.ended:
		return nil, fmt.Errorf("scrip ended before it served (%v):\n%s", p.err, p.stderr)
	case <-time.After(patience):
		_ = p.end(syscall.SIGKILL)
		return nil, fmt.Errorf("scrip does not serve:\n%s", p.stderr)
	}
	side := &sidecar{process: p, dir: s.data, data: "http://" + p.stderr.data, control: "http://" + p.stderr.admin}
	side.logsText = s.flags["log-format"] == "text"
	side.client = newClient(strings.TrimPrefix(s.flags["listen"], "unix:"))
	if strings.HasPrefix(s.flags["listen"], "unix:") {
		side.data = "http://" + socketHost
	}
	token, err := os.ReadFile(filepath.Join(s.data, "admin.token"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		_ = p.end(syscall.SIGKILL)
		return nil, err
	}
	side.adminToken = strings.TrimSpace(string(token))
	return side, nil
}

const socketHost = "socket.invalid"

// newClient dials the socket for the made-up host, never follows a redirect, and gives up after patience. It lets go of an
// idle connection before the sidecar does, which would break a request that is just being sent.
func newClient(socket string) *http.Client {
	dialer := &net.Dialer{}
	transport := &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, socketHost) {
			return dialer.DialContext(ctx, "unix", socket)
		}
		return dialer.DialContext(ctx, network, addr)
	}}
	return &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// start runs a sidecar of the test's own, stopped at the test's end if the test did not stop it.
func start(t *testing.T, opts ...option) *sidecar {
	t.Helper()
	s, err := launch(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
	return s
}

// stop asks the sidecar to drain and expects exit status 0 and a clean transcript. Again: nothing.
func (s *sidecar) stop(t testing.TB) {
	t.Helper()
	s.once.Do(func() {
		s.client.CloseIdleConnections()
		if err := s.end(syscall.SIGTERM); err != nil {
			t.Errorf("SIGTERM: want exit status 0, got %v\n%s", err, s.stderr)
		}
		if err := s.transcriptFault(); err != nil {
			t.Error(err)
		}
	})
}

// ends waits for a sidecar that was told to stop already; a second SIGTERM might cut its drain short.
func (s *sidecar) ends(t testing.TB) {
	t.Helper()
	s.once.Do(func() {
		if err := s.end(0); err != nil { // signal 0 only asks whether the process is there
			t.Errorf("want exit status 0, got %v\n%s", err, s.stderr)
		}
		if err := s.transcriptFault(); err != nil {
			t.Error(err)
		}
	})
}

// kill ends the sidecar as a power cut would.
func (s *sidecar) kill(t testing.TB) {
	t.Helper()
	s.once.Do(func() {
		_ = s.end(syscall.SIGKILL)
		if err := s.transcriptFault(); err != nil {
			t.Error(err)
		}
	})
}

// transcriptFault says what must never be on stderr: a race, a panic, a token, anything that is not a JSON log line.
func (s *sidecar) transcriptFault() error {
	said := s.stderr.String()
	for _, bad := range []string{"DATA RACE", "panic:", "goroutine "} {
		if strings.Contains(said, bad) {
			return fmt.Errorf("stderr has %q:\n%s", bad, said)
		}
	}
	for _, token := range []string{s.adminToken, s.dataToken} {
		if token != "" && strings.Contains(said, token) {
			return fmt.Errorf("a token is in the log:\n%s", said)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(said), "\n") {
		if line != "" && !s.logsText && !json.Valid([]byte(line)) {
			return fmt.Errorf("a log line is not JSON: %s", line)
		}
	}
	return nil
}

var shared struct {
	once sync.Once
	side *sidecar
	err  error
}

// sharedSidecar serves the tests that only need unique customers and campaigns. It lives until the run ends.
func sharedSidecar(t *testing.T) *sidecar {
	t.Helper()
	shared.once.Do(func() { shared.side, shared.err = launch() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.side
}

func closeShared() error {
	if shared.side == nil {
		return nil
	}
	if err := shared.side.end(syscall.SIGTERM); err != nil {
		return fmt.Errorf("SIGTERM: want exit status 0, got %w\n%s", err, shared.side.stderr)
	}
	return shared.side.transcriptFault()
}

// transcript keeps stderr and notices the log line with msg "serving", whose attributes are the addresses.
type transcript struct {
	serving chan struct{} // closed when it serves; data and admin are set before
	data    string
	admin   string

	mu   sync.Mutex
	text bytes.Buffer
	read int // how far lines have been looked at
	done bool
}

func newTranscript() *transcript { return &transcript{serving: make(chan struct{})} }

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.text.Write(p)
	for {
		rest := tr.text.Bytes()[tr.read:]
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return len(p), nil
		}
		tr.notice(rest[:end])
		tr.read += end + 1
	}
}

// servingText is the same line where the log is text.
var servingText = regexp.MustCompile(` msg=serving data=(\S+) admin=(\S+)`)

func (tr *transcript) notice(line []byte) {
	var said struct{ Msg, Data, Admin string }
	if text := servingText.FindSubmatch(line); text != nil {
		said.Msg, said.Data, said.Admin = "serving", string(text[1]), string(text[2])
	} else if json.Unmarshal(line, &said) != nil {
		return
	}
	if tr.done || said.Msg != "serving" {
		return
	}
	tr.data, tr.admin, tr.done = said.Data, said.Admin, true
	close(tr.serving)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}
