// Package httpapi speaks HTTP for scrip (Contract §2 to §5): routes on two
// listeners, strict decoding, problem+json, and what every request gets: an
// id, bounds on size, time and number, a log line, a metric. It is the only
// package that imports gin.
package httpapi
