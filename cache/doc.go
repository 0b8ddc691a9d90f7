// Package cache keeps quotes behind the engine's Quotes port. Losing all of it
// loses no money: quotes are computed again, and the books never read it.
package cache
