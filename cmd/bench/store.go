//go:build bench

// The stores that the books are kept in, each with ledgers that can be copied.
package main

import (
	"os"
	"path/filepath"
	"strconv"

	"scrip/engine/ledger/sqlstore"
)

// store is one of the two: a folder of SQLite files, or a Postgres server. Its
// ledgers share a data folder, and so a master key.
type store struct {
	name   string
	data   string // folder
	server *postgres
}

const (
	onSQLite   = "sqlite"
	onPostgres = "postgres"
)

// newStore is a store without ledgers.
func newStore(y *yard, name string) (*store, error) {
	data, err := y.folder("data")
	if err != nil {
		return nil, err
	}
	s := &store{name: name, data: data}
	if name == onPostgres {
		s.server, err = startPostgres(y)
	}
	return s, err
}

// where is a ledger's file or URL.
func (s *store) where(ledger string) string {
	if s.server != nil {
		return s.server.url(ledger)
	}
	return filepath.Join(s.data, ledger+".db")
}

// create makes room for a ledger, and copies another one into it, unless that is "".
// Nobody has either of them open.
func (s *store) create(y *yard, ledger, from string) error {
	if s.server == nil {
		if from == "" {
			return nil
		}
		return sqlstore.Backup(y.ctx, s.where(from), s.where(ledger))
	}
	statement := "CREATE DATABASE " + ledger
	if from != "" {
		statement += " TEMPLATE " + from
	}
	_, err := s.server.ask(y.ctx, statement)
	return err
}

// serve starts a sidecar on a ledger.
func (s *store) serve(y *yard, ledger string) (*child, error) {
	where := s.where(ledger)
	if s.server == nil {
		where = "sqlite:" + where
	}
	return y.scrip(s.data, "--ledger="+where)
}

// size is what a ledger takes, in bytes.
func (s *store) size(y *yard, ledger string) (bytes int64, err error) {
	if s.server != nil {
		answer, err := s.server.ask(y.ctx, "SELECT pg_database_size('"+ledger+"')")
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(answer, 10, 64)
	}
	for _, part := range []string{"", "-wal"} {
		if info, err := os.Stat(s.where(ledger) + part); err == nil {
			bytes += info.Size()
		}
	}
	return bytes, nil
}
