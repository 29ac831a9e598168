package mux

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// streams runs a story about a listener on a virtual network.
func streams(t *testing.T, config ListenerConfig, story func(t *testing.T, l *Listener, dial func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		defer n.Close()
		server, client := n.Host("server", simnet.Addrs("192.0.2.1")), n.Host("client", simnet.Addrs("192.0.2.2"))
		ln, err := server.ListenTCP(addr("192.0.2.1:443"))
		if err != nil {
			t.Fatal(err)
		}
		l := NewListener(ln, config)
		defer l.Close()
		story(t, l, func() net.Conn {
			c, err := client.DialTCP(t.Context(), netip.MustParseAddr("192.0.2.2"), addr("192.0.2.1:443"))
			if err != nil {
				t.Fatal(err)
			}
			return c
		})
	})
}

func frame(b []byte) []byte { return appendFrame(nil, b) }

// ended says that the other side has closed a stream.
func ended(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	for b := make([]byte, 1<<16); ; {
		if _, err := c.Read(b); err != nil {
			return err == io.EOF || strings.Contains(err.Error(), "closed")
		}
	}
}

func TestStreamsFindTheirConnection(t *testing.T) {
	streams(t, ListenerConfig{}, func(t *testing.T, l *Listener, dial func() net.Conn) {
		a, b := join(t, l.Join(), "aaaa"), join(t, l.Join(), "bbbb")
		one, two := dial(), dial()
		check := frame(message(classRequest, 1, "aaaa"))
		for _, c := range check { // however small the pieces
			one.Write([]byte{c})
		}
		// Several packets come in one piece; an empty one is none (RFC 4571 §2).
		two.Write(slices.Concat(frame(message(classRequest, 2, "bbbb")), frame(nil), frame(media), frame([]byte{20})))
		synctest.Wait()
		a.wants(t, one.LocalAddr().String()+" 0")
		from := two.LocalAddr().String()
		b.wants(t, from+" 0", from+" 128", from+" 20")

		// The answer goes by the stream of the address.
		reply := make([]byte, 100)
		if _, err := b.WriteBatch([]udp.Datagram{datagram(from, media)}); err != nil {
			t.Fatal(err)
		}
		if n, err := two.Read(reply); err != nil || string(reply[:n]) != string(frame(media)) {
			t.Errorf("read %x, %v", reply[:n], err)
		}
		if _, err := b.WriteBatch([]udp.Datagram{datagram("192.0.2.7:7", media)}); err == nil {
			t.Error("a packet without a stream was sent")
		}
		a.Close()
		synctest.Wait()
		if !ended(one) || ended(two) {
			t.Error("not the stream of the closed connection has ended")
		}
	})
}

func TestStreamsOfStrangers(t *testing.T) {
	streams(t, ListenerConfig{}, func(t *testing.T, l *Listener, dial func() net.Conn) {
		a := join(t, l.Join(), "aaaa")
		silent, dribbling := dial(), dial()
		unknown, garbage, long, answer := dial(), dial(), dial(), dial()
		unknown.Write(frame(message(classRequest, 1, "cccc")))
		garbage.Write(frame([]byte("GET / HTTP/1.1\r\n\r\n")))
		go long.Write([]byte{0xff, 0xff, 1, 2, 3})
		answer.Write(frame(message(classSuccess, 1, "aaaa")))
		synctest.Wait()
		for i, c := range []net.Conn{unknown, garbage, long, answer} {
			if !ended(c) {
				t.Errorf("stranger %d is still there", i)
			}
		}
		for range 29 { // a byte a second does not prolong the deadline
			dribbling.Write([]byte{0})
			time.Sleep(time.Second)
		}
		if ended(silent) || ended(dribbling) {
			t.Error("ended before the time is up")
		}
		time.Sleep(2 * time.Second)
		if !ended(silent) || !ended(dribbling) {
			t.Error("who says nothing is still there")
		}
		if c := l.Counters(); c.UnknownUfrags != 1 || c.Malformed != 3 || c.Refused != 2 || c.Newcomers != 0 {
			t.Errorf("%+v", c)
		}
		a.wants(t)
	})
}

// A stream whose check has the name but not the password lasts a while only, and
// does not keep those out that have.
func TestUnconfirmedStreams(t *testing.T) {
	streams(t, ListenerConfig{}, func(t *testing.T, l *Listener, dial func() net.Conn) {
		a := join(t, l.Join(), "aaaa")
		peer := dial()
		peer.Write(frame(message(classRequest, 1, "aaaa")))
		synctest.Wait()
		a.Confirm(time.Now(), addr(peer.LocalAddr().String()), false)
		var attackers []net.Conn
		for range 100 {
			time.Sleep(time.Millisecond)
			c := dial()
			c.Write(frame(message(classRequest, 1, "aaaa")))
			attackers = append(attackers, c)
		}
		synctest.Wait()
		left := 0
		for _, c := range attackers {
			if !ended(c) {
				left++
			}
		}
		if left != maxStreams-1 || ended(peer) {
			t.Errorf("%d of the attacker's streams are left, the peer's has ended: %v", left, ended(peer))
		}
		time.Sleep(31 * time.Second)
		if !ended(attackers[99]) || ended(peer) {
			t.Error("not the unconfirmed streams alone have ended")
		}
	})
}

// The oldest of too many newcomers goes.
func TestManyNewcomers(t *testing.T) {
	streams(t, ListenerConfig{}, func(t *testing.T, l *Listener, dial func() net.Conn) {
		first := dial()
		for range maxNewcomers + 100 {
			dial()
		}
		synctest.Wait()
		if c := l.Counters(); c.Newcomers != maxNewcomers || !ended(first) {
			t.Errorf("%+v", c)
		}
	})
}

