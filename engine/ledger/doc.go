// Package ledger holds the rules of the books: campaigns that issue coupons,
// the coupons customers hold and the blocklist; redemptions that use coupons,
// and their refunds; gift cards, the wallets that they top up and the journal of
// those; and the replies that repeated requests get again (Contract §3, §5 to §7).
//
// [Book] is the way in. It reads through the [Store] port and writes through
// [Book.Do], which runs one operation in one transaction together with its
// idempotency key. Rules are written here, once; the stores behind the port
// only keep rows. Races are decided by conditional updates and unique keys in
// the store, never by locks in memory, so that several sidecars may share one
// ledger.
package ledger
