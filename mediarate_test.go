package webrtc

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// singly is a network whose sockets neither send nor receive datagrams joined, and
// whose readers are never held back.
type singly struct{ udp.Network }

func (n singly) ListenUDP(local netip.AddrPort) (udp.Conn, error) {
	c, err := n.Network.ListenUDP(local)
	return singleConn{c}, err
}

type singleConn struct{ udp.Conn }

func (c singleConn) ReadBatch(batch []udp.Datagram) (int, error) {
	for i := range batch {
		if batch[i].Buf == nil {
			batch[i].Buf = make([]byte, 2000) // too small for joined ones
		}
	}
	return c.Conn.ReadBatch(batch)
}

func (c singleConn) WriteBatch(batch []udp.Datagram) (sent int, err error) {
	for i := range batch {
		n, e := c.Conn.WriteBatch(batch[i : i+1])
		if sent += n; err == nil {
			err = e
		}
	}
	return sent, err
}

// Media as fast as a pair over real sockets takes it, with messages of a reliable
// channel between: each packet arrives once, in order and without having to be sent
// again, each message whole, whether datagrams are joined or not.
func TestMediaAndDataAtLoopbackSpeed(t *testing.T) {
	for _, name := range []string{"joined", "singly"} {
		t.Run(name, func(t *testing.T) {
			network := udp.System()
			if name == "singly" {
				network = singly{network}
			}
			l := newMediaLine(t, loopbackAPIOn(network))
			var other *DataChannel
			select {
			case other = <-l.opened:
			case <-time.After(20 * time.Second):
				t.Fatal("no channel")
			}
			const frames, frame, message = 600, 8, 3000
			var messages atomic.Int64
			done := make(chan struct{}, 1)
			other.OnMessage(func(m DataChannelMessage) {
				if n := messages.Add(1) - 1; len(m.Data) != message || binary.BigEndian.Uint64(m.Data) != uint64(n) {
					t.Errorf("message %d has %d bytes and the number %d", n, len(m.Data), binary.BigEndian.Uint64(m.Data))
				}
				if messages.Load() == frames {
					done <- struct{}{}
				}
			})
			var arrived atomic.Int64
			var next uint16
			l.remote.OnPacketPush(func(p *InboundPacket) {
				if p.Payload[1] == 0 {
					return // one of those that have brought the track about
				}
				if arrived.Load() == 0 {
					next = p.SequenceNumber
				}
				if p.SequenceNumber != next || p.Recovered || len(p.Payload) != 1200 {
					t.Errorf("packet %d of %d bytes, recovered %v; want %d", p.SequenceNumber, len(p.Payload), p.Recovered, next)
				}
				next = p.SequenceNumber + 1
				arrived.Add(1)
			})
			l.packet.Payload[1] = 1
			buf := make([]byte, message)
			late := time.Now().Add(60 * time.Second)
			for i := range frames {
				for arrived.Load() < int64(i*frame-window) {
					if time.Now().After(late) {
						t.Fatalf("%d of %d packets have arrived", arrived.Load(), i*frame)
					}
					time.Sleep(10 * time.Microsecond)
				}
				for range frame {
					l.send(t)
				}
				binary.BigEndian.PutUint64(buf, uint64(i))
				if err := l.channel.Send(buf); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case <-done:
			case <-time.After(time.Until(late)):
				t.Fatalf("%d of %d messages have arrived", messages.Load(), frames)
			}
			for arrived.Load() < frames*frame && time.Now().Before(late) {
				time.Sleep(time.Millisecond)
			}
			if n := arrived.Load(); n != frames*frame {
				t.Errorf("%d packets have arrived, %d were sent", n, frames*frame)
			}
		})
	}
}
