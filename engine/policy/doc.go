// Package policy is the embedded OPA: it loads a folder of Rego, checks it as
// strictly as the stock tools do, and answers the questions of Contract §8
// from an immutable [Snapshot] of it.
//
// A snapshot is one revision. Whoever holds it sees that revision's rules and
// data from the first question to the last, whatever is loaded meanwhile.
//
// Each decision is evaluated on exactly the parts of its input that a walk
// over its compiled rules can see ([Snapshot.LooksAt] tells them). Evaluations
// are bounded in time; one that errs, overruns or gives something that is not
// a set of reasons is an error, which the caller answers with a denial.
//
// No other package of scrip imports OPA.
package policy
