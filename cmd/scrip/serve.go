package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"scrip/engine/ledger/sqlstore"
	"scrip/engine/secret"
)

// serveCmd runs the sidecar (Contract §2). A flag wins over its environment
// variable, and that over the configuration file.
type serveCmd struct {
	Config kong.ConfigFlag `placeholder:"FILE" env:"SCRIP_CONFIG" help:"YAML file whose keys are the names of these flags."`

	Listen      string `default:"127.0.0.1:8700" env:"SCRIP_LISTEN" help:"Where /v1 is served: host:port or unix:PATH."`
	AdminListen string `default:"127.0.0.1:8701" env:"SCRIP_ADMIN_LISTEN" help:"Where /admin and /metrics are served."`

	Token          secretFlag `env:"SCRIP_TOKEN" help:"Token for /v1. Without one it is open, on loopback only."`
	TokenFile      string     `env:"SCRIP_TOKEN_FILE" placeholder:"FILE" help:"File with the token for /v1."`
	AdminToken     secretFlag `env:"SCRIP_ADMIN_TOKEN" help:"Token for /admin. Without one DATA/admin.token is used, made if need be."`
	AdminTokenFile string     `env:"SCRIP_ADMIN_TOKEN_FILE" placeholder:"FILE" help:"File with the token for /admin."`
	Key            secretFlag `env:"SCRIP_KEY" help:"Master key, 32 bytes in base64, shared by replicas. Without one DATA/key is used, made if need be."`
	KeyFile        string     `env:"SCRIP_KEY_FILE" placeholder:"FILE" help:"File with the master key."`

	Data       string     `default:"./data" env:"SCRIP_DATA" help:"Folder of the ledger file, generated key and token."`
	Policies   string     `env:"SCRIP_POLICIES" placeholder:"DIR|URL" help:"Folder of Rego policies, or http(s) URL of an OPA bundle. Without one those built in are used."`
	Ledger     secretFlag `env:"SCRIP_LEDGER" placeholder:"URL" help:"Ledger: sqlite:PATH, or postgres://… which several hosts can share. Without one it is sqlite:DATA/scrip.db."`
	LedgerFile string     `env:"SCRIP_LEDGER_FILE" placeholder:"FILE" help:"File with the ledger's URL, for one that holds a password."`

	Cache     secretFlag `env:"SCRIP_CACHE" placeholder:"URL" help:"Where quotes are kept: memory:, or redis:// or rediss:// with user, password and one or more hosts, to share them with replicas. Without one it is memory:."`
	CacheFile string     `env:"SCRIP_CACHE_FILE" placeholder:"FILE" help:"File with what --cache takes, which may hold a password."`

	bundleFlags

	QuoteTTL time.Duration `name:"quote-ttl" default:"15m" env:"SCRIP_QUOTE_TTL" help:"How long a quote lives."`
	HoldTTL  time.Duration `name:"hold-ttl" default:"30m" env:"SCRIP_HOLD_TTL" help:"How long a redemption holds its coupon unconfirmed."`

	DecisionMemo string `enum:"on,off" default:"on" env:"SCRIP_DECISION_MEMO" help:"Remember decisions by what their rules look at; off asks the policies each time, for comparison."`

	LogFormat string `enum:"json,text," default:"" env:"SCRIP_LOG_FORMAT" placeholder:"json|text" help:"Log as JSON lines, or as text (the default on a terminal)."`
	LogLevel  string `enum:"debug,info,warn,error" default:"info" env:"SCRIP_LOG_LEVEL" help:"Least level that is logged; debug logs every request."`
}

// Help is the text under the usage line of scrip serve --help.
func (serveCmd) Help() string {
	return `Examples:

	scrip serve                                          # embedded defaults, ledger in ./data
	scrip serve --policies ./policies                    # your own rules
	scrip serve --policies https://bundles.example.com/scrip.tar.gz --bundle-key-file scrip.pub.pem
	scrip serve --cache redis://localhost:6379           # quotes shared with other replicas
	SCRIP_TOKEN_FILE=/run/secrets/token scrip serve --listen 0.0.0.0:8700
	SCRIP_LEDGER_FILE=/run/secrets/ledger scrip serve    # postgres://user:password@host/database
	scrip serve --config scrip.yaml                      # keys are flag names: quote-ttl: 10m

SIGTERM lets requests under way finish, then exits 0.`
}

