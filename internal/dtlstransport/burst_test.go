package dtlstransport

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAWindowAtOnce: a peer may send as much as SCTP's window lets it (RFC 9260
// §6.1) before this side gets to work, and none of it is lost here.
func TestAWindowAtOnce(t *testing.T) {
	bubble(t, "4 MiB that nobody reads for a while", func(t *testing.T) {
		p := newPair(t, 0)
		p.start()
		p.wantConnected(2*time.Second, "after Start")
		conn := p.b.Conn()
		p.a.out.set(func(int, []byte) [][]byte { return nil })
		before := len(p.a.out.log())
		packet := make([]byte, p.a.MaxPayload())
		packets := 4<<20/len(packet) + 1
		for range packets {
			p.a.write(string(packet))
		}
		for _, b := range p.a.out.log()[before:] {
			p.b.HandleDatagram(b)
		}
		synctest.Wait()
		if n, _ := p.b.data.size(); n != packets {
			t.Fatalf("%d of %d packets are there, dropped: %+v", n, packets, p.b.Stats().Dropped)
		}
		for range packets {
			p.b.wantRead(string(packet), "afterwards")
		}

		// Without an association a peer has little of the memory.
		before = len(p.a.out.log())
		for range packets {
			p.a.write(string(packet))
		}
		again := p.a.out.log()[before:]
		for i, b := range again {
			if i == packets/2 {
				conn.Close()
				conn.Close()
				if n, bytes := p.b.data.size(); n == 0 || n > inboundPackets || bytes > inboundBytes {
					t.Errorf("%d packets of %d bytes are held", n, bytes)
				}
			}
			p.b.HandleDatagram(b)
		}
		if n, bytes := p.b.data.size(); n > inboundPackets || bytes > inboundBytes {
			t.Errorf("%d packets of %d bytes are held in the end", n, bytes)
		}
	})
}
