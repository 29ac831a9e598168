package ice

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// A scriptedConn is a socket that reads what a test gives it and keeps what is
// written.
type scriptedConn struct {
	in      []udp.Datagram
	written [][]byte
	last    []byte // the message written last, in storage that is reused
	to      netip.AddrPort
	calls   int
	keep    bool
}

func (c *scriptedConn) ReadBatch(batch []udp.Datagram) (int, error) {
	if len(c.in) == 0 {
		return 0, net.ErrClosed
	}
	d := c.in[0]
	c.in = c.in[1:]
	udp.Lend(batch)
	batch[0].N, batch[0].Addr, batch[0].SegmentSize, batch[0].ECN = copy(batch[0].Buf, d.Buf[:d.N]), d.Addr, d.SegmentSize, d.ECN
	return 1, nil
}

func (c *scriptedConn) WriteBatch(batch []udp.Datagram) (int, error) {
	c.calls++
	for _, d := range batch {
		c.to, c.last = d.Addr, append(c.last[:0], d.Buf[:d.N]...)
		if c.keep {
			c.written = append(c.written, slices.Clone(d.Buf[:d.N]))
		}
	}
	return len(batch), nil
}

func (c *scriptedConn) LocalAddr() netip.AddrPort { return netip.MustParseAddrPort("192.0.2.1:5000") }
func (c *scriptedConn) Close() error              { return nil }

var (
	testServer = netip.MustParseAddrPort("198.51.100.1:3478")
	testPeer   = netip.MustParseAddrPort("203.0.113.7:9000")
	testOther  = netip.MustParseAddrPort("[2001:db8::7]:9000")
)

// relayOver returns a relay's socket with a channel to testPeer, and one to
// testOther that is not bound yet.
func relayOver(conn udp.Conn) *relayConn {
	view := &relayView{}
	view.publish([]turnPermission{{ip: testPeer.Addr()}, {ip: testOther.Addr()}}, []turnChannel{{peer: testPeer, bound: true}, {peer: testOther}})
	return newRelayConn(newDatagramLink(conn, testServer), testServer, view)
}

func datagram(b []byte, to netip.AddrPort) udp.Datagram {
	return udp.Datagram{Buf: b, N: len(b), Addr: to}
}

func dataIndication(peer netip.AddrPort, data []byte) []byte {
	b := appendSend(nil, peer, data)
	binary.BigEndian.PutUint16(b, typeData)
	return b
}

func TestRelayConnWrites(t *testing.T) {
	conn := &scriptedConn{keep: true}
	c := relayOver(conn)
	var wishes []string
	c.want = func(peer netip.AddrPort, channel bool) { wishes = append(wishes, fmt.Sprint(peer, " ", channel)) }
	stranger := netip.MustParseAddrPort("203.0.113.99:1")
	media := []byte{0x80, 1, 2, 3, 4}
	check := []byte{0, 1, 0, 0}
	n, err := c.WriteBatch([]udp.Datagram{
		datagram(media, testPeer), datagram(check, testOther), datagram(media, stranger), datagram(media, stranger), datagram([]byte("control!"), testServer),
		{Buf: []byte("aabbc"), N: 5, SegmentSize: 2, Addr: testPeer},
	})
	if n != 6 || err != nil || conn.to != testServer {
		t.Errorf("%d, %v, to %v", n, err, conn.to)
	}
	want := [][]byte{{0x40, 0, 0, 5, 0x80, 1, 2, 3, 4}, nil, nil, nil, []byte("control!"), []byte("\x40\x00\x00\x02aa"), []byte("\x40\x00\x00\x02bb"), []byte("\x40\x00\x00\x01c")}
	if len(conn.written) != len(want) || conn.calls != 1 {
		t.Fatalf("%d messages in %d calls: %x", len(conn.written), conn.calls, conn.written)
	}
	for i, w := range want {
		if w != nil && !bytes.Equal(conn.written[i], w) {
			t.Errorf("message %d: %x, want %x", i, conn.written[i], w)
		}
	}
	m := &stun.Message{Raw: conn.written[1]}
	var peer stun.XORMappedAddress
	if err := m.Decode(); err != nil || m.Type.Method != stun.MethodSend || peer.GetFromAs(m, stun.AttrXORPeerAddress) != nil || peer.String() != testOther.String() {
		t.Errorf("%v %v %v", m, err, peer)
	}
	if data, err := m.Get(stun.AttrData); err != nil || !bytes.Equal(data, check) {
		t.Errorf("DATA %x", data)
	}
	// A peer without a permission gets one, and a channel for media; once.
	if want := []string{"203.0.113.99:1 true"}; !slices.Equal(wishes, want) {
		t.Errorf("wishes %v, want %v", wishes, want)
	}
}

