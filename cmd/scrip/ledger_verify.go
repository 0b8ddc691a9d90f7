// scrip ledger verify: every invariant of the books, and the rows that break one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
)

type ledgerVerifyCmd struct {
	JSON bool `name:"json" help:"Print the faults as JSON."`
	ledgerFlags
	LedgerFile string `env:"SCRIP_LEDGER_FILE" placeholder:"FILE" help:"File with the URL of the ledger, which may hold a password."`
}

// Help shows examples.
func (ledgerVerifyCmd) Help() string {
	return `Reads the whole ledger at one instant and changes nothing. Ends with 0 if all of it fits together, with 1 and the rows at
fault if not. A ledger with the tables of another version of scrip is left to that version. A Postgres standby will do.

Examples:

	scrip ledger verify --data /var/lib/scrip
	scrip ledger verify --ledger sqlite:/backups/scrip-2026-03-01.db
	SCRIP_LEDGER_FILE=/run/secrets/ledger scrip ledger verify --json`
}

// Run verifies the ledger.
func (c *ledgerVerifyCmd) Run(g *globals) (err error) {
	given, err := readSecret("ledger", c.Ledger, c.LedgerFile)
	if err == nil {
		err = checkLedger(given)
	}
	if err != nil {
		return err
	}
	where := given.Reveal()
	if !sqlstore.PostgresURL(where) { // opening would make one
		if _, err := os.Stat(ledgerFile(where, c.Data)); err != nil {
			return fmt.Errorf("there is no ledger: %w; name it with --data or --ledger", err)
		}
	}
	books, err := examine(g.Ctx, where, c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	faults, err := ledger.Verify(g.Ctx, books)
	if err == nil {
		err = c.tell(g, faults)
	}
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("the ledger has %s; restore a backup, or have these rows looked at before more is booked", count(len(faults), "fault"))
	}
	return err
}

func examine(ctx context.Context, where, dataFolder string) (*sqlstore.Examined, error) {
	if sqlstore.PostgresURL(where) {
		return sqlstore.ExaminePostgres(ctx, where)
	}
	return sqlstore.ExamineSQLite(ctx, ledgerFile(where, dataFolder))
}

func (c *ledgerVerifyCmd) tell(g *globals, faults []ledger.Fault) error {
	if c.JSON {
		return c.tellJSON(g, faults)
	}
	if len(faults) == 0 {
		return say(g, "The ledger is sound.")
	}
	t := table{titles: []string{"Table", "Row", "What is wrong"}}
	for _, f := range faults {
		t.add(f.Table, clean(f.ID), clean(f.What))
	}
	return show(g, t)
}

func (c *ledgerVerifyCmd) tellJSON(g *globals, faults []ledger.Fault) error {
	type fault struct {
		Table string `json:"table"`
		ID    string `json:"id"`
		What  string `json:"what"`
	}
	out := struct {
		Faults []fault `json:"faults"`
	}{[]fault{}}
	for _, f := range faults {
		out.Faults = append(out.Faults, fault{strings.ToValidUTF8(f.Table, "?"), strings.ToValidUTF8(f.ID, "?"), strings.ToValidUTF8(f.What, "?")})
	}
	return json.MarshalWrite(g.Stdout, out, jsontext.Multiline(true))
}
