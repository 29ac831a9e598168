package observe

import (
	"net/netip"

	"github.com/parleyrtc/webrtc/ice"
)

// A Packet is what was seen of one datagram.
type Packet struct {
	// Sent tells an outgoing datagram from one received.
	Sent bool
	// Local is the socket's address, Remote the other end's.
	Local, Remote netip.AddrPort
	Message
}

// Network returns a network that is like the one given and tells what passes.
// The observer is called from the goroutines that send and receive, several at
// a time: it must be quick.
func Network(network ice.Network, observer func(Packet)) ice.Network {
	return &wrapped{Network: network, observer: observer}
}

type wrapped struct {
	ice.Network
	observer func(Packet)
}

// ListenUDP opens a socket of the wrapped network and watches it.
func (n *wrapped) ListenUDP(local netip.AddrPort) (ice.PacketConn, error) {
	conn, err := n.Network.ListenUDP(local)
	if err != nil {
		return nil, err
	}
	return &watched{PacketConn: conn, observer: n.observer}, nil
}

// watched is a socket whose batches are looked at on their way.
type watched struct {
	ice.PacketConn
	observer func(Packet)
}

// ReadBatch reads from the socket and tells what came.
func (c *watched) ReadBatch(batch []ice.Datagram) (int, error) {
	n, err := c.PacketConn.ReadBatch(batch)
	c.look(batch[:n], false)
	return n, err
}

// WriteBatch writes to the socket and tells what went. An answer may arrive
// before the call returns, so it is told first.
func (c *watched) WriteBatch(batch []ice.Datagram) (int, error) {
	c.look(batch, true)
	return c.PacketConn.WriteBatch(batch)
}

func (c *watched) look(batch []ice.Datagram, sent bool) {
	for i := range batch {
		d := &batch[i]
		if d.N == 0 || d.Buf[0] == dtlsApplicationData {
			continue // what a transfer consists of; joined datagrams are of one kind then
		}
		size := d.SegmentSize
		if size <= 0 {
			size = d.N
		}
		for b := d.Buf[:d.N]; len(b) > 0; b = b[min(size, len(b)):] {
			if m, ok := Classify(b[:min(size, len(b))]); ok {
				c.observer(Packet{Sent: sent, Local: c.LocalAddr(), Remote: d.Addr, Message: m})
			}
		}
	}
}