// More than one message of 64 KiB goes out in several batches, and a packet that
// no message could hold does not.
func TestRelayConnLongBatches(t *testing.T) {
	conn := &scriptedConn{keep: true}
	c := relayOver(conn)
	long := make([]byte, 60000)
	long[0] = 0x80
	n, err := c.WriteBatch([]udp.Datagram{datagram(long, testPeer), datagram(long, testPeer), datagram(make([]byte, 65535), testPeer), datagram(nil, testPeer)})
	if n != 3 || err == nil || conn.calls != 2 || len(conn.written) != 2 {
		t.Errorf("sent %d, %v, %d calls, %d messages", n, err, conn.calls, len(conn.written))
	}
}

func TestRelayConnReads(t *testing.T) {
	channelData := func(number uint16, data string) []byte { return appendChannelData(nil, number, []byte(data), false) }
	joined := slices.Concat(channelData(0x4000, "one."), channelData(0x4000, "two."), channelData(0x4001, "six."), channelData(0x4000, "3"))
	control := bindingRequest(transactionID{1})
	conn := &scriptedConn{in: []udp.Datagram{
		datagram(channelData(0x4000, "stranger"), testPeer), // not from the server
		datagram(channelData(0x4002, "unknown"), testServer),
		datagram([]byte{0x40, 0, 0, 9, 1}, testServer),
		datagram([]byte{0x50, 0, 0, 0}, testServer),
		datagram([]byte{0xff}, testServer),
		datagram(dataIndication(testServer, []byte("posing")), testServer),
		datagram(dataIndication(netip.MustParseAddrPort("203.0.113.8:9000"), []byte("not permitted")), testServer),
		{Buf: joined, N: len(joined), SegmentSize: 8, Addr: testServer, ECN: 1},
		datagram(control, testServer),
		datagram(append(channelData(0x4000, "padded"), 0, 0), testServer),
		datagram(dataIndication(testOther, []byte("indicated")), testServer),
	}}
	c := relayOver(conn)
	batch := []udp.Datagram{{Buf: make([]byte, udp.MaxJoined)}, {Buf: make([]byte, udp.MaxJoined)}}
	var got []string
	for {
		n, err := c.ReadBatch(batch)
		if err != nil {
			break
		}
		for _, d := range batch[:n] {
			got = append(got, fmt.Sprintf("%q %d %v %d", d.Buf[:d.N], d.SegmentSize, d.Addr, d.ECN))
		}
	}
	want := []string{
		fmt.Sprintf(`"one.two." 4 %v 1`, testPeer), fmt.Sprintf(`"six." 0 %v 1`, testOther), fmt.Sprintf(`"3" 0 %v 1`, testPeer),
		fmt.Sprintf("%q 0 %v 0", control, testServer), fmt.Sprintf(`"padded" 0 %v 0`, testPeer), fmt.Sprintf(`"indicated" 0 %v 0`, testOther),
	}
	if !slices.Equal(got, want) {
		t.Errorf("read\n%q\nwant\n%q", got, want)
	}
	if c.dropped.Load() != 6 || c.link.strangers() != 1 {
		t.Errorf("%d dropped, %d strangers", c.dropped.Load(), c.link.strangers())
	}
}

