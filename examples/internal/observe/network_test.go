package observe

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/ice"
)

// A datagram between two watched sockets is told twice, sent and received;
// application data is not told.
func TestNetworkTells(t *testing.T) {
	var mu sync.Mutex
	var seen []Packet
	network := Network(ice.SystemNetwork(), func(p Packet) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, p)
	})
	listen := func() ice.PacketConn {
		conn, err := network.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	a, b := listen(), listen()
	request := message(t, stun.BindingRequest, stun.NewUsername("B:A"))
	hello := record(22, 0, handshake(1, 7)...)
	data := record(23, 1, 1, 2, 3)
	sent := [][]byte{data, request, hello}
	for _, p := range sent {
		if _, err := a.WriteBatch([]ice.Datagram{{Buf: p, N: len(p), Addr: b.LocalAddr()}}); err != nil {
			t.Fatal(err)
		}
	}
	batch := make([]ice.Datagram, 4)
	for i := range batch {
		batch[i].Buf = make([]byte, 2000)
	}
	for n := 0; n < len(sent); {
		got, err := b.ReadBatch(batch)
		if err != nil {
			t.Fatal(err)
		}
		n += got
	}
	mu.Lock()
	defer mu.Unlock()
	want := []Packet{
		{Sent: true, Local: a.LocalAddr(), Remote: b.LocalAddr(), Message: Message{Description: "check"}},
		{Sent: true, Local: a.LocalAddr(), Remote: b.LocalAddr(), Message: Message{Description: "ClientHello"}},
		{Local: b.LocalAddr(), Remote: a.LocalAddr(), Message: Message{Description: "check"}},
		{Local: b.LocalAddr(), Remote: a.LocalAddr(), Message: Message{Description: "ClientHello"}},
	}
	if len(seen) != len(want) {
		t.Fatalf("%d packets were told: %+v", len(seen), seen)
	}
	for i, w := range want {
		if g := seen[i]; g.Sent != w.Sent || g.Local != w.Local || g.Remote != w.Remote || g.Description != w.Description {
			t.Errorf("packet %d is %+v, want %+v", i, g, w)
		}
	}
}

// Joined datagrams (UDP GRO and GSO) are told apart.
func TestNetworkSplits(t *testing.T) {
	var seen []string
	c := watched{PacketConn: nowhere{}, observer: func(p Packet) { seen = append(seen, p.Description) }}
	one := record(22, 0, handshake(1, 7)...)
	two := record(22, 0, handshake(2, 7)...)
	joined := join(one, two, one[:len(one)-1])
	if _, err := c.WriteBatch([]ice.Datagram{{Buf: joined, N: len(joined), SegmentSize: len(one)}, {}}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 || seen[0] != "ClientHello" || seen[1] != "ServerHello" || seen[2] != "ClientHello" {
		t.Errorf("seen: %q", seen)
	}
}

// nowhere is a socket that loses everything.
type nowhere struct{ ice.PacketConn }

func (nowhere) WriteBatch(batch []ice.Datagram) (int, error) { return len(batch), nil }
func (nowhere) LocalAddr() netip.AddrPort                    { return netip.AddrPort{} }

func TestListenFails(t *testing.T) {
	network := Network(ice.SystemNetwork(), func(Packet) {})
	if _, err := network.ListenUDP(netip.MustParseAddrPort("192.0.2.77:0")); err == nil {
		t.Error("a socket was bound to an address that the host does not have")
	}
}
