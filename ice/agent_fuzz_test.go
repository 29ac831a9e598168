package ice

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// FuzzHandlePacket feeds an agent that is connected, restarting or fresh with a
// stream of messages. Some are made whole (length, integrity, fingerprint) so
// that they get past authentication, as those of a hostile peer would. The
// agent must not panic, and what it holds must stay bounded.
func FuzzHandlePacket(f *testing.F) {
	for _, s := range []string{vectorRequest, vectorResponse4, vectorResponse6} {
		v := vector(f, s)
		for mode := range byte(8) {
			f.Add(append([]byte{mode, byte(len(v))}, v...))
		}
	}
	f.Add([]byte{0x07, 20, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Fuzz(func(t *testing.T, in []byte) {
		w := newWire(t)
		a := w.agent("a", AgentConfig{Controlling: len(in)%2 == 0, Flights: len(in)%3 == 0})
		a.host(1, addrA)
		p := against(a, addrB)
		p.check(addrB, true)
		w.run(time.Second)
		if len(in) > 0 && in[0]&0x80 != 0 {
			a.restart(1)
		}
		for n := 0; len(in) >= 2 && n < 64; n++ {
			mode, size := in[0], min(int(in[1]), len(in)-2)
			a.feed(p, mode, in[2:2+size])
			in = in[2+size:]
			w.run(10 * time.Millisecond)
		}
		if len(a.Pairs()) > 2*DefaultMaxPairs || len(a.RemoteCandidates()) > maxRemotes || len(a.transactions) > 300 ||
			len(a.lists) > 5 || len(a.current().early) > maxEarly || len(a.events) > 1000 {
			t.Fatalf("the agent holds too much")
		}
		if at := a.NextTimeout(); a.State() != ConnectionStateFailed && at.IsZero() && a.selected != nil {
			t.Fatal("a connected agent has no timer")
		}
	})
}

// feed hands the agent one message: bit 0 of mode gives it our USERNAME and
// integrity if it is a request, bit 1 the peer's integrity, bit 2 a right
// length and fingerprint, bit 3 another source, bit 4 the id of a transaction
// that is under way.
func (s *side) feed(p *puppet, mode byte, data []byte) {
	raw := data
	if len(raw) >= 20 && mode&7 != 0 {
		raw = whole(s, p, mode, raw)
	}
	from := ap(addrB)
	if mode&8 != 0 && len(data) > 0 {
		from = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, data[0]}), 7)
	}
	s.HandlePacket(s.w.now, 1, from, raw)
	s.flush()
}

func whole(s *side, p *puppet, mode byte, data []byte) []byte {
	m := stun.New()
	m.Raw = append(m.Raw[:0], data...)
	if mode&4 != 0 {
		m.Raw = m.Raw[:len(m.Raw)&^3]
		binary.BigEndian.PutUint16(m.Raw[2:], uint16(len(m.Raw)-20))
		binary.BigEndian.PutUint32(m.Raw[4:], magicCookie)
	}
	if mode&16 != 0 && len(s.transactions) > 0 {
		copy(m.Raw[8:20], s.transactions[0].id[:])
	}
	if m.Decode() != nil {
		return data
	}
	if mode&1 != 0 {
		ufrag, _ := s.LocalCredentials()
		m.Add(stun.AttrUsername, []byte(ufrag+":"+p.ufrag))
		p.key().sign(m)
	} else if mode&2 != 0 {
		newIntegrityKey(p.pwd).sign(m)
	}
	addFingerprint(m)
	return m.Raw
}
