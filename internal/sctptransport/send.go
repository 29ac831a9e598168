package sctptransport

// burst is a connection that sends several packets in one go: Append puts a
// packet, which it does not keep, behind those that wait, Flush sends all that
// wait, and Write is the one and then the other.
type burst interface {
	Append(p []byte) error
	Flush() error
}

// Write sends a packet of the engine, which calls it for one after the other.
func (c *conn) Write(p []byte) (int, error) {
	c.a.resets.pass()
	for chunk := range chunks(p) {
		switch chunk.kind() {
		case chunkReconfig:
			for param := range chunk.params() {
				if c.a.resets.sending(param, p) {
					return len(p), nil
				}
			}
		case chunkSack:
			if c.a.stall.sending(chunk) {
				c.fail(errOversized)
				c.send(abortPacket(p, errOversized.Error()))
				c.Close()
				return len(p), nil
			}
		}
	}
	return len(p), c.send(p)
}

// send sends a packet, or puts it behind others that wait to be sent with it. The
// engine does not say which packet is its last for now, but one in which as
// much again had no room is likely to have another behind it. Any shorter one
// sends all. That all is sent if none comes is the part of a goroutine, which is
// started with the first packet that waits, and which the scheduler runs at the
// latest when the engine waits for something.
func (c *conn) send(p []byte) error {
	if c.burst == nil || len(p) < c.long {
		_, err := c.Conn.Write(p)
		return err
	}
	if err := c.burst.Append(p); err != nil {
		return err
	}
	if !c.flusher.Swap(true) && !c.a.tasks.start(c.flush) {
		c.flush()
	}
	return nil
}

func (c *conn) flush() {
	// What is appended from now on starts another.
	c.flusher.Store(false)
	c.burst.Flush() // its errors are those of the next packet
}
