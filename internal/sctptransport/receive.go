package sctptransport

import (
	"encoding/binary"
	"io"
	"runtime"
	"slices"
	"time"
)

// agreeTime bounds the wait for Dial to return once a packet has come that
// brings an association up. Until then no stream can be made for what follows.
const agreeTime = 100 * time.Millisecond

// yieldAfter is the number of packets after which others have their turn. The
// goroutine that writes acknowledgements is woken by the one that reads, behind
// which it waits as long as more is there to be read.
const yieldAfter = 64

// Read gives the engine the next packet. The engine calls it when it has worked
// off the packet before, with none of its locks held: the moment to hand over
// what that packet has brought.
func (c *conn) Read(p []byte) (int, error) {
	c.worked()
	if c.read++; c.read%yieldAfter == 0 {
		runtime.Gosched()
	}
	for {
		n, err := c.Conn.Read(p)
		if err != nil {
			// io.EOF is how the engine reports the reset of a stream.
			if err == io.EOF {
				err = errTransportClosed
			}
			c.fail(err)
			c.a.ending.lose()
			return 0, err
		}
		if n = c.received(p[:n]); n > 0 {
			return n, nil
		}
	}
}

// worked runs each time the engine has worked off a packet.
func (c *conn) worked() {
	if c.agreed {
		c.agreed = false
		c.awaitDial()
	}
	for i, s := range c.touched {
		s.touched = false
		c.touched[i] = nil
		c.a.deliver(s)
	}
	c.touched = c.touched[:0]
	if len(c.resetting) > 0 {
		c.resetting = slices.DeleteFunc(c.resetting, func(s *Stream) bool {
			c.a.deliver(s)
			return s.over.Load()
		})
	}
	c.a.resets.idle(c.send)
	c.a.makeRoom()
}

func (c *conn) awaitDial() {
	timeout := time.NewTimer(agreeTime)
	defer timeout.Stop()
	select {
	case <-c.a.up:
	case <-timeout.C:
	}
}

// received looks at a packet from the peer and returns how much of it is for
// the engine.
func (c *conn) received(p []byte) int {
	repeated, data := false, false
	for chunk := range chunks(p) {
		switch chunk.kind() {
		case chunkData, chunkIData:
			data = true
			if id, ok := chunk.stream(); ok && !c.repeats(chunk) {
				c.touch(id)
			}
		case chunkForwardTSN, chunkIForwardTSN:
			// What is skipped may have kept back what follows it.
			for id := range chunk.skipped() {
				if s := c.a.streams.known(id); s != nil {
					c.mark(s)
				}
			}
		case chunkInit, chunkInitAck:
			c.streams.Store(uint32(chunk.streams()))
			c.window.Store(chunk.credit())
		case chunkCookieEcho, chunkCookieAck:
			c.agreed = true
		case chunkSack:
			if window, _, ok := chunk.window(); ok {
				c.window.Store(window)
			}
		case chunkAbort:
			c.fail(chunk.abort())
		case chunkReconfig:
			for param := range chunk.params() {
				c.a.resets.received(param)
				if c.a.resets.repeated(param) {
					repeated = true
				} else if _, ok := param.reset(); ok {
					c.reset(param.streamIDs())
				}
			}
		}
	}
	if data {
		c.unacked.Add(1)
	}
	if !repeated {
		return len(p)
	}
	// The engine would perform the reset once more, on a stream that may be a
	// new one by now. RFC 6525 §5.2.1 has the former answer repeated.
	if answer := c.a.resets.answer(); answer != nil {
		c.send(answer)
	}
	return without(p, chunkReconfig)
}

// touch notes that the packet has something for the stream.
func (c *conn) touch(id uint16) {
	if n := len(c.touched); n > 0 && c.touched[n-1].id == id {
		return
	}
	s := c.a.streams.known(id)
	if s == nil {
		select {
		case <-c.a.up:
		default:
			c.a.streams.note(id)
			return
		}
		if c.a.engine == nil {
			return // Dial has failed
		}
		var err error
		if s, err = c.a.stream(id); err != nil {
			return
		}
	}
	c.mark(s)
}

// mark notes that a stream may have something once the engine has worked off the
// packet.
func (c *conn) mark(s *Stream) {
	if !s.touched {
		s.touched = true
		c.touched = append(c.touched, s)
		s.announce()
	}
}

// repeats reports whether a DATA or I-DATA chunk has been acknowledged before. Its
// stream may have been reset since: one with the id would be another.
func (c *conn) repeats(chunk chunk) bool {
	number, ok := chunk.number()
	acked := c.acked.Load()
	return ok && acked != 0 && int32(number-uint32(acked)) <= 0
}

// note keeps the id of a stream that was used before Dial returned.
func (t *streams) note(id uint16) {
	const most = 64 // the engine keeps 16 such streams, and drops what comes on others
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.early) < most && !slices.Contains(t.early, id) {
		t.early = append(t.early, id)
	}
}

// reset notes that the peer wants to reset streams, which the engine may do now
// or when it has all that came before.
func (c *conn) reset(ids []uint16) {
	for _, id := range ids {
		if s := c.a.streams.known(id); s != nil && !slices.Contains(c.resetting, s) {
			c.resetting = append(c.resetting, s)
		}
	}
}

// number returns the TSN of a DATA or I-DATA chunk, and of a SACK chunk the one up to
// which it acknowledges all (RFC 9260 §3.3.1, §3.3.4).
func (c chunk) number() (tsn uint32, ok bool) {
	if len(c) < 8 {
		return 0, false
	}
	return binary.BigEndian.Uint32(c[4:]), true
}

// stream returns the stream of a DATA or I-DATA chunk (RFC 9260 §3.3.1, RFC 8260
// §2.1).
func (c chunk) stream() (id uint16, ok bool) {
	if len(c) < 12 {
		return 0, false
	}
	return binary.BigEndian.Uint16(c[8:]), true
}

// skipped calls yield with the streams of which a FORWARD-TSN (RFC 3758 §3.2) or
// I-FORWARD-TSN chunk (RFC 8260 §2.3.1) skips messages.
func (c chunk) skipped() func(yield func(id uint16) bool) {
	size := 4
	if c.kind() == chunkIForwardTSN {
		size = 8
	}
	return func(yield func(uint16) bool) {
		for at := 8; at+size <= len(c); at += size {
			if !yield(binary.BigEndian.Uint16(c[at:])) {
				return
			}
		}
	}
}
