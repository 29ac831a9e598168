package sctptransport

import (
	"net"
	"sync"
)

// burst is a connection that sends several packets in one go: Append puts a
// packet, which it does not keep, behind those that wait, Flush sends all that
// wait, and Write is the one and then the other.
type burst interface {
	Append(p []byte) error
	Flush() error
}

// singly makes a burst of a connection that sends packets one by one.
type singly struct{ net.Conn }

func (s singly) Append(p []byte) error {
	_, err := s.Write(p)
	return err
}

func (singly) Flush() error { return nil }

// out is the way of packets to the connection below.
//
// The engine writes packets one by one and does not say which is its last for
// now. Here one that is likely to be followed by another waits for it, and any
// other sends all that waits. That they are sent if nothing follows is the part
// of a goroutine, which is started with the first packet that waits, and which
// the scheduler runs at the latest when the engine waits for something.
type out struct {
	below burst
	tasks *tasks
	mtu   int

	mu sync.Mutex
	// all below is guarded by mu

	held     []byte // a packet of data that an acknowledgement is about to follow
	holds    bool   // held is one, and not only memory
	flushing bool   // a goroutine is going to flush
}

// send sends a packet. data says that there is nothing in it but data, due that
// the engine owes the peer an acknowledgement, which it writes behind the data.
func (o *out) send(p []byte, data, due bool) error {
	o.mu.Lock()
	wait, err := o.add(p, data, due)
	flush := !wait
	if wait && !o.flushing {
		o.flushing = o.tasks.start(o.flushAll)
		flush = !o.flushing
	}
	o.mu.Unlock()
	if flush {
		o.flush()
	}
	return err
}

// add puts a packet behind those that wait, and reports whether it waits for more.
// mu is held.
func (o *out) add(p []byte, data, due bool) (wait bool, err error) {
	if o.holds {
		o.holds = false
		if joined, ok := join(o.held, p, o.mtu); ok {
			o.held = joined
			return false, o.below.Append(joined)
		}
		if err := o.below.Append(o.held); err != nil {
			return false, err
		}
	}
	switch {
	case !data:
		return false, o.below.Append(p)
	case len(p) >= o.mtu/2:
		// Nothing of the kind had room in it beside it: more may follow.
		return true, o.below.Append(p)
	case due:
		o.held, o.holds = append(o.held[:0], p...), true
		return true, nil
	}
	return false, o.below.Append(p)
}

// flushAll is the goroutine that sends what waits when nothing follows it.
func (o *out) flushAll() {
	o.mu.Lock()
	o.flushing = false // what is added from now on starts another
	o.mu.Unlock()
	o.flush()
}

// flush sends what waits. Errors are left to the next packet.
func (o *out) flush() {
	o.mu.Lock()
	if o.holds {
		o.holds = false
		o.below.Append(o.held)
	}
	o.mu.Unlock()
	o.below.Flush()
}

// join puts the acknowledgement p before the chunks of the packet q of data, in
// place of q, if p is nothing else and both fit. RFC 9260 §6.10: "control chunks
// … MUST be placed first in the outbound SCTP packet".
func join(q, p []byte, mtu int) (joined []byte, ok bool) {
	n := len(p) - packetHeader
	if len(q)+n > mtu || n < chunkHeader || p[packetHeader] != chunkSack || n%4 != 0 {
		return nil, false
	}
	for c := range chunks(p) {
		if c.kind() != chunkSack || len(c) != n {
			return nil, false
		}
	}
	// Without a checksum where the peers agree on that (RFC 9653 §3).
	unsealed := [4]byte(q[8:]) == [4]byte{} && [4]byte(p[8:]) == [4]byte{}
	q = append(q, p[packetHeader:]...)
	copy(q[packetHeader+n:], q[packetHeader:])
	copy(q[packetHeader:], p[packetHeader:])
	if !unsealed {
		seal(q)
	}
	return q, true
}

// Write sends a packet of the engine, which calls it for one after the other.
func (c *conn) Write(p []byte) (int, error) {
	c.a.resets.pass()
	data := true
	for chunk := range chunks(p) {
		switch chunk.kind() {
		case chunkData, chunkIData:
			continue
		case chunkReconfig:
			for param := range chunk.params() {
				if c.a.resets.sending(param, p) {
					return len(p), nil
				}
			}
		case chunkSack:
			c.unacked.Store(0)
			if number, ok := chunk.number(); ok {
				c.acked.Store(1<<32 | uint64(number))
			}
			if c.a.stall.sending(chunk) {
				c.fail(errOversized)
				c.send(abortPacket(p, errOversized.Error()))
				c.Close()
				return len(p), nil
			}
		}
		data = false
	}
	// The engine acknowledges every second packet at once (RFC 9260 §6.2).
	return len(p), c.out.send(p, data, c.unacked.Load() >= 2)
}

// send sends a packet at once.
func (c *conn) send(p []byte) { c.out.send(p, false, false) }
