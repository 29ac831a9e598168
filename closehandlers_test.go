package webrtc

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// handlersThatClose sets each handler in turn to one that closes the connection
// of the peer it is given. Some need a scenario of their own.
var handlersThatClose = []struct {
	name string
	// set makes the handler of a's call end. It comes when a has a channel, or
	// before that.
	set   func(a *peer, end func())
	early bool
	// then makes the event happen, if connecting does not.
	then func(w *world, a, b *peer)
}{
	{name: "OnSignalingStateChange", set: func(a *peer, end func()) { a.OnSignalingStateChange(func(SignalingState) { end() }) }},
	{name: "OnNegotiationNeeded", early: true, set: func(a *peer, end func()) { a.OnNegotiationNeeded(end) }},
	{name: "OnICECandidate", set: func(a *peer, end func()) { a.OnICECandidate(func(*ICECandidate) { end() }) }},
	{name: "OnICEGatheringStateChange", set: func(a *peer, end func()) { a.OnICEGatheringStateChange(func(ICEGatheringState) { end() }) }},
	{name: "OnICEConnectionStateChange", set: func(a *peer, end func()) {
		a.OnICEConnectionStateChange(func(ICEConnectionState) { end() })
	}},
	{name: "OnConnectionStateChange", set: func(a *peer, end func()) {
		a.OnConnectionStateChange(func(s PeerConnectionState) {
			if s == PeerConnectionStateConnected {
				end()
			}
		})
	}},
	{name: "OnICECandidateError", set: func(a *peer, end func()) {
		a.must(a.SetConfiguration(Configuration{ICEServers: []ICEServer{{URLs: []string{"stun:nowhere.example.org"}}}}), "SetConfiguration")
		a.OnICECandidateError(func(ICECandidateErrorEvent) { end() })
	}},
	{name: "OnDataChannel", set: func(a *peer, end func()) { a.OnDataChannel(func(*DataChannel) { end() }) },
		then: func(w *world, a, b *peer) { b.channel("from b", nil) }},
	{name: "OnOpen", set: func(a *peer, end func()) { a.channels[0].OnOpen(end) }},
	{name: "OnDial", set: func(a *peer, end func()) { a.channels[0].OnDial(end) }},
	{name: "OnMessage", set: func(a *peer, end func()) { a.channels[0].OnMessage(func(DataChannelMessage) { end() }) },
		then: func(w *world, a, b *peer) { b.check(b.channels[0].SendText("now"), "SendText") }},
	{name: "OnMessagePush", set: func(a *peer, end func()) { a.channels[0].OnMessagePush(func(DataChannelMessage) { end() }) },
		then: func(w *world, a, b *peer) { b.check(b.channels[0].SendText("now"), "SendText") }},
	{name: "OnBufferedAmountLow", set: func(a *peer, end func()) { a.channels[0].OnBufferedAmountLow(end) },
		then: func(w *world, a, b *peer) { a.check(a.channels[0].Send(make([]byte, 60000)), "Send") }},
	{name: "OnClosing", set: func(a *peer, end func()) { a.channels[0].OnClosing(end) },
		then: func(w *world, a, b *peer) { b.check(b.channels[0].Close(), "DataChannel.Close") }},
	{name: "OnClose", set: func(a *peer, end func()) { a.channels[0].OnClose(end) },
		then: func(w *world, a, b *peer) { b.check(b.channels[0].Close(), "DataChannel.Close") }},
	{name: "OnError", set: func(a *peer, end func()) { a.channels[0].OnError(func(error) { end() }) },
		then: func(w *world, a, b *peer) { b.check(b.Close(), "Close") }},
	{name: "SCTPTransport.OnStateChange", set: func(a *peer, end func()) {
		a.atTheAnswer(func() { a.SCTP().OnStateChange(func(SCTPTransportState) { end() }) })
	}},
	{name: "SCTPTransport.OnClose", set: func(a *peer, end func()) {
		a.atTheAnswer(func() { a.SCTP().OnClose(func(error) { end() }) })
	}, then: func(w *world, a, b *peer) { b.check(b.Close(), "Close") }},
	{name: "DTLSTransport.OnStateChange", set: func(a *peer, end func()) {
		a.atTheAnswer(func() { a.SCTP().Transport().OnStateChange(func(DTLSTransportState) { end() }) })
	}},
	{name: "ICETransport.OnConnectionStateChange", set: func(a *peer, end func()) {
		a.atTheAnswer(func() {
			a.SCTP().Transport().ICETransport().OnConnectionStateChange(func(ICETransportState) { end() })
		})
	}},
	{name: "ICETransport.OnSelectedCandidatePairChange", set: func(a *peer, end func()) {
		a.atTheAnswer(func() {
			a.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(*ICECandidatePair) { end() })
		})
	}},
}

