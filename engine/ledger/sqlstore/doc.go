// Package sqlstore keeps the rows of the books in SQL: in a SQLite file, the
// default, written by one goroutine that commits all waiting requests with one
// fsync; or in a Postgres database that sidecars on several hosts share. The
// statements are the same, told once; a dialect has the few differences. Both
// implement the ledger's Store port; the suite in storetest says what that
// means.
package sqlstore
