package webrtc

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// An attacker is the peer of a call that has the keys and sends what it likes
// beside its media.
type attacker struct {
	*peer
	sealer    *srtptransport.Sealer
	transport *transport
	chance    *rand.Rand
}

func (p *peer) attacks() *attacker {
	p.w.Helper()
	x := &attacker{peer: p, chance: rand.New(rand.NewPCG(1, 2))}
	x.must(p.do(func(time.Time) {
		x.transport = (*p.mediaTransports.Load())[0]
		x.sealer = x.transport.sealer
	}), "taking the keys")
	return x
}

// rtp sends an RTP packet; one that cannot be protected is nobody's.
func (x *attacker) rtp(h *rtp.Header, payload []byte) {
	h.Version = 2
	raw, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
	if err != nil {
		return
	}
	x.raw(raw)
}

func (x *attacker) raw(raw []byte) {
	if sealed, err := x.sealer.SealRTP(slices.Grow(raw, srtptransport.Overhead)); err == nil {
		_ = x.transport.send([][]byte{sealed})
	}
}

func (x *attacker) rtcp(raw []byte) {
	if sealed, err := x.sealer.SealRTCP(slices.Grow(raw, srtptransport.Overhead)); err == nil {
		_ = x.transport.send([][]byte{sealed})
	}
}

// bytes returns up to n bytes of noise.
func (x *attacker) bytes(n int) []byte {
	b := make([]byte, x.chance.IntN(n+1))
	for i := range b {
		b[i] = byte(x.chance.Uint32())
	}
	return b
}

// bears runs an attack of b's on a call and checks that a bears it: a's media goes
// on to b and b's own to a, memory and goroutines are bounded, and a program
// is not bothered with more tracks than were negotiated.
func (c *call) bears(attack func(x *attacker, i int), rounds int) {
	c.w.Helper()
	c.talk(10)
	x := c.b.attacks()
	c.atA.last().deaf.Store(true)
	memory, goroutines := heap(), runtime.NumGoroutine()
	for i := range rounds {
		attack(x, i)
		if i%100 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	time.Sleep(10 * time.Second)
	c.atA.last().deaf.Store(false)
	c.talk(20)
	if grown := heap() - memory; grown > 8<<20 {
		c.w.Errorf("a holds %d kB more", grown>>10)
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		c.w.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if n := len(c.atA.sinks()); n > 1 {
		c.w.Errorf("%d tracks have come to a, one was negotiated", n)
	}
	if !connected(c.a, c.b)() {
		c.w.Errorf("a is %s", c.a.ConnectionState())
	}
	if !c.atB.last().has(0, c.fromA.next-1) {
		c.w.Errorf("a's camera has a gap: %v", c.atB.last().got())
	}
	got := c.atA.last().got()
	for n := c.fromB.next - 20; n < c.fromB.next; n++ {
		if !slices.Contains(got, n) {
			c.w.Errorf("of b's own camera packet %d is lost", n)
		}
	}
}

// mid returns the identifier of the header extension that names sections.
func (x *attacker) mid() uint8 {
	return idOf(x.GetSenders()[0].GetParameters().HeaderExtensions, extension.MID)
}

func TestVirtualHostileRTP(t *testing.T) {
	for name, attack := range map[string]func(x *attacker, i int){
		"all payload types, from many sources": func(x *attacker, i int) {
			x.rtp(&rtp.Header{SSRC: 1000 + uint32(i%50), SequenceNumber: uint16(i), PayloadType: uint8(i % 128)}, x.bytes(300))
		},
		"a flood of sources": func(x *attacker, i int) {
			ssrc := 100000 + uint32(i)
			x.rtp(&rtp.Header{SSRC: ssrc, PayloadType: 111}, x.bytes(1000))
			x.sealer.Forget(ssrc)
		},
		"a flood of sources with unknown mids": func(x *attacker, i int) {
			ssrc := 100000 + uint32(i)
			h := rtp.Header{SSRC: ssrc, PayloadType: 96}
			x.check(h.SetExtension(x.mid(), binary.BigEndian.AppendUint32(nil, uint32(i))), "SetExtension")
			x.rtp(&h, x.bytes(1000))
			x.sealer.Forget(ssrc)
		},
		"retransmissions of nothing": func(x *attacker, i int) {
			x.rtp(&rtp.Header{SSRC: 1000 + uint32(i%100), SequenceNumber: uint16(i), PayloadType: 97}, x.bytes(100))
		},
		"noise in header extensions": func(x *attacker, i int) {
			h := rtp.Header{SSRC: 1000, SequenceNumber: uint16(i), PayloadType: 100, Extension: true, ExtensionProfile: 0xBEDE}
			if i%2 == 0 {
				h.ExtensionProfile = 0x1000
			}
			raw, err := (&rtp.Packet{Header: h, Payload: x.bytes(100)}).Marshal()
			x.check(err, "Marshal")
			raw[0] |= 2 << 6
			noise := x.bytes(40)
			noise = noise[:len(noise)&^3]
			binary.BigEndian.PutUint16(raw[14:], uint16(len(noise)/4))
			x.raw(slices.Concat(raw[:16], noise, raw[16:]))
		},
		"padding that is longer than the packet": func(x *attacker, i int) {
			raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 1000, SequenceNumber: uint16(i), PayloadType: 96}, Payload: x.bytes(50)}).Marshal()
			x.check(err, "Marshal")
			raw[0] |= 0x20
			x.raw(append(raw, byte(i)))
		},
		"contributing sources": func(x *attacker, i int) {
			h := rtp.Header{SSRC: 1000, SequenceNumber: uint16(i), PayloadType: 96}
			for range 15 {
				h.CSRC = append(h.CSRC, x.chance.Uint32())
			}
			x.rtp(&h, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCall(t, func(w *world, c *call) { c.bears(attack, 20000) })
		})
	}
}

