package webrtc

import (
	"slices"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// RFC 9429 §4.1.1 and webrtc-pc §5.2, [[SenderTransport]]: the transports of senders
// and receivers are null before a description that was set has the section, those of
// the policy in an offer, and one once the peer has bundled them.
func TestVirtualTransportsByBundlePolicy(t *testing.T) {
	for _, policy := range []BundlePolicy{BundlePolicyBalanced, BundlePolicyMaxCompat, BundlePolicyMaxBundle} {
		t.Run(policy.String(), func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				a.must(a.Close(), "Close")
				a.open(Configuration{BundlePolicy: policy})
				voice, _ := a.source(MimeTypeOpus, "voice")
				camera, _ := a.source(MimeTypeVP8, "camera")
				of := func(p *peer) (list []*DTLSTransport) {
					for _, tr := range p.GetTransceivers() {
						if tr.Sender().Transport() != tr.Receiver().Transport() {
							w.Errorf("%s: sender and receiver differ", p.name)
						}
						list = append(list, tr.Sender().Transport())
					}
					return list
				}
				offer, err := a.CreateOffer(nil)
				a.must(err, "CreateOffer")
				if list := of(a); list[0] != nil || list[1] != nil {
					w.Errorf("before the offer is set there are %v", list)
				}
				a.must(a.SetLocalDescription(offer), "SetLocalDescription")
				offered := of(a)
				if offered[0] == nil || offered[1] == nil || (offered[0] == offered[1]) != (policy == BundlePolicyMaxBundle) {
					w.Errorf("the offer has %v", offered)
				}
				b.must(b.SetRemoteDescription(offer), "SetRemoteDescription")
				// "If description is of type "answer"": an offer of the peer's gives none.
				if list := of(b); list[0] != nil || list[1] != nil {
					w.Errorf("before the answer there are %v", list)
				}
				// A rollback takes them back.
				a.must(a.Rollback(), "Rollback")
				if list := of(a); list[0] != nil || list[1] != nil {
					w.Errorf("after the rollback there are %v", list)
				}
				b.must(b.Rollback(), "Rollback")

				atB := b.audience(0)
				w.signal(a, b, fixed(time.Millisecond))
				a.exchanges(b, asItIs)
				for _, p := range []*peer{a, b} {
					if list := of(p); list[0] == nil || list[0] != list[1] {
						w.Errorf("%s: after the answer there are %v", p.name, list)
					}
				}
				w.within(10*time.Second, "both are connected", connected(a, b))
				together(20, 10*time.Millisecond, voice, camera)
				atB.gotAll([]*source{voice, camera})
			})
		})
	}
}

// A peer without bundle gets what the policy offers it: everything with max-compat,
// one section of each kind with balanced, the first with max-bundle (RFC 9429 §4.1.1).
func TestVirtualPoliciesWithoutBundle(t *testing.T) {
	for _, c := range []struct {
		policy  BundlePolicy
		accepts []bool // audio, video, video
		chats   bool
	}{
		{BundlePolicyBalanced, []bool{true, true, false}, true},
		{BundlePolicyMaxCompat, []bool{true, true, true}, true},
		{BundlePolicyMaxBundle, []bool{true, false, false}, false},
	} {
		t.Run(c.policy.String(), func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				a.must(a.Close(), "Close")
				a.open(Configuration{BundlePolicy: c.policy})
				w.signal(a, b, fixed(time.Millisecond))
				var sources, heard []*source
				for i, mime := range []string{MimeTypeOpus, MimeTypeVP8, MimeTypeVP8} {
					s, _ := a.source(mime, []string{"voice", "camera", "screen"}[i])
					sources = append(sources, s)
					if c.accepts[i] {
						heard = append(heard, s)
					}
				}
				all := a.GetTransceivers()
				chat := a.channel("chat", nil)
				atB := b.audience(0)
				a.exchanges(b, withoutBundle)
				w.within(10*time.Second, "both are connected", connected(a, b))
				var transports []*DTLSTransport
				for i, tr := range all {
					if accepted := tr.CurrentDirection() == RTPTransceiverDirectionSendonly; accepted != c.accepts[i] {
						w.Errorf("section %d is %s", i, tr.CurrentDirection())
					}
					if c.accepts[i] {
						if slices.Contains(transports, tr.Sender().Transport()) {
							w.Errorf("section %d shares a transport", i)
						}
						transports = append(transports, tr.Sender().Transport())
					}
				}
				together(20, 10*time.Millisecond, sources...)
				atB.gotAll(heard)
				if (a.SCTP() != nil) != c.chats {
					w.Errorf("there is the association %v", a.SCTP())
				}
				if c.chats {
					a.must(chat.SendText("hello"), "SendText")
					w.within(time.Second, "b hears a", b.got("hello"))
				}
			})
		})
	}
}
