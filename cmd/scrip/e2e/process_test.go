// The process (Contract §2): what it keeps, what it refuses to start with, where its settings come from, how it ends.
package e2e

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheLedgerSurvivesRestartsAndKills(t *testing.T) {
	t.Parallel()
	s := start(t)
	campaign := s.campaign(t, half+`,"per_customer":9`)
	kept, revoked := s.issue(t, campaign, "c"), s.issue(t, campaign, "c")
	s.revoke(t, revoked.ID)
	s.register(t, "d", http.StatusCreated)
	s.block(t, "d")
	paused := s.campaign(t, half)
	s.admin(t, http.MethodPost, campaignsPath+"/"+paused+"/pause", "").want(t, http.StatusOK)
	q := s.quote(t, orderOf(t, "c"))
	for _, end := range []func(*sidecar){func(s *sidecar) { s.stop(t) }, func(s *sidecar) { s.kill(t) }, func(s *sidecar) { s.kill(t) }} {
		end(s)
		s = start(t, withData(s.dir))
		if held := s.held(t, "c", ""); !sameSet(ids(held), []string{kept.ID, revoked.ID}) || len(s.held(t, "c", "status=revoked")) != 1 {
			t.Errorf("held: %+v", held)
		}
		s.get(t, "/v1/quotes/"+q.ID).refusal(t, http.StatusNotFound, "quote.not_found") // --cache memory: is lost
		if q = s.quote(t, orderOf(t, "c")); q.chosen() != kept.ID {
			t.Errorf("quote: %+v", q.Selection)
		}
		if d := s.quote(t, orderOf(t, "d")); !slices.Equal(codes(d.Denials), []string{"customer.blocklisted"}) {
			t.Errorf("denials: %v", d.Denials)
		}
		s.register(t, "d", http.StatusOK)
		s.tryIssue(t, paused, "c").refusal(t, http.StatusConflict, "campaign.paused")
	}
}

func TestTheDataFolderHoldsPrivateFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, name := range []string{"admin.token", "key"} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(read(t, filepath.Join(s.dir, "key")))))
	if err != nil || len(key) != 32 {
		t.Errorf("the generated key has %d bytes, %v", len(key), err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "scrip.db")); err != nil {
		t.Error(err)
	}
	if !strings.Contains(s.stderr.String(), filepath.Join(s.dir, "admin.token")) {
		t.Errorf("the token's path is not in the log:\n%s", s.stderr)
	}
	if strings.Contains(s.stderr.String(), strings.TrimSpace(string(read(t, filepath.Join(s.dir, "key"))))) {
		t.Error("the key is in the log")
	}
}

