package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"scrip/cache"
	"scrip/cmd/scrip/httpapi"
	"scrip/engine"
	"scrip/engine/keys"
	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
	"scrip/engine/policy"
	"scrip/engine/secret"
	"scrip/policies"
)

// drainTimeout bounds how long a stop waits for requests under way.
const drainTimeout = 20 * time.Second

// app is a whole sidecar: the only place that knows all adapters and wires
// them together. Tests make one just like the serve command does.
type app struct {
	settings settings
	clock    func() time.Time
	log      *slog.Logger

	data, admin net.Listener
	api         *httpapi.API
	source      policy.Source
	active      *policy.Active
	evaluators  *policy.Evaluators
	closers     []func() error // run in reverse
}

// settings are what serve was told, checked and with secrets read.
type settings struct {
	listen, adminListen string
	token, adminToken   secret.Text // without an adminToken one is made in the data folder
	dataFolder          string
	key                 secret.Text // base64; without it one is made in the data folder
	policies            string      // "" is those built in
	bundle              policy.BundleOptions
	ledger              secret.Text // sqlite:PATH or the URL of a Postgres database; without it a file in the data folder
	cache               cache.Address
	quoteTTL            time.Duration
	holdTTL             time.Duration
	memo                bool // decisions are remembered
}

// open starts everything but serving. Whatever fails, what was opened before
// it is closed again.
func openApp(ctx context.Context, s settings, clock func() time.Time, log *slog.Logger) (_ *app, err error) {
	a := &app{settings: s, clock: clock, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if err := os.MkdirAll(s.dataFolder, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	master, err := a.masterKey()
	if err != nil {
		return nil, err
	}
	if a.source, err = s.policySource(); err != nil {
		return nil, err
	}
	a.evaluators = policy.NewEvaluators(2 * runtime.GOMAXPROCS(0))
	a.onClose(func() error { a.evaluators.Close(); return nil })
	active, err := policy.Activate(ctx, a.loadPolicies)
	if err != nil {
		return nil, err
	}
	a.active = active
	book, err := a.openBook(ctx, master)
	if err != nil {
		return nil, err
	}
	quotes, err := a.openQuotes(ctx, master)
	if err != nil {
		return nil, err
	}
	a.api = &httpapi.API{
		Engine: &engine.Engine{Policies: active, Books: book, Quotes: quotes, Clock: clock, TTL: s.quoteTTL, Log: log},
		Book:   book, Policies: active, HoldTTL: s.holdTTL, Log: log, Token: s.token,
		Metrics: httpapi.NewMetrics(httpapi.PolicyMetrics(active), httpapi.CacheMetrics(cacheStats(quotes))),
	}
	if a.api.AdminToken, err = a.adminToken(); err != nil {
		return nil, err
	}
	return a, a.listen(ctx)
}

func (a *app) openBook(ctx context.Context, master keys.Master) (*ledger.Book, error) {
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	a.onClose(store.Close)
	return ledger.Open(ctx, store, master, a.clock)
}

// sqlitePrefix marks a ledger that is a file's path.
const sqlitePrefix = "sqlite:"

func (a *app) openStore(ctx context.Context) (ledger.Store, error) {
	where, data := a.settings.ledger.Reveal(), a.settings.dataFolder
	if sqlstore.PostgresURL(where) {
		return openStore(ctx, where, data) // its server sees to its own disk
	}
	return sqlstore.ServeSQLite(ctx, ledgerFile(where, data), a.lost)
}

// lost ends the process: the disk has failed to keep the ledger. Nothing is
// drained, for no answer could be trusted; who starts the process again has it
// read what is on disk.
func (a *app) lost(err error) {
	a.log.Error("ending at once, for what is not on disk must not be answered: look after the disk", "error", err, "exit_code", exitNotDurable)
	os.Exit(exitNotDurable)
}

// openStore opens the ledger that is meant by --ledger and --data.
func openStore(ctx context.Context, where, dataFolder string) (ledger.Store, error) {
	if sqlstore.PostgresURL(where) {
		return sqlstore.OpenPostgres(ctx, where)
	}
	return sqlstore.OpenSQLite(ctx, ledgerFile(where, dataFolder))
}

// ledgerFile is the path of a ledger that is a file.
func ledgerFile(where, dataFolder string) string {
	if path := strings.TrimPrefix(where, sqlitePrefix); path != "" {
		return path
	}
	return filepath.Join(dataFolder, "scrip.db")
}

// loadPolicies reads the policies from where the settings say.
func (a *app) loadPolicies(ctx context.Context) (*policy.Snapshot, error) {
	return policy.Load(ctx, a.source, policy.Options{
		Timeout: policy.Timeout, Memo: a.settings.memo, Evaluators: a.evaluators,
		Tests: a.settings.policies != "", // those built in have passed theirs
		Alarm: func(decision string) {
			a.log.Error("a decision sees more of its input than its rules tell; it is asked about all of it from here on: "+
				"please report this policy", "decision", decision, "policy_source", a.source.String())
		},
	}, a.clock())
}

// policySource is the policies built in, a bundle's URL or a folder.
func (s *settings) policySource() (policy.Source, error) {
	where := s.policies
	switch {
	case where == "":
		return policy.Folder("built in", policies.FS), nil
	case policy.IsBundleURL(where):
		return policy.Bundle(where, s.bundle), nil
	case strings.Contains(where, "://"): // not repeated: it may hold a password
		return nil, fmt.Errorf("policies: %s is not the scheme of a bundle's URL: write http or https", scheme(where))
	}
	info, err := os.Stat(where)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("policies: %s is neither a folder nor an http(s) URL of a bundle", where)
	}
	return policy.Directory(where), nil
}

func (a *app) listen(ctx context.Context) (err error) {
	if a.data, err = listenOn(ctx, a.settings.listen); err != nil {
		return err
	}
	a.onClose(a.data.Close)
	if a.admin, err = listenOn(ctx, a.settings.adminListen); err != nil {
		return err
	}
	a.onClose(a.admin.Close)
	return nil
}

// unixPrefix marks an address that is a socket's path.
const unixPrefix = "unix:"

// socketMode lets the owner and the group of a socket connect.
const socketMode = 0o660

func listenOn(ctx context.Context, address string) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(address, unixPrefix)
	if !isUnix {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
		}
		return l, nil
	}
	if _, err := net.Dial("unix", path); err != nil {
		// Nobody answers: a socket here was left by a process that was killed.
		if info, statErr := os.Lstat(path); statErr == nil && info.Mode().Type() == fs.ModeSocket {
			_ = os.Remove(path) // listening tells
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return l, os.Chmod(path, socketMode)
}

// serve answers requests until ctx ends, then lets those under way finish.
func (a *app) serve(ctx context.Context) error {
	servers := map[net.Listener]*http.Server{
		a.data:  httpapi.Server(a.api.Data(), a.log),
		a.admin: httpapi.Server(a.api.Admin(), a.log),
	}
	snapshot := a.api.Policies.Current()
	a.log.Info("serving", "data", addressOf(a.data), "admin", addressOf(a.admin),
		"version", currentBuild().String(), "policy_revision", snapshot.Revision, "policy_source", snapshot.Source)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		a.api.Book.Watch(ctx)
		return nil
	})
	group.Go(func() error { return a.watchPolicies(ctx) })
	for listener, server := range servers {
		group.Go(func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", addressOf(listener), err)
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
			defer cancel()
			if err := server.Shutdown(drain); err != nil {
				a.log.Warn("some requests did not finish in time", "listener", addressOf(listener))
				return server.Close()
			}
			return nil
		})
	}
	err := group.Wait()
	a.log.Info("stopped")
	return err
}

// watchPolicies follows changes of the policies' source, if it can change.
func (a *app) watchPolicies(ctx context.Context) error {
	if a.settings.policies != "" {
		a.active.Watch(ctx, a.source, a.log)
	}
	return nil
}

func addressOf(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return unixPrefix + l.Addr().String()
	}
	return l.Addr().String()
}

func (a *app) onClose(closer func() error) { a.closers = append(a.closers, closer) }

// close frees everything, what was opened last first.
func (a *app) close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		if err := a.closers[i](); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	a.closers = nil
	return errors.Join(errs...)
}
