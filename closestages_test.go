package webrtc

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// maxCloseTime is how much virtual time a Close may take: SCTP's ABORT has
// 200 ms to leave, and nothing else waits.
const maxCloseTime = 500 * time.Millisecond

// A stage is a point in a connection's life, and how a gets there.
type stage struct {
	name  string
	reach func(w *world, a, b *peer)
}

// isDTLS and isApplicationData tell packets apart by their first byte
// (RFC 7983 §7, RFC 6347 §4.1).
func isDTLS(p simnet.Packet) bool {
	return len(p.Data) > 0 && p.Data[0] >= 20 && p.Data[0] <= 63
}

func isApplicationData(p simnet.Packet) bool { return len(p.Data) > 0 && p.Data[0] == 23 }

// without keeps packets of a kind off the network.
func (w *world) without(kind func(simnet.Packet) bool) {
	w.net.SetFilter(func(p simnet.Packet) bool { return !kind(p) })
}

// begins has a offer and b answer, with a channel of a's.
func (w *world) begins(a, b *peer) *DataChannel {
	w.Helper()
	w.signal(a, b, fixed(10*time.Millisecond))
	d := a.channel("data", nil)
	a.negotiates(b, 10*time.Millisecond)
	return d
}

func (w *world) reaches(p *peer, want PeerConnectionState) {
	w.Helper()
	w.within(time.Minute, p.name+" is "+want.String(), func() bool { return p.ConnectionState() == want })
}

func (w *world) reachesDTLS(p *peer, want DTLSTransportState) {
	w.Helper()
	w.within(time.Minute, p.name+"'s DTLS is "+want.String(), func() bool {
		return p.SCTP() != nil && p.SCTP().Transport().State() == want
	})
}

