package transfer

import (
	"io"
	"math/rand/v2"
)

// Pattern returns the content of a file of random bytes that is the same for
// the same seed, whatever its size.
func Pattern(seed uint64) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return rand.NewChaCha8(key)
}
