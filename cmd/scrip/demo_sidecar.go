// The demo's sidecar: this program again as a child process, from its first log line to its last.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	startTimeout = 30 * time.Second // policies are compiled and tested before it serves
	stopTimeout  = 15 * time.Second // longer than any drain; then it is killed
	keptLogLines = 40               // of its log, shown when it fails
	maxLogLine   = 1 << 20
)

// childSidecar is a sidecar running as a child process.
type childSidecar struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc // asks it to end, as ctx's end does
	folder string
	ready  chan serving  // its addresses, once
	ended  chan struct{} // closed when it has exited; log and ProcessState are settled then
	log    []string      // its last lines; read it after ended only
	data   string
	admin  string
}

// serving is the log line that a sidecar writes once it listens.
type serving struct {
	Message string `json:"msg"`
	Data    string `json:"data"`
	Admin   string `json:"admin"`
}

// startSidecar starts program on free ports with its data in folder and waits until it serves. When ctx ends it is
// asked to end with SIGTERM.
func startSidecar(ctx context.Context, program, folder string) (*childSidecar, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &childSidecar{cancel: cancel, folder: folder, ready: make(chan serving, 1), ended: make(chan struct{})}
	// #nosec G204 -- this very program
	s.cmd = exec.CommandContext(ctx, program, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
		"--data", folder, "--log-format", "json")
	s.cmd.Env = withoutScrip(os.Environ())
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = stopTimeout
	log, err := s.cmd.StderrPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("cannot start the sidecar: %w", err)
	}
	go s.watch(log)
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// withoutScrip drops scrip's own variables: the demo is the same for everyone.
func withoutScrip(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(pair string) bool { return strings.HasPrefix(pair, "SCRIP_") })
}

// watch reads the log until the process is gone, so that it never blocks on a full pipe.
func (s *childSidecar) watch(log io.Reader) {
	defer close(s.ended)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLogLine)
	for lines.Scan() {
		s.log = append(s.log, lines.Text())
		if len(s.log) > keptLogLines {
			s.log = s.log[1:]
		}
		var line serving
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "serving" {
			select {
			case s.ready <- line:
			default:
			}
		}
	}
	_, _ = io.Copy(io.Discard, log)
	_ = s.cmd.Wait() // what matters of it is in ProcessState
}

// await waits for the addresses.
func (s *childSidecar) await(ctx context.Context) error {
	late := time.NewTimer(startTimeout)
	defer late.Stop()
	select {
	case at := <-s.ready:
		s.data, s.admin = at.Data, at.Admin
		return nil
	case <-s.ended:
		return fmt.Errorf("the sidecar did not start (%s). Its log:\n%s", s.cmd.ProcessState, s.story())
	case <-late.C:
		s.end()
		return fmt.Errorf("the sidecar did not serve within %s. Its log:\n%s", startTimeout, s.story())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// story is the log's end, for people.
func (s *childSidecar) story() string {
	if len(s.log) == 0 {
		return "  (empty)"
	}
	var out []string
	for _, line := range s.log {
		out = append(out, "  "+clean(line))
	}
	return strings.Join(out, "\n")
}

// end asks the process to end and waits; one that does not is killed after stopTimeout.
func (s *childSidecar) end() {
	s.cancel()
	<-s.ended
}

// stop ends the sidecar. Its drain must be clean: any exit but 0 is an error, told with its log.
func (s *childSidecar) stop() error {
	select {
	case <-s.ended:
		if s.data == "" {
			return nil // it never served, and await has said so
		}
	default:
	}
	s.end()
	if code := s.cmd.ProcessState.ExitCode(); code != 0 && s.data != "" {
		return fmt.Errorf("the sidecar did not stop cleanly (%s). Its log:\n%s", s.cmd.ProcessState, s.story())
	}
	return nil
}

// clients talks to both listeners, with the admin token that the sidecar wrote into its folder.
func (s *childSidecar) clients() (data, admin *client, err error) {
	token, err := readToken(filepath.Join(s.folder, "admin.token"))
	if err != nil {
		return nil, nil, err
	}
	if data, err = newClient(s.data, "", ""); err != nil {
		return nil, nil, err
	}
	admin, err = newClient(s.admin, token, "the demo's own admin token was refused")
	return data, admin, err
}