// atTheAnswer runs f once the transports are there.
func (p *peer) atTheAnswer(f func()) {
	var once sync.Once
	p.OnSignalingStateChange(func(s SignalingState) {
		if s == SignalingStateStable && p.SCTP() != nil {
			once.Do(f)
		}
	})
}

// TestVirtualCloseFromEveryHandler closes a connection in a handler of its own,
// twice, and has another goroutine close it at the same time.
func TestVirtualCloseFromEveryHandler(t *testing.T) {
	for _, c := range handlersThatClose {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(10*time.Millisecond))
				closed := make(chan time.Duration, 1)
				var once sync.Once
				end := func() {
					once.Do(func() {
						begin := time.Now()
						other := make(chan struct{})
						go func() { a.check(a.Close(), "Close beside the handler"); close(other) }()
						a.check(a.Close(), "Close in the handler")
						a.check(a.Close(), "a second Close in the handler")
						<-other
						closed <- time.Since(begin)
					})
				}
				if c.early {
					c.set(a, end)
				}
				d, err := a.CreateDataChannel("data", nil)
				a.must(err, "CreateDataChannel")
				a.adopt(d)
				if !c.early {
					c.set(a, end)
				}
				tellsNeeds()
				// Negotiates by hand, and leaves off where the connection is gone.
				if a.tolerates(a.SetLocalDescription(SessionDescription{})) && a.LocalDescription() != nil {
					b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription")
					b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
					time.Sleep(50 * time.Millisecond)
					a.tolerates(a.SetRemoteDescription(*b.CurrentLocalDescription()))
					time.Sleep(2 * time.Second)
				}
				if c.then != nil {
					w.within(10*time.Second, "the channel is open", func() bool { return b.hasOpen(1) && a.hasOpen(1) })
					c.then(w, a, b)
				}
				select {
				case took := <-closed:
					if took > maxCloseTime {
						t.Errorf("Close took %v in the handler, more than %v", took, maxCloseTime)
					}
				case <-time.After(10 * time.Second):
					t.Fatal("the handler was not called, or Close has not returned in it")
				}
				a.wantClosed("after Close in the handler")
			})
		})
	}
}

// tolerates reports whether err is nil; it may be otherwise if the connection
// was closed.
func (p *peer) tolerates(err error) bool {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		p.check(err, "a call on a connection that its handler closes")
	}
	return err == nil
}