var stages = []stage{
	{"new", func(*world, *peer, *peer) {}},
	{"channel created", func(w *world, a, b *peer) { a.channel("data", nil) }},
	{"after CreateOffer", func(w *world, a, b *peer) {
		_, err := a.CreateOffer(nil)
		a.must(err, "CreateOffer")
	}},
	{"right after SetLocalDescription", func(w *world, a, b *peer) {
		a.channel("data", nil)
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
	}},
	{"gathering", func(w *world, a, b *peer) {
		a.must(a.SetConfiguration(Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:203.0.113.9", "stun:silent.example.org"}}}}), "SetConfiguration")
		a.channel("data", nil)
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		time.Sleep(100 * time.Millisecond)
		if s := a.ICEGatheringState(); s != ICEGatheringStateGathering {
			w.Errorf("gathering state is %s, want gathering", s)
		}
	}},
	{"have-local-offer", func(w *world, a, b *peer) {
		a.channel("data", nil)
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		w.within(time.Minute, "all is gathered", func() bool { return a.ICEGatheringState() == ICEGatheringStateComplete })
	}},
	{"have-remote-offer", func(w *world, a, b *peer) {
		b.channel("data", nil)
		b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		a.must(a.SetRemoteDescription(*b.LocalDescription()), "SetRemoteDescription")
	}},
	{"rolled back", func(w *world, a, b *peer) {
		a.channel("data", nil)
		a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
		a.must(a.Rollback(), "Rollback")
	}},
	{"resolving a name", func(w *world, a, b *peer) {
		w.net.Cut(a.host, b.host)
		w.begins(b, a)
		w.within(time.Second, "a answers", func() bool { return a.CurrentRemoteDescription() != nil })
		mid := ""
		a.must(a.AddICECandidate(ICECandidateInit{Candidate: "candidate:1 1 udp 1 6f1c5a76-0000-4000-8000-000000000000.local 5000 typ host", SDPMid: &mid, SDPMLineIndex: new(uint16)}), "AddICECandidate")
	}},
	{"checking", func(w *world, a, b *peer) {
		w.net.Cut(a.host, b.host)
		w.begins(a, b)
		w.within(time.Second, "a checks", func() bool { return a.ICEConnectionState() == ICEConnectionStateChecking })
	}},
	{"DTLS handshake, server", func(w *world, a, b *peer) {
		w.without(isDTLS)
		w.begins(a, b)
		w.reachesDTLS(a, DTLSTransportStateConnecting)
	}},
	{"DTLS handshake, client", func(w *world, a, b *peer) {
		w.without(isDTLS)
		w.begins(b, a)
		w.reachesDTLS(a, DTLSTransportStateConnecting)
		time.Sleep(3 * time.Second)
	}},
	{"SCTP handshake", func(w *world, a, b *peer) {
		a.api.settings.EnableSctpSnap(false)
		w.without(isApplicationData)
		w.begins(a, b)
		w.reachesDTLS(a, DTLSTransportStateConnected)
		time.Sleep(3 * time.Second)
		if s := a.SCTP().State(); s != SCTPTransportStateConnecting {
			w.Errorf("SCTP is %s, want connecting", s)
		}
	}},
	{"connected", func(w *world, a, b *peer) { w.connectedPair(a, b) }},
	{"connected, answerer", func(w *world, a, b *peer) { w.connectedPair(b, a) }},
	{"sending", func(w *world, a, b *peer) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond, Rate: 1 << 20})
		d := w.connectedPair(a, b)
		for range 100 {
			a.check(d.Send(make([]byte, 60000)), "Send")
		}
	}},
	{"receiving, nobody reads", func(w *world, a, b *peer) {
		d := w.connectedPair(b, a)
		a.channels[0].OnMessage(nil)
		a.channels[0].Detach()
		for range 200 {
			b.check(d.Send(make([]byte, 60000)), "Send")
		}
		time.Sleep(5 * time.Second)
	}},
	{"channel closing", func(w *world, a, b *peer) {
		d := w.connectedPair(a, b)
		w.without(isDTLS)
		a.check(d.Close(), "DataChannel.Close")
	}},
	{"restarting ICE", func(w *world, a, b *peer) {
		w.connectedPair(a, b)
		a.RestartICE()
		a.negotiates(b, 10*time.Millisecond)
		time.Sleep(45 * time.Millisecond) // a message may wait for the candidate before it
	}},
	{"disconnected", func(w *world, a, b *peer) {
		w.connectedPair(a, b)
		w.net.Cut(a.host, b.host)
		w.reaches(a, PeerConnectionStateDisconnected)
	}},
	{"failed", func(w *world, a, b *peer) {
		w.connectedPair(a, b)
		w.net.Cut(a.host, b.host)
		w.reaches(a, PeerConnectionStateFailed)
	}},
	{"closed by the peer", func(w *world, a, b *peer) {
		w.connectedPair(a, b)
		b.must(b.Close(), "Close")
		time.Sleep(time.Second)
	}},
	{"being closed by the peer", func(w *world, a, b *peer) {
		w.net.SetDefaultPath(simnet.Path{Delay: 50 * time.Millisecond})
		w.connectedPair(a, b)
		b.must(b.Close(), "Close")
		time.Sleep(50 * time.Millisecond)
	}},
}

// countsHandlers makes every handler of p's count, and returns the counter.
func (p *peer) countsHandlers() *atomic.Int64 {
	n := new(atomic.Int64)
	count := func() { n.Add(1) }
	p.OnSignalingStateChange(func(SignalingState) { count() })
	p.OnICEConnectionStateChange(func(ICEConnectionState) { count() })
	p.OnICEGatheringStateChange(func(ICEGatheringState) { count() })
	p.OnConnectionStateChange(func(PeerConnectionState) { count() })
	p.OnICECandidate(func(*ICECandidate) { count() })
	p.OnICECandidateError(func(ICECandidateErrorEvent) { count() })
	p.OnNegotiationNeeded(count)
	p.OnDataChannel(func(*DataChannel) { count() })
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.channels {
		d.OnOpen(count)
		d.OnClosing(count)
		d.OnClose(count)
		d.OnError(func(error) { count() })
		d.OnBufferedAmountLow(count)
		d.OnMessage(func(DataChannelMessage) { count() })
	}
	if sctp := p.SCTP(); sctp != nil {
		sctp.OnStateChange(func(SCTPTransportState) { count() })
		sctp.OnClose(func(error) { count() })
		sctp.OnError(func(error) { count() })
		sctp.Transport().OnStateChange(func(DTLSTransportState) { count() })
		sctp.Transport().OnError(func(error) { count() })
		ice := sctp.Transport().ICETransport()
		ice.OnConnectionStateChange(func(ICETransportState) { count() })
		ice.OnGatheringStateChange(func(ICEGathererState) { count() })
		ice.OnSelectedCandidatePairChange(func(*ICECandidatePair) { count() })
	}
	return n
}

