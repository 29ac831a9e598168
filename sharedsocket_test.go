package webrtc

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/mux"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// A deliveringConn is a connection's part of a port whose datagrams a test brings.
type deliveringConn struct {
	mux.Conn
	take func([]udp.Datagram)
}

func (c *deliveringConn) Deliver(take func([]udp.Datagram)) { c.take = take }

// What a peer sends from two addresses may come by two sockets of a port at once,
// each with a goroutine. All of it is counted, and nothing is raced for.
func TestSharedSocketDeliversAtOnce(t *testing.T) {
	pc, err := NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	transport := newTransport(pc, 1)
	defer transport.close()
	conn := &deliveringConn{}
	transport.socketOpened(ice.SocketOpened{ID: 1, Conn: conn})

	const each = 2000
	known := map[netip.AddrPort]struct{}{}
	var flows [2]netip.AddrPort
	for i := range flows {
		flows[i] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), uint16(1000+i))
		known[flows[i]] = struct{}{}
	}
	transport.known.Store(&known)
	var wg sync.WaitGroup
	for _, from := range flows {
		wg.Go(func() {
			media := make([]byte, 40)
			media[0], media[1] = 0x80, 96 // RTP
			for range each {
				conn.take([]udp.Datagram{{Buf: media, N: len(media), Addr: from, Age: time.Microsecond}})
			}
		})
	}
	wg.Wait()
	for _, from := range flows {
		c, _ := transport.trafficFrom(1, from)
		if n, b := c.packetsReceived.Load(), c.bytesReceived.Load(); n != each || b != 40*each {
			t.Errorf("%d packets, %d bytes from %v, want %d and %d", n, b, from, each, 40*each)
		}
	}
}

func TestDisableReceiveModeration(t *testing.T) {
	var s SettingEngine
	if d := s.moderation(); d != maxModeration {
		t.Errorf("by default media gathers for %v", d)
	}
	if s.DisableReceiveModeration(true); s.moderation() != 0 {
		t.Errorf("it gathers for %v though that is disabled", s.moderation())
	}
	if s.DisableReceiveModeration(false); s.moderation() != maxModeration {
		t.Errorf("it gathers for %v again", s.moderation())
	}
}