// Media that comes in indications gets its sender a channel, as long as those are
// few.
func TestRelayConnAnswersMedia(t *testing.T) {
	c := relayOver(&scriptedConn{})
	var wishes int
	c.want = func(_ netip.AddrPort, channel bool) {
		if !channel {
			t.Error("no channel is asked for")
		}
		wishes++
	}
	permitted := []turnPermission{{ip: netip.MustParseAddr("203.0.113.50")}, {ip: netip.MustParseAddr("203.0.113.51")}}
	c.view.publish(permitted, nil)
	for _, data := range [][]byte{{0x80, 1}, {0x80, 1}, {0, 1}, {20}} {
		c.unwrap(dataIndication(netip.MustParseAddrPort("203.0.113.50:1"), data))
	}
	if wishes != 1 {
		t.Errorf("%d wishes, want 1", wishes)
	}
	c.view.publish(permitted, make([]turnChannel, maxInboundChannels))
	c.unwrap(dataIndication(netip.MustParseAddrPort("203.0.113.51:1"), []byte{0x80}))
	if wishes != 1 {
		t.Errorf("%d wishes with many channels, want 1", wishes)
	}
}

// Closing sends what the client has left to be sent, once.
func TestRelayConnFarewell(t *testing.T) {
	conn := &scriptedConn{keep: true}
	c := relayOver(conn)
	farewell := []byte("goodbye.")
	c.view.farewell.Store(&farewell)
	c.Close()
	c.Close()
	if len(conn.written) != 1 || string(conn.written[0]) != "goodbye." {
		t.Errorf("%q", conn.written)
	}
}

// loopConn gives the same datagram for ever.
type loopConn struct {
	scriptedConn
	d udp.Datagram
}

func (c *loopConn) ReadBatch(batch []udp.Datagram) (int, error) {
	udp.Lend(batch)
	batch[0].N, batch[0].Addr, batch[0].SegmentSize = copy(batch[0].Buf, c.d.Buf[:c.d.N]), c.d.Addr, c.d.SegmentSize
	return 1, nil
}

func relayedPackets() map[string]udp.Datagram {
	packet := make([]byte, 1200)
	packet[0] = 0x80
	return map[string]udp.Datagram{"channel": datagram(packet, testPeer), "indication": datagram(packet, testOther)}
}

func TestRelayedPacketsDoNotAllocate(t *testing.T) {
	for name, d := range relayedPackets() {
		in := appendChannelData(nil, 0x4000, d.Buf, false)
		if name == "indication" {
			in = dataIndication(testOther, d.Buf)
		}
		c := relayOver(&loopConn{d: datagram(in, testServer)})
		out, read := []udp.Datagram{d}, []udp.Datagram{{Buf: make([]byte, udp.MaxJoined)}}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := c.WriteBatch(out); err != nil {
				t.Error(err)
			}
		}); n != 0 && !raceDetector {
			t.Errorf("%s: %v allocations for a packet out", name, n)
		}
		if n := testing.AllocsPerRun(100, func() {
			if n, err := c.ReadBatch(read); n != 1 || err != nil || read[0].N != 1200 {
				t.Error(n, err, read[0].N)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for a packet in", name, n)
		}
	}
}

func BenchmarkRelayedPacket(b *testing.B) {
	for name, d := range relayedPackets() {
		c := relayOver(&loopConn{d: datagram(appendChannelData(nil, 0x4000, d.Buf, false), testServer)})
		out, read := []udp.Datagram{d}, []udp.Datagram{{Buf: make([]byte, udp.MaxJoined)}}
		b.Run(name+" out", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.WriteBatch(out)
			}
		})
		b.Run(name+" in", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.ReadBatch(read)
			}
		})
	}
}

func FuzzRelayedMessage(f *testing.F) {
	f.Add(appendChannelData(nil, 0x4000, []byte("data"), true))
	f.Add(dataIndication(testPeer, []byte("data")))
	f.Add(dataIndication(testOther, nil))
	f.Add([]byte{0x40, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := relayOver(&scriptedConn{})
		from, data, ok := c.unwrap(b)
		if !ok {
			return
		}
		if len(data) > len(b) || !from.IsValid() {
			t.Errorf("%d bytes of %d from %v", len(data), len(b), from)
		}
		if from != testServer && isChannelData(b) && from != testPeer && from != testOther {
			t.Errorf("channel data from %v", from)
		}
		if from != testServer && from.Addr() != testPeer.Addr() && from.Addr() != testOther.Addr() {
			t.Errorf("data from %v without a permission", from)
		}
	})
}
