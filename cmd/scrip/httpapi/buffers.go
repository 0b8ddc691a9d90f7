package httpapi

import (
	"bytes"
	"sync"
)

// Bodies come and go in buffers that are used again: at thousands a second they
// would be most of the garbage.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is used again, in bytes.
const maxKept = 64 << 10

// takeBuffer borrows an empty buffer.
func takeBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

// giveBuffer gives one back. Nothing may use it or its bytes any more.
func giveBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxKept {
		b.Reset()
		buffers.Put(b)
	}
}
