package webrtc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// RFC 8842 §5.5, RFC 9429 §5.11: a connection is handed over from peer to peer by ICE
// restarts, without waiting for any of them, while those that have had it close and
// others of the same peer come in between. In the end the last one is heard.
func TestVirtualRapidHandovers(t *testing.T) {
	for _, between := range []bool{false, true} {
		t.Run(fmt.Sprintf("restarts in between %v", between), func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 5 * time.Millisecond})
				a := w.peer("a", simnet.Addrs("192.0.2.1"))
				_, err := a.AddTransceiverFromKind(RTPCodecTypeAudio, RTPTransceiverInit{Direction: RTPTransceiverDirectionRecvonly})
				a.must(err, "AddTransceiverFromKind")
				// Candidates go to whoever negotiates now.
				var current *peer
				exchange := func(b *peer) {
					current = b
					a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
					b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
					b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
					a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
				}
				trickles := func(from *peer, to func() *peer) {
					from.OnICECandidate(func(c *ICECandidate) {
						if p := to(); c != nil && p != nil {
							init := c.ToJSON()
							time.AfterFunc(time.Millisecond, func() {
								// One of a peer that has been left has no section any more.
								if d := p.RemoteDescription(); d != nil && strings.Contains(d.SDP, *init.UsernameFragment) {
									_ = p.AddICECandidate(init)
								}
							})
						}
					})
				}
				trickles(a, func() *peer { return current })
				var voice *source
				var sender *RTPSender
				handover := func(i int) *peer {
					b := w.peer(fmt.Sprintf("b%d", i), simnet.Addrs(fmt.Sprintf("192.0.2.%d", 10+i)))
					trickles(b, func() *peer { return a })
					voice, sender = b.source(MimeTypeOpus, "voice")
					exchange(b)
					return b
				}
				previous := handover(0)
				for i := range 5 {
					if between {
						a.RestartICE()
						exchange(previous)
					}
					a.RestartICE()
					next := handover(i + 1)
					previous.must(previous.Close(), "Close")
					previous = next
				}
				w.within(20*time.Second, "both are connected", connected(a, previous))
				together(10, 20*time.Millisecond, voice)
				in := a.GetReceivers()[0].Track()
				if ssrc := sender.GetParameters().Encodings[0].SSRC; in.SSRC() != ssrc || in.Muted() {
					t.Errorf("the track has SSRC %d and is muted %v, want %d of the last peer", in.SSRC(), in.Muted(), ssrc)
				}
				if s := a.GetReceivers()[0].Transport().State(); s != DTLSTransportStateConnected {
					t.Errorf("the transport is %s", s)
				}
			})
		})
	}
}

// RFC 8842 §5.5: the association that a handover begins is the only one then: if the
// fingerprint is not that of the peer's certificate, the transport has failed.
func TestVirtualFailedHandover(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b, c := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2")), w.peer("c", simnet.Addrs("192.0.2.3"))
		_, err := a.AddTransceiverFromKind(RTPCodecTypeAudio, RTPTransceiverInit{Direction: RTPTransceiverDirectionRecvonly})
		a.must(err, "AddTransceiverFromKind")
		voice, _ := b.source(MimeTypeOpus, "voice")
		atA := a.sinks(0)
		w.signal(a, b, fixed(time.Millisecond))
		a.negotiates(b, time.Millisecond)
		w.within(10*time.Second, "both are connected", connected(a, b))
		together(5, 20*time.Millisecond, voice)
		transport := a.GetReceivers()[0].Transport()
		c.source(MimeTypeOpus, "voice")
		a.RestartICE()
		complete := func(p *peer) {
			p.must(p.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			w.within(5*time.Second, "gathering is complete", func() bool { return p.ICEGatheringState() == ICEGatheringStateComplete })
		}
		complete(a)
		c.must(c.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
		complete(c)
		other := strings.TrimSuffix(strings.Repeat("BA:", 32), ":")
		a.must(a.SetRemoteDescription(edited(*c.LocalDescription(), func(sdp string) string {
			before, rest, _ := strings.Cut(sdp, "a=fingerprint:sha-256 ")
			return before + "a=fingerprint:sha-256 " + other + rest[len(other):]
		})), "SetRemoteDescription")
		w.within(20*time.Second, "the transport has failed", func() bool { return transport.State() == DTLSTransportStateFailed })
		heard := len(atA()[0].got())
		together(5, 20*time.Millisecond, voice)
		if n := len(atA()[0].got()); heard == 0 || n != heard {
			t.Errorf("%d packets of the peer before have come, and %d more after the handover", heard, n-heard)
		}
	})
}