// wantClosed checks what the specification says of a closed connection
// (webrtc-pc §4.4.2): nothing but its state is left.
func (p *peer) wantClosed(when string) {
	p.w.Helper()
	if s := p.SignalingState(); s != SignalingStateClosed {
		p.w.Errorf("%s: the signaling state is %s %s, want closed", p.name, s, when)
	}
	if s := p.ConnectionState(); s != PeerConnectionStateClosed {
		p.w.Errorf("%s: the connection state is %s %s, want closed", p.name, s, when)
	}
	if s := p.ICEConnectionState(); s != ICEConnectionStateClosed {
		p.w.Errorf("%s: the ICE connection state is %s %s, want closed", p.name, s, when)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.channels {
		if s := d.ReadyState(); s != DataChannelStateClosed {
			p.w.Errorf("%s: channel %q is %s %s, want closed", p.name, d.Label(), s, when)
		}
		if err := d.Send([]byte("late")); !errors.Is(err, net.ErrClosed) {
			p.w.Errorf("%s: Send %s returned %v, want net.ErrClosed", p.name, when, err)
		}
	}
	if sctp := p.SCTP(); sctp != nil {
		if s := sctp.State(); s != SCTPTransportStateClosed {
			p.w.Errorf("%s: SCTP is %s %s, want closed", p.name, s, when)
		}
		if s := sctp.Transport().State(); s != DTLSTransportStateClosed {
			p.w.Errorf("%s: DTLS is %s %s, want closed", p.name, s, when)
		}
		if s := sctp.Transport().ICETransport().State(); s != ICETransportStateClosed {
			p.w.Errorf("%s: ICE is %s %s, want closed", p.name, s, when)
		}
	}
	select {
	case <-p.loop.ended:
	default:
		p.w.Errorf("%s: the loop runs %s", p.name, when)
	}
}

// TestVirtualCloseAtEveryStage closes a connection by one call, and by ten at
// once, wherever it may stand. The bubble fails the test if a goroutine is left.
func TestVirtualCloseAtEveryStage(t *testing.T) {
	for _, calls := range []int{1, 10} {
		for _, stage := range stages {
			t.Run(map[int]string{1: "once/", 10: "ten at once/"}[calls]+stage.name, func(t *testing.T) {
				inWorld(t, 1, func(w *world) {
					w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
					a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
					stage.reach(w, a, b)
					synctest.Wait()
					started := a.countsHandlers()
					synctest.Wait()
					begin := time.Now()
					var closing sync.WaitGroup
					for range calls {
						closing.Go(func() { a.check(a.Close(), "Close") })
					}
					closing.Wait()
					before := started.Load()
					if took := time.Since(begin); took > maxCloseTime {
						t.Errorf("Close took %v, more than %v", took, maxCloseTime)
					}
					a.wantClosed("after Close")
					a.check(a.Close(), "a later Close")
					a.check(a.GracefulClose(), "GracefulClose after Close")
					w.net.SetFilter(nil)
					w.net.Heal(a.host, b.host)
					time.Sleep(time.Minute)
					if n := started.Load() - before; n != 0 {
						t.Errorf("%d handlers started after Close had returned", n)
					}
					a.wantClosed("a minute after Close")
				})
			})
		}
	}
}