// A peer that does not read holds nobody up, and what waits for it is bounded.
func TestSlowPeer(t *testing.T) {
	streams(t, ListenerConfig{Backlog: 10000}, func(t *testing.T, l *Listener, dial func() net.Conn) {
		c := l.Join()
		a := join(t, c, "aaaa")
		slow, fast := dial(), dial()
		for _, p := range []net.Conn{slow, fast} {
			p.Write(frame(message(classRequest, 1, "aaaa")))
			synctest.Wait()
			a.Confirm(time.Now(), addr(p.LocalAddr().String()), true)
		}
		go io.Copy(io.Discard, fast)
		packet := make([]byte, 1000)
		packet[0] = 0x80
		for range 100 {
			for _, p := range []net.Conn{slow, fast} {
				d := datagram(p.LocalAddr().String(), packet)
				if _, err := c.WriteBatch([]udp.Datagram{d}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
		}
		if n := c.Dropped(); n < 88 || n > 92 {
			t.Errorf("%d packets dropped, want those beyond the queue of the slow peer alone", n)
		}
		time.Sleep(writeTimeout + time.Second)
		if !ended(slow) || ended(fast) {
			t.Error("not the stream of the slow peer alone has ended")
		}
	})
}

func TestOversizeFrames(t *testing.T) {
	streams(t, ListenerConfig{}, func(t *testing.T, l *Listener, dial func() net.Conn) {
		a := join(t, l.Join(), "aaaa")
		c := dial()
		c.Write(frame(message(classRequest, 1, "aaaa")))
		largest := make([]byte, maxFrame)
		largest[0] = 20
		c.Write(frame(largest))
		synctest.Wait()
		from := c.LocalAddr().String()
		a.wants(t, from+" 0", from+" 20")
		go c.Write(binary.BigEndian.AppendUint16(nil, maxFrame+1))
		synctest.Wait()
		if !ended(c) {
			t.Error("the stream goes on after a frame that is too long")
		}
	})
}

// A Conn that opens streams queues what is written meanwhile, and tells of streams
// that cannot be opened or have ended.
func TestDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		opened := make(chan struct{})
		c := Dial(addr("192.0.2.2:9"), func(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
			if remote.Port() != 443 {
				return nil, fmt.Errorf("refused")
			}
			<-opened
			return client, nil
		})
		m := join(t, c, "")
		var lost []string
		c.OnLost(func(remote netip.AddrPort, err error) { lost = append(lost, fmt.Sprint(remote, " ", err)) })
		for _, to := range []string{"192.0.2.1:443", "192.0.2.1:443", "192.0.2.1:80"} {
			if _, err := c.WriteBatch([]udp.Datagram{datagram(to, media)}); err != nil {
				t.Fatal(err)
			}
		}
		close(opened)
		b := make([]byte, 2*len(frame(media)))
		if _, err := io.ReadFull(server, b); err != nil {
			t.Fatal(err)
		}
		server.Write(frame(media))
		synctest.Wait()
		m.wants(t, "192.0.2.1:443 128")
		server.Close()
		synctest.Wait()
		if fmt.Sprint(lost) != "[192.0.2.1:80 refused 192.0.2.1:443 EOF]" {
			t.Errorf("lost %v", lost)
		}
		c.Close()
		c.Wait()
	})
}

// What was written before Close still goes out.
func TestFarewell(t *testing.T) {
	streams(t, ListenerConfig{}, func(t *testing.T, l *Listener, dial func() net.Conn) {
		c := l.Join()
		join(t, c, "aaaa")
		peer := dial()
		peer.Write(frame(message(classRequest, 1, "aaaa")))
		synctest.Wait()
		if _, err := c.WriteBatch([]udp.Datagram{datagram(peer.LocalAddr().String(), media)}); err != nil {
			t.Fatal(err)
		}
		c.Close()
		b, err := io.ReadAll(peer)
		if string(b) != string(frame(media)) {
			t.Errorf("read %x, %v", b, err)
		}
		c.Wait()
	})
}

func FuzzFrames(f *testing.F) {
	f.Add(slices.Concat(frame(message(classRequest, 1, "aaaa")), frame(nil), frame(media)), uint16(maxFrame), uint8(3))
	f.Add([]byte{0xff, 0xff, 0}, uint16(100), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, limit uint16, piece uint8) {
		s := &stream{conn: &pieces{rest: b, size: int(piece) + 1}}
		var got []byte
		var batch [4]udp.Datagram
		for {
			n, err := s.next(batch[:], int(limit))
			for _, d := range batch[:n] {
				if d.N == 0 || d.N > int(limit) || d.N != len(d.Buf) {
					t.Fatalf("a packet of %d bytes, limit %d", d.N, limit)
				}
				got = appendFrame(got, d.Buf)
			}
			if err != nil {
				break
			}
		}
		// What was read is what stands there, without the empty frames.
		var want []byte
		for len(b) > 0 {
			packet, size, err := nextFrame(b, int(limit))
			if err != nil || size == 0 {
				break
			}
			if len(packet) > 0 {
				want = appendFrame(want, packet)
			}
			b = b[size:]
		}
		if string(got) != string(want) {
			t.Errorf("read %x, want %x", got, want)
		}
	})
}

// pieces is a stream that gives a few bytes at a time.
type pieces struct {
	net.Conn
	rest []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}
