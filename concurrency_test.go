package webrtc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

// methods are the public methods, called on a connection and a channel that
// others use at the same time. Some fail, as the state goes up and down.
func methods(pc *PeerConnection, d *DataChannel) map[string]func() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	calls := map[string]func(){
		"CreateOffer":         func() { _, _ = pc.CreateOffer(&OfferOptions{ICERestart: true}) },
		"CreateAnswer":        func() { _, _ = pc.CreateAnswer(nil) },
		"SetLocalDescription": func() { _ = pc.SetLocalDescription(SessionDescription{}) },
		"SetRemoteDescription": func() {
			_ = pc.SetRemoteDescription(SessionDescription{Type: SDPTypeRollback})
			_ = pc.SetRemoteDescription(SessionDescription{Type: SDPTypeOffer, SDP: "v=0\r\n"})
		},
		"Rollback":        func() { _ = pc.Rollback() },
		"AddICECandidate": func() { _ = pc.AddICECandidate(ICECandidateInit{SDPMLineIndex: new(uint16)}) },
		"RestartICE":      pc.RestartICE,
		"CreateDataChannel": func() {
			if d, err := pc.CreateDataChannel("another", nil); err == nil {
				_ = d.Close()
			}
		},
		"SetConfiguration": func() { _ = pc.SetConfiguration(pc.GetConfiguration()) },
		"getters": func() {
			_, _, _, _ = pc.SignalingState(), pc.ICEConnectionState(), pc.ICEGatheringState(), pc.ConnectionState()
			_, _, _ = pc.LocalDescription(), pc.CurrentLocalDescription(), pc.PendingLocalDescription()
			_, _, _ = pc.RemoteDescription(), pc.CurrentRemoteDescription(), pc.PendingRemoteDescription()
			_, _, _, _ = pc.CanTrickleICECandidates(), pc.NegotiationNeeded(), pc.GetConfiguration(), pc.ID()
		},
		"handlers": func() {
			pc.OnSignalingStateChange(func(SignalingState) { _ = pc.LocalDescription() })
			pc.OnICEConnectionStateChange(func(ICEConnectionState) {})
			pc.OnICECandidate(func(c *ICECandidate) { _ = fmt.Sprint(c) })
			pc.OnNegotiationNeeded(func() { _ = pc.NegotiationNeeded() })
			d.OnOpen(func() { _ = d.SendText("open") })
			d.OnClose(func() {})
			d.OnError(func(error) {})
			d.OnBufferedAmountLow(func() {})
			d.OnClosing(func() {})
			d.OnDial(func() {})
		},
		"transports": func() {
			sctp := pc.SCTP()
			if sctp == nil {
				return
			}
			_, _, _, _ = sctp.State(), sctp.MaxMessageSize(), sctp.MaxChannels(), sctp.GetCapabilities()
			sctp.OnStateChange(func(SCTPTransportState) {})
			sctp.OnError(func(error) {})
			sctp.OnClose(func(error) {})
			dtls := sctp.Transport()
			_, _, _ = dtls.State(), dtls.GetRemoteCertificates(), dtls.GetRemoteCertificate()
			_, _ = dtls.GetLocalParameters()
			dtls.OnStateChange(func(DTLSTransportState) {})
			dtls.OnError(func(error) {})
			ice := dtls.ICETransport()
			_, _, _, _ = ice.State(), ice.GatheringState(), ice.Role(), ice.Component()
			_, _ = ice.GetSelectedCandidatePair()
			_, _ = ice.GetLocalParameters()
			_, _ = ice.GetRemoteParameters()
			_, _ = ice.GetLocalCandidates(), ice.GetRemoteCandidates()
			ice.OnConnectionStateChange(func(ICETransportState) {})
			ice.OnGatheringStateChange(func(ICEGathererState) {})
			ice.OnSelectedCandidatePairChange(func(*ICECandidatePair) {})
		},
		"channel": func() {
			_ = d.Send([]byte("binary"))
			_ = d.SendText("text")
			_, _, _, _ = d.Label(), d.Protocol(), d.ID(), d.ReadyState()
			_, _, _, _ = d.Ordered(), d.MaxPacketLifeTime(), d.MaxRetransmits(), d.Negotiated()
			_, _, _ = d.BufferedAmount(), d.BufferedAmountLowThreshold(), d.Transport()
			d.SetBufferedAmountLowThreshold(uint64(rand.IntN(1000)))
			d.OnMessage(func(DataChannelMessage) {})
			d.OnMessagePush(nil)
		},
		"channel, waiting": func() {
			_ = d.SendContext(ctx, []byte("binary"))
			_ = d.SendTextContext(ctx, "text")
		},
	}
	calls["end"] = cancel
	return calls
}

// TestEverythingAtOnce calls every public method from many goroutines on pairs
// that connect, restart, roll back and close. It is for the race detector, and
// for deadlocks: each call has to return, and Close to leave nothing.
func TestEverythingAtOnce(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 4
	}
	leaktest.Check(t)
	api, config := loopbackAPI(), sharedCertificate(t)
	for round := range rounds {
		p, err := newLoopbackPair(api, config)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		var callers sync.WaitGroup
		for _, pc := range []*PeerConnection{p.offerer, p.answerer} {
			for name, call := range methods(pc, p.channel) {
				if name == "end" {
					defer call()
					continue
				}
				for range 2 {
					callers.Go(func() {
						for {
							select {
							case <-ended:
								return
							default:
								call()
								time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
							}
						}
					})
				}
			}
		}
		// Negotiates in the middle of it, as well as it can.
		for range 1 + round%4 {
			_ = p.offerer.SetLocalDescription(SessionDescription{})
			if d := p.offerer.PendingLocalDescription(); d != nil && p.answerer.SetRemoteDescription(*d) == nil {
				_ = p.answerer.SetLocalDescription(SessionDescription{})
				if d := p.answerer.LocalDescription(); d != nil {
					_ = p.offerer.SetRemoteDescription(*d)
				}
			}
			time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
		}
		p.closes(t)
		time.Sleep(5 * time.Millisecond) // they all meet a closed connection too
		close(ended)
		done := make(chan struct{})
		go func() { callers.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(closeLimit):
			t.Fatal("some call does not return")
		}
		if err := p.offerer.SetLocalDescription(SessionDescription{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetLocalDescription after Close returned %v", err)
		}
	}
}

// TestCloseMeetsEveryMethod closes a connected pair while other goroutines are
// inside one method each, over and over.
func TestCloseMeetsEveryMethod(t *testing.T) {
	leaktest.Check(t)
	api, config := loopbackAPI(), sharedCertificate(t)
	probe, err := newLoopbackPair(api, config)
	if err != nil {
		t.Fatal(err)
	}
	names := methods(probe.offerer, probe.channel)
	probe.closes(t)
	for name := range names {
		if name == "end" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p, err := newLoopbackPair(api, config)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.negotiates(); err != nil {
				t.Fatal(err)
			}
			if err := p.talks(closeLimit); err != nil {
				t.Fatal(err)
			}
			calls := methods(p.offerer, p.channel)
			defer calls["end"]()
			ended, started := make(chan struct{}), make(chan struct{}, 4)
			var callers sync.WaitGroup
			for range 4 {
				callers.Go(func() {
					for first := true; ; first = false {
						select {
						case <-ended:
							return
						default:
							calls[name]()
							if first {
								started <- struct{}{}
							}
						}
					}
				})
			}
			<-started
			p.closes(t)
			close(ended)
			callers.Wait()
		})
	}
}
