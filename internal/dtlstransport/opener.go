package dtlstransport

import "encoding/binary"

// integrityLimit is the number of records that fail authentication after which
// the key must not be relied on any longer (RFC 9147 §4.5.3): the chance that
// one of them had passed is 2^-57 then.
const integrityLimit = 1 << 36

// opener owns the incoming half of the session: the key, and which numbers have
// been seen. It is not safe for concurrent use.
type opener struct {
	protect protection
	window  replayWindow
	forged  uint64
}

// open appends the content of a record of epoch 1 to dst, or says why it must
// be dropped. Whatever is wrong with a record, the key is used once at most,
// and nothing is remembered of it.
func (o *opener) open(dst []byte, r record) ([]byte, drop) {
	if binary.BigEndian.Uint16(r.raw[1:]) != versionDTLS12 || len(r.body) < o.protect.overhead() {
		return nil, dropMalformed
	}
	n := r.sequence()
	if o.window.seen(n) {
		return nil, dropReplayed
	}
	content, ok := o.protect.open(dst, r)
	if !ok {
		o.forged++
		return nil, dropForged
	}
	o.window.accept(n)
	return content, keep
}

// worn returns true once too many forgeries have been tried. RFC 9325 §4.4:
// "When a receiver has reached IL, the implementation SHOULD close the
// connection."
func (o *opener) worn() bool { return o.forged >= integrityLimit }