// Interpretation: ":0" and "0.0.0.0" are non-loopback; the message names the token that is missing.
func TestANonLoopbackListenerNeedsAToken(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		if said := refused(t, withFlag("listen", address)); !strings.Contains(strings.ToLower(said), "token") {
			t.Errorf("%s: the message does not name the token:\n%s", address, said)
		}
	}
	s, err := launch(withFlag("listen", "0.0.0.0:0"), withEnv("SCRIP_TOKEN=a-token"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
	_, port, err := net.SplitHostPort(s.stderr.data)
	if err != nil {
		t.Fatal(err)
	}
	s.data, s.dataToken = "http://127.0.0.1:"+port, "a-token"
	s.quote(t, order)
	s.refusesAuth(t, call{path: "/v1/quotes", body: order, auth: "none"})
}

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.stop(t)
	other := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	said := refused(t, withData(s.dir), withEnv("SCRIP_KEY="+other))
	if !strings.Contains(strings.ToLower(said), "key") || strings.Contains(said, other) {
		t.Errorf("the message is to name the key's being another, not to show it:\n%s", said)
	}
	own := strings.TrimSpace(string(read(t, filepath.Join(s.dir, "key"))))
	start(t, withData(s.dir), withEnv("SCRIP_KEY="+own))
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.yaml")
	write(t, file, "listen: [\n")
	for name, opts := range map[string][]option{
		"a key that is not base64":     {withEnv("SCRIP_KEY=***")},
		"a key of 31 bytes":            {withEnv("SCRIP_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 31)))},
		"a missing key file":           {withEnv("SCRIP_KEY_FILE=/nonexistent/key")},
		"a missing token file":         {withEnv("SCRIP_TOKEN_FILE=/nonexistent/token")},
		"a TTL of nothing":             {withFlag("quote-ttl", "0s")},
		"a TTL of almost nothing":      {withFlag("hold-ttl", "999us")},
		"a TTL that is none":           {withFlag("quote-ttl", "soon")},
		"a negative TTL":               {withFlag("hold-ttl", "-1m")},
		"an unknown flag":              {withFlag("colour", "red")},
		"an unknown log format":        {withFlag("log-format", "xml")},
		"an address that is none":      {withFlag("listen", "nowhere")},
		"an unknown ledger":            {withFlag("ledger", "mysql://x")},
		"an unknown cache":             {withFlag("cache", "memcached://x")},
		"a missing policy folder":      {withFlag("policies", "/nonexistent/policies")},
		"a missing configuration file": {withFlag("config", "/nonexistent/config.yaml")},
		"a broken configuration file":  {withFlag("config", file)},
	} {
		t.Run(name, func(t *testing.T) {
			if said := refused(t, opts...); strings.TrimSpace(said) == "" {
				t.Error("it says nothing")
			}
		})
	}
}

func TestAnAddressInUseIsRefused(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, flag := range []string{"listen", "admin-listen"} {
		if said := refused(t, withFlag(flag, taken.Addr().String())); !strings.Contains(said, taken.Addr().String()) {
			t.Errorf("the message does not name the address:\n%s", said)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Interpretation: the end of a line at the end of a secret's file is not part of the secret.
func TestSecretsMayComeFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("f", 32)))
	s := start(t, withEnv("SCRIP_TOKEN_FILE="+file("token", "data-from-file\n"), "SCRIP_ADMIN_TOKEN_FILE="+file("admin", "admin-from-file"), "SCRIP_KEY_FILE="+file("key", key+"\n")))
	s.dataToken, s.adminToken = "data-from-file", "admin-from-file"
	s.quote(t, order)
	s.campaign(t, half)
	s.refusesAuth(t, call{path: "/v1/quotes", body: order, auth: "none"})
	if _, err := os.Stat(filepath.Join(s.dir, "key")); err == nil {
		t.Error("a key was generated, though one was given")
	}
	s.stop(t)
	again := start(t, withData(s.dir), withEnv("SCRIP_KEY="+key)) // the same key by another way
	again.quote(t, order)
}

// Interpretation: the YAML file's names are those of the flags.
func TestFlagsBeforeEnvironmentBeforeFile(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config.yaml")
	write(t, config, "quote-ttl: 5m\nlisten: \"127.0.0.1:0\"\n")
	file, env, flag := withFlag("config", config), withEnv("SCRIP_QUOTE_TTL=6m"), withFlag("quote-ttl", "7m")
	for _, c := range []struct {
		name string
		opts []option
		life time.Duration
	}{
		{"the file", []option{file, withoutFlag("listen")}, 5 * time.Minute},
		{"the environment before the file", []option{file, env}, 6 * time.Minute},
		{"a flag before both", []option{file, env, flag}, 7 * time.Minute},
		{"a flag before the environment", []option{env, flag}, 7 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.opts...)
			if q := s.quote(t, order); q.ExpiresAt.Sub(q.CreatedAt) != c.life {
				t.Errorf("want %v, got %v", c.life, q.ExpiresAt.Sub(q.CreatedAt))
			}
		})
	}
}

// Interpretation: a socket left behind by a process that was killed does not keep the next one from starting.
func TestAUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp(scratch, "s")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	s := start(t, withFlag("listen", "unix:"+socket))
	s.quote(t, order) // without a token: only this host can come here
	s.kill(t)
	again := start(t, withFlag("listen", "unix:"+socket), withData(s.dir))
	again.quote(t, order)
	again.stop(t)
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket is still there after a clean end")
	}
}

// A request that is being read when SIGTERM comes is still answered, while new ones are not taken.
func TestSIGTERMDrains(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn, err := net.Dial("tcp", s.stderr.data)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "POST /v1/quotes HTTP/1.1\r\nHost: scrip\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(order))
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("want 100 Continue, got %q, %v", line, err)
	}
	_, _ = reader.ReadString('\n') // the empty line behind it
	_, _ = io.WriteString(conn, order[:40])
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	eventually(t, "new connections are refused", func() bool {
		probe, err := net.Dial("tcp", s.stderr.data)
		if err == nil {
			probe.Close()
		}
		return err != nil
	})
	_, _ = io.WriteString(conn, order[40:])
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatalf("the request in flight was not answered: %v\n%s", err, s.stderr)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusCreated {
		t.Errorf("%d %s, %v", res.StatusCode, body, err)
	}
	conn.Close()
	s.ends(t)
}
