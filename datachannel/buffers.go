package datachannel

import (
	"math/bits"
	"sync"
)

// The sizes of pooled buffers are powers of two from minBuffer to maxBuffer.
// Larger ones are rare and left to the garbage collector.
const (
	minBuffer = 1 << 10
	maxBuffer = 256 << 10
)

var pools [9]sync.Pool // 1 KiB to 256 KiB

func poolOf(size int) (index, capacity int) {
	if size <= minBuffer {
		return 0, minBuffer
	}
	index = bits.Len(uint(size-1)) - bits.Len(uint(minBuffer-1))
	return index, minBuffer << index
}

// getBuffer returns a buffer of n bytes with any content.
func getBuffer(n int) []byte {
	if n > maxBuffer {
		return make([]byte, n)
	}
	index, capacity := poolOf(n)
	if p, ok := pools[index].Get().(*[]byte); ok {
		return (*p)[:n]
	}
	return make([]byte, n, capacity)
}

// putBuffer takes a buffer of getBuffer back; the caller must not use it again.
func putBuffer(b []byte) {
	c := cap(b)
	if c < minBuffer || c > maxBuffer {
		return
	}
	if index, capacity := poolOf(c); capacity == c {
		b = b[:0]
		pools[index].Put(&b)
	}
}
