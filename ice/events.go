package ice

import "net/netip"

// Event is what an Agent's Poll returns: one of Transmit, StateChanged,
// SelectedPairChanged, ValidPair and RoleChanged.
type Event interface{ agentEvent() }

// Transmit asks for a datagram to be sent.
type Transmit struct {
	// Base is the socket to send from.
	Base int
	// To is the destination, never with a zone.
	To netip.AddrPort
	// Data is the datagram. It belongs to the sender of the event, which reuses
	// it: it is valid until the next call of Poll or PollTransmit.
	Data []byte
}

// StateChanged says that the connection state is now State (webrtc-pc §5.6.4).
type StateChanged struct{ State ConnectionState }

// SelectedPairChanged says that packets are from now on to be sent on Pair; a
// zero Pair means that nothing may be sent (RFC 7675 §5.1). The first one of a
// generation comes with its first valid pair, before any nomination, since data
// may be sent on any valid pair until then (RFC 8445 §12.1).
type SelectedPairChanged struct{ Pair Pair }

// ValidPair announces the first valid pair of a generation (RFC 8445 §7.2.5.3.2).
type ValidPair struct{ Pair Pair }

// RoleChanged says that a role conflict was repaired (RFC 8445 §7.3.1.1) and
// which role the agent has now.
type RoleChanged struct{ Controlling bool }

func (Transmit) agentEvent()            {}
func (StateChanged) agentEvent()        {}
func (SelectedPairChanged) agentEvent() {}
func (ValidPair) agentEvent()           {}
func (RoleChanged) agentEvent()         {}

// A packetQueue holds the datagrams to be sent and recycles their storage.
type packetQueue struct {
	queue []Transmit
	head  int
	// lent is the storage of the datagram that the last poll handed out.
	lent []byte
	free [][]byte
}

// maxFreePackets bounds the storage that a quiet agent keeps.
const maxFreePackets = 4

// push queues a copy of data.
func (q *packetQueue) push(base int, to netip.AddrPort, data []byte) {
	var buf []byte
	if n := len(q.free); n > 0 {
		buf, q.free = q.free[n-1], q.free[:n-1]
	}
	q.queue = append(q.queue, Transmit{Base: base, To: to, Data: append(buf[:0], data...)})
}

// pop returns the next datagram and takes back the one before.
func (q *packetQueue) pop() (Transmit, bool) {
	if q.lent != nil {
		if len(q.free) < maxFreePackets {
			q.free = append(q.free, q.lent)
		}
		q.lent = nil
	}
	if q.head == len(q.queue) {
		q.queue, q.head = q.queue[:0], 0
		return Transmit{}, false
	}
	t := q.queue[q.head]
	q.queue[q.head] = Transmit{}
	q.head++
	q.lent = t.Data
	return t, true
}

// dropBase forgets what was to be sent from a socket that is gone.
func (q *packetQueue) dropBase(base int) {
	kept := q.queue[:q.head]
	for _, t := range q.queue[q.head:] {
		if t.Base != base {
			kept = append(kept, t)
		}
	}
	clear(q.queue[len(kept):])
	q.queue = kept
}