// TestVirtualHandlersThatBlockHoldUpNothingElse has a handler of b's block
// for two minutes. ICE, DTLS and the other channel go on, calls return, and so
// does Close.
func TestVirtualHandlersThatBlockHoldUpNothingElse(t *testing.T) {
	for _, c := range []struct {
		name string
		// set makes a handler of b's call block; poke makes the event happen.
		set  func(b *peer, block func())
		poke func(a, b *peer)
	}{
		{"OnMessage", func(b *peer, block func()) { b.channels[0].OnMessage(func(DataChannelMessage) { block() }) },
			func(a, b *peer) { a.check(a.channels[0].SendText("first"), "SendText") }},
		{"OnMessagePush", func(b *peer, block func()) { b.channels[0].OnMessagePush(func(DataChannelMessage) { block() }) },
			func(a, b *peer) { a.check(a.channels[0].SendText("first"), "SendText") }},
		{"OnBufferedAmountLow", func(b *peer, block func()) { b.channels[0].OnBufferedAmountLow(block) },
			func(a, b *peer) { b.check(b.channels[0].SendText("first"), "SendText") }},
		{"OnDataChannel", func(b *peer, block func()) { b.OnDataChannel(func(*DataChannel) { block() }) },
			func(a, b *peer) { a.channel("third", nil) }},
		{"OnConnectionStateChange", func(b *peer, block func()) {
			b.OnConnectionStateChange(func(PeerConnectionState) { block() })
		}, func(a, b *peer) {
			a.w.net.Cut(a.host, b.host)
			time.Sleep(10 * time.Second)
			a.w.net.Heal(a.host, b.host)
		}},
		{"OnNegotiationNeeded", func(b *peer, block func()) { b.OnNegotiationNeeded(block) },
			func(a, b *peer) { go b.RestartICE() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.connectedPair(a, b)
				second := a.channel("second", nil)
				w.within(time.Second, "the second channel is open", func() bool { return b.hasOpen(2) })
				blocked, release := make(chan struct{}), make(chan struct{})
				var once sync.Once
				c.set(b, func() { once.Do(func() { close(blocked) }); <-release })
				defer close(release)
				c.poke(a, b)
				w.within(time.Minute, "the handler blocks", func() bool {
					select {
					case <-blocked:
						return true
					default:
						return false
					}
				})
				b.mu.Lock()
				b.received = nil
				b.mu.Unlock()
				sent := a.talks(second, 0, 240, 500*time.Millisecond)
				w.within(time.Second, "the other channel's messages", b.got(sent...))
				// Consent would have been lost in the meantime (RFC 7675 §5.1).
				w.within(time.Second, "both are connected", connected(a, b))
				_, err := b.CreateOffer(nil)
				b.check(err, "CreateOffer while a handler blocks")
				_, err = b.CreateDataChannel("another", nil)
				b.check(err, "CreateDataChannel while a handler blocks")
				begin := time.Now()
				b.check(b.Close(), "Close while a handler blocks")
				if took := time.Since(begin); took > maxCloseTime {
					t.Errorf("Close took %v while a handler blocked, more than %v", took, maxCloseTime)
				}
				b.wantClosed("while a handler blocks")
			})
		})
	}
}

// TestVirtualGracefulCloseWaitsForHandlers and no other Close does.
func TestVirtualGracefulCloseWaitsForHandlers(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(b *peer, block func())
		poke func(a, b *peer)
	}{
		{"OnConnectionStateChange", func(b *peer, block func()) { b.OnConnectionStateChange(func(PeerConnectionState) { block() }) },
			func(a, b *peer) { a.w.net.Cut(a.host, b.host) }},
		{"OnDataChannel", func(b *peer, block func()) { b.OnDataChannel(func(*DataChannel) { block() }) },
			func(a, b *peer) { a.channel("another", nil) }},
		{"OnMessage", func(b *peer, block func()) { b.channels[0].OnMessage(func(DataChannelMessage) { block() }) },
			func(a, b *peer) { a.check(a.channels[0].SendText("now"), "SendText") }},
		{"OnMessagePush", func(b *peer, block func()) { b.channels[0].OnMessagePush(func(DataChannelMessage) { block() }) },
			func(a, b *peer) { a.check(a.channels[0].SendText("now"), "SendText") }},
		{"OnOpen, set late", func(b *peer, block func()) { b.channels[0].OnOpen(block) }, func(a, b *peer) {}},
		{"OnClosing", func(b *peer, block func()) { b.channels[0].OnClosing(block) },
			func(a, b *peer) { a.check(a.channels[0].Close(), "DataChannel.Close") }},
		{"OnClose", func(b *peer, block func()) { b.channels[0].OnClose(block) },
			func(a, b *peer) { a.check(a.channels[0].Close(), "DataChannel.Close") }},
		{"OnError", func(b *peer, block func()) { b.channels[0].OnError(func(error) { block() }) },
			func(a, b *peer) { a.check(a.Close(), "Close") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.connectedPair(a, b)
				release, blocked := make(chan struct{}), make(chan struct{})
				var once sync.Once
				c.set(b, func() { once.Do(func() { close(blocked); <-release }) })
				c.poke(a, b)
				<-blocked
				b.check(b.Close(), "Close")
				graceful := make(chan struct{})
				go func() { b.check(b.GracefulClose(), "GracefulClose"); close(graceful) }()
				synctest.Wait()
				select {
				case <-graceful:
					t.Error("GracefulClose returned while a handler was running")
				default:
				}
				close(release)
				<-graceful
			})
		})
	}
}

