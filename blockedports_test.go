package webrtc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// webrtc-pc §4.4.2, addIceCandidate: a TCP candidate on a port of the Fetch Standard's
// block bad port list is as if it had not come.
func TestVirtualCandidatesOnBlockedPortsAreIgnored(t *testing.T) {
	if !slices.IsSorted(blockedPorts) {
		t.Error("the list is not sorted")
	}
	for _, c := range []struct {
		port    int
		kind    string
		checked bool
		inOffer bool
	}{
		{22, "passive", false, true},
		{2049, "passive", false, false},
		{10080, "so", false, false},
		{8001, "passive", true, true},
		{8001, "passive", true, false},
	} {
		inWorld(t, 1, func(w *world) {
			a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
			candidate := fmt.Sprintf("candidate:1 1 tcp 1518214911 192.0.2.1 %d typ host tcptype %s", c.port, c.kind)
			a.channel("data", nil)
			offer, err := a.CreateOffer(nil)
			a.must(err, "CreateOffer")
			if c.inOffer {
				offer.SDP += "a=" + candidate + "\r\n"
			}
			var j journal
			b.OnICEConnectionStateChange(func(s ICEConnectionState) { j.note("%s", s) })
			b.must(b.SetRemoteDescription(offer), "SetRemoteDescription")
			b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
			mid := "0"
			if !c.inOffer {
				b.must(b.AddICECandidate(ICECandidateInit{Candidate: candidate, SDPMid: &mid}), "AddICECandidate")
			}
			time.Sleep(time.Second)
			if checked := len(j.read()) > 0; checked != c.checked {
				t.Errorf("port %d: the states %v", c.port, j.read())
			}
			if listed := len(b.SCTP().Transport().ICETransport().GetRemoteCandidates()) > 0; listed != c.checked {
				t.Errorf("port %d: the candidate is listed: %v", c.port, listed)
			}
		})
	}
}

// RFC 9429 §5.2.1: the fingerprints of all certificates are offered, and the one in
// use proves the peer.
func TestVirtualSeveralCertificates(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
		var config Configuration
		for range 2 {
			certificate, err := newDefaultCertificate()
			a.must(err, "a certificate")
			config.Certificates = append(config.Certificates, *certificate)
		}
		a.must(a.Close(), "Close")
		a.open(config)
		a.must(a.SetConfiguration(config), "SetConfiguration")
		d := a.channel("data", nil)
		offer, err := a.CreateOffer(nil)
		a.must(err, "CreateOffer")
		for _, certificate := range config.Certificates {
			fingerprints, err := certificate.GetFingerprints()
			a.must(err, "GetFingerprints")
			if line := "\r\na=fingerprint:sha-256 " + strings.ToUpper(fingerprints[0].Value) + "\r\n"; !strings.Contains(offer.SDP, line) {
				t.Errorf("the offer has no line %q", line)
			}
		}
		w.signal(a, b, fixed(0))
		a.negotiates(b, 0)
		w.within(10*time.Second, "the channel opens", func() bool { return d.ReadyState() == DataChannelStateOpen })
	})
}
