package udp

import "sync"

// MaxLent is how many entries of a batch ReadBatch lends buffers for; it fills no
// more of a batch without buffers.
const MaxLent = 16

// lentRoom is the distance of the buffers that are lent: MaxJoined, rounded up to
// whole pages.
const lentRoom = 64 << 10

// A slab is the storage behind the buffers of one batch.
type slab struct {
	storage []byte
	pool    *sync.Pool // where it goes back to
}

// slabs are shared by all sockets: as many exist as are being read from at a
// time.
var slabs sync.Pool

func init() {
	slabs.New = func() any { return &slab{make([]byte, MaxLent*lentRoom), &slabs} }
}

// Lend gives the entries of a batch without buffers MaxJoined bytes each, up to
// MaxLent entries, for implementations of Conn. It reports whether it did: not if
// the first entry has a Buf of its own.
func Lend(batch []Datagram) bool {
	if len(batch) == 0 || batch[0].Buf != nil {
		return false
	}
	s := slabs.Get().(*slab)
	for i := range batch[:min(len(batch), MaxLent)] {
		at := i * lentRoom
		batch[i].Buf = s.storage[at : at+MaxJoined : at+MaxJoined]
	}
	batch[0].lent = s
	return true
}

// Release gives back what ReadBatch has lent to the entries of batch, which must
// be the batch that was given to ReadBatch, and takes their Bufs away. It does
// nothing to a batch whose buffers are the caller's.
func Release(batch []Datagram) {
	if len(batch) == 0 || batch[0].lent == nil {
		return
	}
	s := batch[0].lent
	batch[0].lent = nil
	for i := range batch[:min(len(batch), MaxLent)] {
		batch[i].Buf = nil
	}
	s.pool.Put(s)
}