// A peer may have its own stream jump about; what it says is given on, and the
// requests that this causes are few.
func TestVirtualHostileSequenceNumbers(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(10)
		ssrc := uint32(c.ssrc(c.b))
		x := c.b.attacks()
		var packets atomic.Int64
		w.net.Tap(func(p simnet.Packet) {
			if p.Event == simnet.Sent && p.Host == "a" {
				packets.Add(1)
			}
		})
		c.atA.last().deaf.Store(true)
		storm := func(n int) {
			for i := range n {
				x.rtp(&rtp.Header{SSRC: ssrc, SequenceNumber: uint16(x.chance.Uint32()), Timestamp: x.chance.Uint32(), PayloadType: 96}, make([]byte, 20))
				if i%20 == 0 {
					time.Sleep(10 * time.Millisecond)
				}
			}
			time.Sleep(5 * time.Second)
		}
		storm(5000) // what it fills is full then
		memory := heap()
		packets.Store(0)
		const n = 20000
		storm(n)
		if packets.Load() > n/5 {
			w.Errorf("a has answered %d packets with %d", n, packets.Load())
		}
		if grown := heap() - memory; grown > 4<<20 {
			w.Errorf("a holds %d kB more", grown>>10)
		}
		if !connected(c.a, c.b)() {
			w.Errorf("a is %s", c.a.ConnectionState())
		}
	})
}

func TestVirtualHostileRTCP(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		own, theirs := uint32(c.ssrc(c.b)), uint32(c.ssrc(c.a))
		c.bears(func(x *attacker, i int) {
			// Headers that are whole, and noise behind them that names real sources.
			raw := []byte{0x80 | byte(i%32), byte(192 + x.chance.IntN(24)), 0, 0}
			raw = binary.BigEndian.AppendUint32(raw, []uint32{own, theirs, 7}[i%3])
			raw = binary.BigEndian.AppendUint32(raw, []uint32{theirs, own, 7}[i/3%3])
			raw = append(raw, x.bytes(200)...)
			raw = raw[:len(raw)&^3]
			length := len(raw)/4 - 1
			if i%5 == 0 {
				length = x.chance.IntN(1 << 16) // or not as long as it says
			}
			binary.BigEndian.PutUint16(raw[2:], uint16(length))
			if raw[1] == 203 {
				raw[1]++ // goodbyes have a test of their own
			}
			x.rtcp(raw)
		}, 20000)
	})
}

// RFC 4585 §6.2.1: a peer asks for packets over and over. What is sent again is in
// proportion to what was sent, not to what is asked.
func TestVirtualHostileRequests(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(100)
		ssrc := uint32(c.ssrc(c.a))
		x := c.b.attacks()
		in := w.watches(c.a)
		rtx := c.a.GetSenders()[0].GetParameters().Encodings[0].RTX.SSRC
		flights := 0
		for range 1000 {
			var pairs []rtcp.NackPair
			for s := uint16(0); s < 100; s += 17 {
				pairs = append(pairs, rtcp.NackPair{PacketID: s, LostPackets: 0xffff})
			}
			raw, err := (&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: pairs}).Marshal()
			x.check(err, "Marshal")
			x.rtcp(raw)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		flights = len(in(rtx)) + len(in(SSRC(ssrc)))
		// In a second there are 25 round trips, of each packet one repair at most.
		if flights == 0 || flights > 100*30 {
			w.Errorf("%d packets were sent for 1000 requests of 100 packets, want one each in a round trip at most", flights)
		}
	})
}