// TestVirtualMethodsAfterCloseMatchErrClosed calls everything that can fail.
func TestVirtualMethodsAfterCloseMatchErrClosed(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		d := w.connectedPair(a, b)
		sctp := a.SCTP()
		detached, err := a.channel("detached", &DataChannelInit{Negotiated: new(true), ID: new(uint16(7))}).Detach()
		a.must(err, "Detach")
		a.check(a.Close(), "Close")
		ctx := context.Background()
		for _, c := range []struct {
			name string
			call func() error
		}{
			{"CreateOffer", func() error { _, err := a.CreateOffer(nil); return err }},
			{"CreateAnswer", func() error { _, err := a.CreateAnswer(nil); return err }},
			{"SetLocalDescription", func() error { return a.SetLocalDescription(SessionDescription{}) }},
			{"SetRemoteDescription", func() error { return a.SetRemoteDescription(SessionDescription{Type: SDPTypeOffer}) }},
			{"Rollback", a.Rollback},
			{"AddICECandidate", func() error { return a.AddICECandidate(ICECandidateInit{}) }},
			{"CreateDataChannel", func() error { _, err := a.CreateDataChannel("late", nil); return err }},
			{"SetConfiguration", func() error { return a.SetConfiguration(Configuration{}) }},
			{"DataChannel.Send", func() error { return d.Send(nil) }},
			{"DataChannel.SendText", func() error { return d.SendText("late") }},
			{"DataChannel.SendContext", func() error { return d.SendContext(ctx, nil) }},
			{"DataChannel.SendTextContext", func() error { return d.SendTextContext(ctx, "late") }},
			{"DataChannel.Receive", func() error { _, err := d.Receive(ctx); return err }},
			{"DataChannel.Detach", func() error { _, err := d.Detach(); return err }},
			{"DataChannel.DetachWithDeadline", func() error { _, err := d.DetachWithDeadline(); return err }},
			{"detached.Read", func() error { _, err := detached.Read(make([]byte, 10)); return err }},
			{"detached.Write", func() error { _, err := detached.Write(make([]byte, 10)); return err }},
		} {
			if err := c.call(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s after Close returned %v, want an error that matches net.ErrClosed", c.name, err)
			}
		}
		// These have nothing to fail with.
		a.RestartICE()
		a.check(d.Close(), "DataChannel.Close")
		a.check(d.GracefulClose(), "DataChannel.GracefulClose")
		d.OnOpen(func() { t.Error("OnOpen's handler was called for a channel that is closed") })
		d.SetBufferedAmountLowThreshold(1)
		if sctp.GetCapabilities().MaxMessageSize == 0 || sctp.MaxChannels() != 0 || sctp.Transport().GetRemoteCertificate() != nil {
			t.Error("a closed transport reports what only a connected one has")
		}
		time.Sleep(time.Second)
	})
}
