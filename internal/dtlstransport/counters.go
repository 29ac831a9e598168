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

func (c *counters) drop(why drop) { c.drops[why].Add(1) }
