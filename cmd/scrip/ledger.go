// scrip ledger: the file that holds the books, without a sidecar's help: a backup while sidecars run, and a restore
// while none does.
package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"scrip/engine/ledger/sqlstore"
)

type ledgerCmd struct {
	Verify  ledgerVerifyCmd  `cmd:"" help:"Check every invariant of the books, beside running sidecars too."`
	Backup  ledgerBackupCmd  `cmd:"" help:"Copy the ledger into a new file while sidecars run."`
	Restore ledgerRestoreCmd `cmd:"" help:"Make the ledger from a backup while no sidecar runs."`
}

// Help shows examples.
func (ledgerCmd) Help() string {
	return `Examples:

	scrip ledger verify --data /var/lib/scrip
	scrip ledger backup /backups/scrip-2026-03-01.db
	scrip ledger restore /backups/scrip-2026-03-01.db --data /var/lib/scrip`
}

// ledgerFlags say which ledger is meant, as serve's do.
type ledgerFlags struct {
	Data   string     `env:"SCRIP_DATA" default:"./data" help:"The sidecar's data folder."`
	Ledger secretFlag `env:"SCRIP_LEDGER" placeholder:"URL" help:"Its ledger, where that is not scrip.db in --data."`
}

// path is that of the ledger file.
func (f ledgerFlags) path() (string, error) {
	if sqlstore.PostgresURL(f.Ledger.Reveal()) {
		return "", usageError("this is for ledgers in a file; back up a Postgres database with its own tools, pg_dump for one")
	}
	return ledgerFile(f.Ledger.Reveal(), f.Data), checkLedger(f.Ledger.Text)
}

type ledgerBackupCmd struct {
	File string `arg:"" help:"The new file. It is never overwritten."`
	ledgerFlags
}

// Help shows examples.
func (ledgerBackupCmd) Help() string {
	return `The file holds what was booked when the copy began. It is checked and on disk when the command ends, and readable by
its owner only. Keep the master key (DATA/key or --key) too, elsewhere: stored replies and codes are sealed under it.

Examples:

	scrip ledger backup /backups/scrip-$(date +%F).db --data /var/lib/scrip
	scrip ledger backup /backups/now.db --ledger sqlite:/srv/books.db`
}

// Run makes the backup.
func (c *ledgerBackupCmd) Run(g *globals) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	if err := sqlstore.Backup(g.Ctx, path, c.File); err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	return say(g, "Backed up %s to %s: %d bytes, checked. Keep the master key too.", clean(path), clean(c.File), info.Size())
}

type ledgerRestoreCmd struct {
	File  string `arg:"" help:"The backup. It stays as it is."`
	Force bool   `help:"Keep a ledger that is there under another name, and restore in its place."`
	ledgerFlags
}

// Help shows examples.
func (ledgerRestoreCmd) Help() string {
	return `Stop the sidecars first: a ledger in use is never replaced. What was booked after the backup is not in it. A sidecar
starts on it with the master key of the ledger that was backed up only.

Examples:

	scrip ledger restore /backups/scrip-2026-03-01.db --data /var/lib/scrip
	scrip ledger restore /backups/scrip-2026-03-01.db --force`
}

// Run restores.
func (c *ledgerRestoreCmd) Run(g *globals) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	kept, err := sqlstore.Restore(g.Ctx, c.File, path, c.Force, time.Now())
	if kept != "" {
		if err := say(g, "Kept what was there as %s.", clean(kept)); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, sqlstore.ErrExists) && !c.Force:
		return errors.Join(err, errors.New("  --force keeps it under another name"))
	case errors.Is(err, sqlstore.ErrInUse):
		return errors.Join(err, errors.New("  stop the sidecar first"))
	case err != nil:
		return err
	}
	return say(g, "Restored %s from %s, checked. Start the sidecar with the master key it had then.", clean(path), clean(c.File))
}
