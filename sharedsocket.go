package webrtc

import (
	"net/netip"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/mux"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// socketOpened takes a socket of the gatherer's into use: one of its own gets a
// goroutine that reads it, one that is shared with other connections has one.
func (t *transport) socketOpened(e ice.SocketOpened) {
	s := &socket{id: e.ID, conn: e.Conn, transport: t}
	t.sockets[e.ID] = s
	shared, ok := e.Conn.(mux.Conn)
	if !ok {
		t.pc.tasks.Go(s.read)
		return
	}
	if streams, ok := shared.(*mux.StreamConn); ok {
		streams.OnLost(func(remote netip.AddrPort, err error) {
			t.pc.loop.post(func(now time.Time) {
				t.log.Debug("stream ended", "remote", remote, "reason", err)
				t.agent.HandleStreamLost(now, e.ID, remote)
			})
		})
	}
	shared.Deliver(func(batch []udp.Datagram) {
		var y receipts // several sockets of the port may deliver at once
		s.handleBatch(time.Now(), batch, &y)
	})
}

// confirm tells a shared socket that an address is the peer's, so that what comes
// from there finds its way.
func (t *transport) confirm(now time.Time, socket int, from netip.AddrPort, proven bool) {
	s := t.sockets[socket]
	if s == nil {
		return
	}
	if shared, ok := s.conn.(mux.Conn); ok {
		shared.Confirm(now, from, proven)
	}
}