// Run serves until the context ends.
func (c *serveCmd) Run(g *globals) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	a, err := openApp(g.Ctx, s, time.Now, c.logger(g.Stderr))
	if err != nil {
		return err
	}
	return errors.Join(a.serve(g.Ctx), a.close())
}

// settings checks the flags against each other and reads secrets from files.
func (c *serveCmd) settings() (s settings, err error) {
	s = settings{listen: c.Listen, adminListen: c.AdminListen, dataFolder: c.Data, policies: c.Policies, quoteTTL: c.QuoteTTL, holdTTL: c.HoldTTL, memo: c.DecisionMemo == "on"}
	for _, given := range []struct {
		into  *secret.Text
		name  string
		value secretFlag
		file  string
	}{
		{&s.token, "token", c.Token, c.TokenFile},
		{&s.adminToken, "admin-token", c.AdminToken, c.AdminTokenFile},
		{&s.key, "key", c.Key, c.KeyFile},
		{&s.ledger, "ledger", c.Ledger, c.LedgerFile},
	} {
		if *given.into, err = readSecret(given.name, given.value, given.file); err != nil {
			return s, err
		}
	}
	for name, token := range map[string]secret.Text{"token": s.token, "admin-token": s.adminToken} {
		if !isVisible(token) {
			return s, usageError(fmt.Sprintf("--%s must be visible ASCII without spaces: it travels in a header", name))
		}
	}
	if s.bundle, err = c.bundleFlags.options(c.Policies); err != nil {
		return s, err
	}
	if err = checkLedger(s.ledger); err != nil {
		return s, err
	}
	if s.cache, err = cacheAddress(c.Cache, c.CacheFile); err != nil {
		return s, err
	}
	switch {
	case c.Listen == unixPrefix || c.AdminListen == unixPrefix:
		err = usageError("unix: needs the path of a socket, for example unix:/run/scrip.sock")
	case c.QuoteTTL < time.Millisecond || c.HoldTTL < time.Millisecond:
		err = usageError("--quote-ttl and --hold-ttl must be at least 1ms")
	case !s.token.IsSet() && !isLoopback(c.Listen):
		err = usageError(fmt.Sprintf("--listen %s is not a loopback address: set --token (or SCRIP_TOKEN, SCRIP_TOKEN_FILE), "+
			"for without one anybody who reaches it can price and redeem", c.Listen))
	}
	return s, err
}

// isVisible reports whether a token can travel in a header.
func isVisible(token secret.Text) bool {
	return !strings.ContainsFunc(token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' })
}

// checkLedger checks of a ledger's URL what can be told without opening it.
func checkLedger(where secret.Text) error {
	ledger := where.Reveal()
	switch {
	case ledger == sqlitePrefix:
		return usageError("--ledger sqlite: needs a path, for example sqlite:./data/scrip.db")
	case ledger == "", strings.HasPrefix(ledger, sqlitePrefix), sqlstore.PostgresURL(ledger):
		return nil
	}
	return usageError(fmt.Sprintf("--ledger %s is neither sqlite:PATH nor postgres://…", scheme(ledger)))
}

// scheme is the part of a URL that has no password in it, if it is one.
func scheme(url string) string {
	name, _, ok := strings.Cut(url, ":")
	if !ok || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return "(no URL)"
	}
	return name + ":"
}

// isLoopback reports whether only this machine reaches an address. A name
// counts if it resolves to nothing else.
func isLoopback(address string) bool {
	if strings.HasPrefix(address, unixPrefix) {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return false
	}
	ips, err := new(net.Resolver).LookupIPAddr(context.Background(), host)
	if err != nil {
		return false
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			return false
		}
	}
	return len(ips) > 0
}

func (c *serveCmd) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	file, isFile := w.(*os.File)
	if c.LogFormat == "text" || c.LogFormat == "" && isFile && term.IsTerminal(int(file.Fd())) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
