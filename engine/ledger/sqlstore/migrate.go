package sqlstore

// Tables are brought up to date when a store is opened, by numbered migrations
// that goose runs, each in a transaction of its own.

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed migrations
var migrations embed.FS

// newestMigration is the number of the last one; both dialects have the same.
func newestMigration() (newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	for _, file := range files {
		number, failed := goose.NumericComponent(path.Base(file))
		newest, err = max(newest, number), errors.Join(err, failed)
	}
	return newest, err
}

// errNewer is of tables that another program has brought further than this one
// knows: it would write rows that lack what that one counts on.
var errNewer = errors.New("its tables are of a newer scrip")

func newer(has, known int64) error {
	return fmt.Errorf("%w (migration %d, this one's is %d): use that one, or restore the backup of before it", errNewer, has, known)
}

// bringUp runs the migrations that the tables lack, or fails with [errNewer].
func bringUp(ctx context.Context, provider *goose.Provider) error {
	known, err := newestMigration()
	if err != nil {
		return err
	}
	has, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	if has > known {
		return newer(has, known)
	}
	_, err = provider.Up(ctx)
	return err
}

func migrateSQLite(ctx context.Context, db *sql.DB) error {
	folder, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder)
	if err != nil {
		return err
	}
	// Processes that open a fresh file at once race for each of its migrations,
	// the first table of goose included: who loses one looks again.
	for range len(provider.ListSources()) + 2 {
		if err = countMigrations(ctx, db); err == nil {
			err = bringUp(ctx, provider)
		}
		if err == nil || isLostSync(err) || errors.Is(err, errNewer) {
			break
		}
	}
	return unavailable(err)
}

// countMigrations makes the table in which goose counts migrations, if there is
// none. Goose would make it too, but tries again whatever went wrong: a failed
// sync would pass the second time.
func countMigrations(ctx context.Context, db *sql.DB) error {
	store, err := database.NewStore(database.DialectSQLite3, goose.DefaultTablename)
	if err != nil {
		return err
	}
	var there bool
	err = db.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_master WHERE name = ?`, goose.DefaultTablename).Scan(&there)
	if err != nil || there {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing to do after a commit
	if err := store.CreateVersionTable(ctx, tx); err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, database.InsertRequest{Version: 0}); err != nil {
		return err
	}
	return tx.Commit()
}

// migratePostgres brings the tables up to date, on a connection without a bound
// on statements: a large table takes its time.
func migratePostgres(ctx context.Context, config *pgx.ConnConfig) (err error) {
	patient := config.Copy()
	patient.RuntimeParams["statement_timeout"], patient.RuntimeParams["lock_timeout"] = "0", "0"
	db := openPool(patient, 1)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.PingContext(ctx); err != nil {
		return unavailable(err)
	}
	folder, err := fs.Sub(migrations, "migrations/postgres")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db.DB, folder)
	if err != nil {
		return err
	}
	// As with a SQLite file: who loses the race for a migration looks again. The
	// loser was held up until the winner's was committed.
	for range 2*len(provider.ListSources()) + 4 {
		if err = bringUp(ctx, provider); err == nil || !lostMigration(err) {
			break
		}
	}
	return unavailable(err)
}

// lostMigration reports whether another process made the same tables at the
// same time: duplicate_table, duplicate_column, duplicate_object,
// duplicate_function, or a row of the catalogue.
func lostMigration(err error) bool {
	switch sqlState(err) {
	case "42P07", "42701", "42710", "42723", uniqueViolation, serializationFailure, deadlockDetected:
		return true
	}
	return false
}
