// Package cache keeps quotes behind the engine's Quotes port: in the memory of
// one process ([Memory]), or there and in a Redis that replicas share
// ([Redis]). Losing all of it loses no money: quotes are computed again, and
// the books never read it.
package cache
