package reorder

import "github.com/pion/rtp"

// depth is how many packets a Queue holds back for a missing one. At the 200
// packets per second of a 2 Mbit/s video it is more than a second, which is more
// than any retransmission that still comes takes.
const depth = 256

// A Packet is what a writer needs to know of an RTP packet.
type Packet struct {
	Timestamp uint32
	Marker    bool
	Payload   []byte // lent until the function that was given the packet returns

	// Gap says that packets before this one are missing.
	Gap bool
	// Restart says that the packet is the first of another sequence: sequence
	// numbers and timestamps before it say nothing about it.
	Restart bool
}

// A Queue gives RTP packets on in the order of their sequence numbers, each once.
type Queue struct {
	emit    func(Packet) error
	window  Window[*Packet]
	free    []*Packet
	ssrc    uint32
	gap     bool
	restart bool
	dropped uint64
}

// NewQueue makes a queue that gives packets to emit. An error of emit goes to
// the caller of the method in which it happened; the packet is not offered
// again.
func NewQueue(emit func(Packet) error) *Queue { return &Queue{emit: emit} }

// Push adds a packet, of which it keeps nothing, and gives on those whose turn
// has come.
func (q *Queue) Push(p *rtp.Packet) error {
	if p.SSRC != q.ssrc && q.window.started {
		// RFC 3550 §3: "All packets from a synchronization source form part of
		// the same timing and sequence number space"; those of another do not.
		if err := q.begin(); err != nil {
			return err
		}
	}
	q.ssrc = p.SSRC
	position, verdict := q.window.Locate(p.SequenceNumber)
	if verdict == Restart {
		if err := q.begin(); err != nil {
			return err
		}
		position, verdict = q.window.Locate(p.SequenceNumber)
	}
	if verdict != Accepted {
		q.dropped++
		return nil
	}
	q.window.Put(position, q.copy(p))
	return q.drain(depth)
}

// begin gives on everything and starts another sequence.
func (q *Queue) begin() error {
	err := q.Flush()
	q.window.Reset()
	q.restart = true
	return err
}

// Flush gives on everything that is held back.
func (q *Queue) Flush() error { return q.drain(0) }

// Dropped is how many packets came twice or too late.
func (q *Queue) Dropped() uint64 { return q.dropped }

// drain gives on packets until one is missing for which it is worth to wait.
func (q *Queue) drain(patience int) error {
	for q.window.Len() > 0 {
		if _, present := q.window.At(q.window.First()); !present && q.window.Len() <= patience {
			return nil
		}
		p, present := q.window.Leave()
		if !present {
			q.gap = true
			continue
		}
		err := q.give(p)
		q.free = append(q.free, p)
		if err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) give(p *Packet) error {
	if len(p.Payload) == 0 {
		return nil // padding alone: it fills a sequence number, no more
	}
	p.Gap, p.Restart = q.gap, q.restart
	q.gap, q.restart = false, false
	return q.emit(*p)
}

func (q *Queue) copy(p *rtp.Packet) *Packet {
	var c *Packet
	if n := len(q.free); n > 0 {
		c, q.free = q.free[n-1], q.free[:n-1]
	} else {
		c = new(Packet)
	}
	c.Timestamp, c.Marker = p.Timestamp, p.Marker
	c.Payload = append(c.Payload[:0], p.Payload...)
	return c
}
