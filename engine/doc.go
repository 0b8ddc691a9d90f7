// Package engine makes quotes and is the middle of scrip. Whatever else policies
// decide goes through it too: it asks them for the books, which then hold what
// was answered against the state that they see (redeeming a quote, gift cards,
// top-ups and withdrawals).
//
// # Architecture
//
// One quote runs through [Engine.Quote], top to bottom:
//
//	request ── price every line ──► facts of the customer ──► known already? ──► the same quote
//	                                (ledger)                   (cache)
//	                                     │ no
//	                                     ▼
//	        decisions: order.deny, product.deny, coupon.deny   (policies, one revision)
//	                                     │
//	                                     ▼
//	        discount of each coupon, best first, distribution  (pricing)
//	                                     │
//	                                     ▼
//	                                 the quote, kept for its TTL and found again
//	                                 until something changes the answer
//
// Dependencies point one way:
//
//	cmd/scrip ─► httpapi ─► engine ─► pricing, ledger, policy ─► money, refusal
//	     └─────► adapters: cache, ledger/sqlstore, policies
//
// Adapters implement ports declared by those who use them ([Policies],
// [Books], [Quotes], ledger.Store) and only cmd/scrip knows them all. The rest
// of the rooms:
//
//   - engine/money: amounts in minor units, currencies, exact percentages
//   - engine/pricing: the arithmetic of Contract §4, pure
//   - engine/policy: the embedded OPA and its decisions
//   - engine/ledger: the rules of the books; sqlstore keeps their rows
//   - engine/keys: everything derived from the master key
//   - engine/refusal: the one error kind for what a client caused
//
// # Decisions are remembered, exactly
//
// A walk over a decision's compiled rules finds which parts of its input it
// can see. It is evaluated on just those and its answer kept under them: most
// questions of a bulk order are the same, and cost a map lookup. A policy that
// looks at more is asked more often: slower, never wrong. The memory goes with
// its revision.
//
// # Failing
//
// No discount without a clean decision, no checkout without a price: a policy
// that errs or overruns its deadline makes a quote at full price with the
// denial policy.error. A cache that forgets costs a computation. A ledger that
// cannot be read is an error: without it nobody knows the coupons.
package engine
