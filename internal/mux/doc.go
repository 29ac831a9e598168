// Package mux lets many connections share one UDP or TCP port.
//
// A Port is the sockets of one local UDP address, a Listener one listening TCP
// socket. A connection joins one of them and gets a Conn: what the connection
// writes leaves by the shared socket, and what comes for the connection is handed
// to the function given to Deliver, on the goroutine that has read it, without a
// copy:
//
//	port := mux.NewPort(conns, mux.PortConfig{})
//	c := port.Join()
//	c.Deliver(func(batch []udp.Datagram) { … })
//	err := c.AddUfrag(ufrag)
//	…
//	c.Confirm(now, remote, true) // the ICE agent has proven the address
//
// # Whose a datagram is
//
// A connectivity check belongs to the connection that has the first half of its
// USERNAME (RFC 8445 §7.2.2), wherever it comes from: so the check of a peer that
// has moved to another address finds its connection. An answer belongs to the
// connection whose request had its transaction ID. Everything else belongs to
// whoever the source address was confirmed for, which only a check or an answer
// whose integrity the connection has verified can do. What belongs to nobody is
// dropped and counted. Nothing is ever answered here, and strangers leave nothing
// behind.
//
// A stream of a Listener belongs to whom its first frame, a connectivity check,
// names. Streams that say nothing, or dribble, end after a time; how many there are
// is bounded, and so is what waits for a peer that does not read.
//
// # Goroutines
//
// A Port has one that reads each of its sockets, however many connections there
// are; it ends when Close closes the socket. A Listener has one that accepts, which
// ends at Close. Each stream has one that reads it and, while something waits to be
// written, one that writes it; a stream that is being opened has one until it
// stands. They end with the stream: when either side or the Conn closes it, and
// Close of the Listener.
//
// Close of a Conn waits for a delivery that is under way, and must not be called
// from one.
package mux
