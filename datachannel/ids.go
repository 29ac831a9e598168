package datachannel

// ids gives out the ids of the channels that this side opens: even ones to the
// DTLS client, odd ones to the server (RFC 8832 §6). It goes round, so that an id
// is used again as late as possible: a stream reset that the peer repeats would
// hit the new stream.
type ids struct {
	next uint32
}

// take returns an id of the given parity that inUse does not know, below limit.
func (a *ids) take(client bool, limit int, inUse func(uint16) bool) (uint16, bool) {
	parity := uint32(1)
	if client {
		parity = 0
	}
	limit = min(limit, MaxID+1)
	for range (limit + 1) / 2 {
		id := a.next&^1 | parity
		a.next += 2
		if id >= uint32(limit) {
			a.next = 2
			id = parity
		}
		if int(id) < limit && !inUse(uint16(id)) {
			return uint16(id), true
		}
	}
	return 0, false
}

// foreign reports whether id is one that the peer may choose.
func foreign(id uint16, client bool) bool { return client == (id%2 == 1) }