// A source that says goodbye and comes back, again and again, while the handler of
// a program is busy: what it is to be told does not pile up, and is right in the
// end.
func TestVirtualHostileGoodbyes(t *testing.T) {
	inCall(t, func(w *world, c *call) {
		c.talk(5)
		track := c.atA.last().track
		var mu sync.Mutex
		var told []bool
		busy, free := make(chan struct{}), make(chan struct{})
		var once sync.Once
		note := func(muted bool) {
			mu.Lock()
			told = append(told, muted)
			mu.Unlock()
			once.Do(func() { close(busy); <-free })
		}
		track.OnMute(func() { note(true) })
		track.OnUnmute(func() { note(false) })
		ssrc, x := uint32(c.ssrc(c.b)), c.b.attacks()
		bye, err := (&rtcp.Goodbye{Sources: []uint32{ssrc}}).Marshal()
		x.check(err, "Marshal")
		const n = 2000
		for i := range n {
			x.rtcp(slices.Clone(bye))
			x.rtp(&rtp.Header{SSRC: ssrc, SequenceNumber: uint16(1000 + i), PayloadType: 96}, make([]byte, 20))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		<-busy
		c.a.events.mu.Lock()
		waiting := len(c.a.events.queue)
		c.a.events.mu.Unlock()
		if waiting > 100 {
			w.Errorf("%d events wait", waiting)
		}
		close(free)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(told) == 0 || told[len(told)-1] || track.Muted() {
			w.Errorf("the program was told %v at last, and the track is muted: %v; want neither", told[max(0, len(told)-1):], track.Muted())
		}
		for i, muted := range told {
			if muted != (i%2 == 0) {
				w.Errorf("event %d says muted %v, as the one before", i, muted)
			}
		}
	})
}

// Media that comes before there are keys is kept within bounds, whoever sends it.
func TestVirtualHostileMediaBeforeTheKeys(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		from, _ := b.source(MimeTypeVP8, "camera")
		atA := a.audience(0)
		_, err := a.AddTransceiverFromKind(RTPCodecTypeVideo)
		a.must(err, "AddTransceiverFromKind")
		w.without(isDTLS)
		a.exchanges(b, asItIs)
		w.within(10*time.Second, "ICE is connected", func() bool { return a.ICEConnectionState() == ICEConnectionStateConnected })
		pair, err := a.GetSenders()[0].Transport().ICETransport().GetSelectedCandidatePair()
		a.must(err, "GetSelectedCandidatePair")
		at := func(c *ICECandidate) netip.AddrPort {
			return netip.AddrPortFrom(netip.MustParseAddr(c.Address), c.Port)
		}
		memory := heap()
		h := rtp.Header{Version: 2, SSRC: 7, PayloadType: 96}
		for i := range 20000 {
			h.SequenceNumber = uint16(i)
			raw, err := (&rtp.Packet{Header: h, Payload: make([]byte, 1000)}).Marshal()
			a.check(err, "Marshal")
			w.net.Inject(at(pair.Remote), at(pair.Local), raw)
		}
		time.Sleep(100 * time.Millisecond)
		if grown := heap() - memory; grown > 2<<20 {
			w.Errorf("a holds %d kB more", grown>>10)
		}
		w.net.SetFilter(nil)
		w.within(time.Minute, "both are connected", connected(a, b))
		from.write(10, 10*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		if !atA.last().has(0, 9) {
			w.Errorf("the camera has brought %v", atA.last().got())
		}
	})
}

// Reading goes on whatever the interceptors of a program make of what comes.
func TestVirtualHostileInterceptor(t *testing.T) {
	for name, change := range map[string]func(n int, err error) (int, error){
		"it loses packets":      func(int, error) (int, error) { return 0, io.ErrNoProgress },
		"it returns too much":   func(int, error) (int, error) { return 1 << 20, nil },
		"it returns nothing":    func(int, error) (int, error) { return 0, nil },
		"it cuts packets short": func(n int, err error) (int, error) { return min(n, 5), err },
	} {
		t.Run(name, func(t *testing.T) {
			l := &listener{read: func(next interceptor.RTPReader) interceptor.RTPReader {
				return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
					n, a, err := next.Read(b, a)
					if err != nil {
						return n, a, err
					}
					n, err = change(n, err)
					return n, a, err
				})
			}}
			inListenedCall(t, SettingEngine{}, l, func(w *world, a, b *peer, from *source) {
				var mu sync.Mutex
				read, pushed, failed := 0, 0, 0
				b.OnTrack(func(track *TrackRemote, _ *RTPReceiver) {
					for {
						_, _, err := track.ReadRTP()
						mu.Lock()
						read++
						if err != nil {
							failed++
						}
						mu.Unlock()
						if err == io.EOF {
							return
						}
						if read == 5 {
							track.OnPacketPush(func(*InboundPacket) {
								mu.Lock()
								defer mu.Unlock()
								pushed++
							})
						}
					}
				})
				a.negotiates(b, time.Millisecond)
				w.within(10*time.Second, "both are connected", connected(a, b))
				from.write(20, 10*time.Millisecond)
				time.Sleep(time.Second)
				a.must(a.Close(), "Close")
				b.must(b.Close(), "Close")
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				if read < 5 {
					w.Errorf("%d packets were read, %d failed, %d were pushed", read, failed, pushed)
				}
			})
		})
	}
}
