package main

import (
	"context"
	"fmt"

	"scrip/cache"
	"scrip/cmd/scrip/httpapi"
	"scrip/engine"
	"scrip/engine/keys"
)

// quoteCache is where quotes are kept: in memory, or in Redis behind it.
type quoteCache interface {
	engine.Quotes
	Stats() cache.Stats
	Close() error
}

// openQuotes opens the cache that the settings name.
func (a *app) openQuotes(ctx context.Context, master keys.Master) (quoteCache, error) {
	memory, err := cache.NewMemory(cache.MemoryBytes)
	if err != nil {
		return nil, err
	}
	var quotes quoteCache = memory
	if a.settings.cache.Shared() {
		quotes = cache.OpenRedis(ctx, a.settings.cache, master.QuoteHMAC(), memory, a.log)
	}
	a.onClose(quotes.Close)
	return quotes, nil
}

// cacheStats hands a cache's counts to the metrics.
func cacheStats(quotes quoteCache) func() httpapi.CacheStats {
	return func() httpapi.CacheStats { return httpapi.CacheStats(quotes.Stats()) }
}

// cacheAddress reads --cache or the file of --cache-file: an address may hold
// a password.
func cacheAddress(value secretFlag, file string) (cache.Address, error) {
	text, err := readSecret("cache", value, file)
	if err != nil || !text.IsSet() {
		return cache.Address{}, err
	}
	address, err := cache.ParseAddress(text.Reveal())
	if err != nil {
		flag := "--cache"
		if file != "" {
			flag = "--cache-file"
		}
		return address, usageError(fmt.Sprintf("%s: %v; write %s, or for example redis://user:password@host:6379/0, "+
			"rediss://… for TLS, redis://host1:6379,host2:6379 for a cluster", flag, err, cache.InMemory))
	}
	return address, nil
}
