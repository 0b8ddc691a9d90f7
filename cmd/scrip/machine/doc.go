// Package machine proves the books: it lives random histories twice, in two
// sidecars over one ledger and in a plain model, and no answer may differ.
// There are only tests in it.
//
// The sidecars are whole but for their sockets: the handlers of both listeners
// over the real engine, policies, ledger and store. They share a clock that
// stands still until it is set, policies that can be changed, and a cache of
// quotes that can be lost. The model was written from the contract and shares
// no code with the product but its oracle of prices (engine/pricing/oracle),
// which was written so too. What is random it learns from the answers: ids, and
// the numbers and codes of gift cards.
//
// After every step no bucket of a wallet is below zero, and nobody can take out
// or has taken out more than they put in: no credit becomes cash. Journals add up
// to balances whenever they are looked at, entry by entry to nothing.
//
// With SCRIP_PROVE=1 there are a million steps on each store. What they wait
// for most is a disk that they do not need: TMPDIR=/dev/shm.
package machine
