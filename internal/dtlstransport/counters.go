package dtlstransport

import "sync/atomic"

// counters are touched by every goroutine that carries packets.
type counters struct {
	datagramsReceived, datagramsSent atomic.Uint64
	bytesReceived, bytesSent         atomic.Uint64
	sendErrors                       atomic.Uint64
	queueFull, dataFull              atomic.Uint64
	rateLimited                      atomic.Uint64
	drops                            [dropReasons]atomic.Uint64
}

// deliver hands datagrams to send. A failure is counted and not told: a lost
// datagram is for the timers.
func (c *counters) deliver(send func([][]byte) error, datagrams [][]byte) {
	n := 0
	for _, b := range datagrams {
		n += len(b)
	}
	c.datagramsSent.Add(uint64(len(datagrams)))
	c.bytesSent.Add(uint64(n))
	if err := send(datagrams); err != nil {
		c.sendErrors.Add(1)
	}
}

func (c *counters) drop(why drop) { c.drops[why].Add(1) }
