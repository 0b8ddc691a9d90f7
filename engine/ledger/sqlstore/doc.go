// Package sqlstore keeps the rows of the books in SQL: in a SQLite file, the
// default, written by one goroutine that commits all waiting requests with one
// fsync. It implements the ledger's Store port; the suite in storetest says
// what that means.
package sqlstore
