package webrtc

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/internal/simnet"
)

var fingerprintLine = regexp.MustCompile(`a=fingerprint:(\S+) (\S+)`)

// withFingerprint replaces the fingerprints of a description.
func withFingerprint(d SessionDescription, line string) SessionDescription {
	d.SDP = fingerprintLine.ReplaceAllString(d.SDP, line)
	return d
}

// TestVirtualWrongFingerprint gives one side, or both, a fingerprint that is not
// the certificate's of its peer: it must not take a byte of data from it (RFC
// 8122 §6.2, RFC 8827 §6.5) and says why.
func TestVirtualWrongFingerprint(t *testing.T) {
	other := "a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":")
	for _, c := range []struct {
		name      string
		fooled    []string
		wrongLine string
	}{
		{"the answerer is told another's", []string{"b"}, other},
		{"the offerer is told another's", []string{"a"}, other},
		{"both are told another's", []string{"a", "b"}, other},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				w.net.SetDefaultPath(simnet.Path{Delay: 10 * time.Millisecond})
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(10*time.Millisecond))
				failures := map[string]*[]error{"a": {}, "b": {}} // each guarded by its peer's mu
				for _, p := range []*peer{a, b} {
					p.atTheAnswer(func() {
						p.SCTP().Transport().OnError(func(err error) {
							p.mu.Lock()
							defer p.mu.Unlock()
							*failures[p.name] = append(*failures[p.name], err)
						})
					})
				}
				// Both have a channel of number 1, on which data could flow at once.
				init := &DataChannelInit{Negotiated: new(true), ID: new(uint16(1))}
				for _, p := range []*peer{a, b} {
					d := p.channel("data", init)
					d.OnOpen(func() { _ = d.SendText("from " + p.name) })
				}
				isFooled := func(name string) bool {
					for _, n := range c.fooled {
						if n == name {
							return true
						}
					}
					return false
				}
				a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				offer := *a.LocalDescription()
				if isFooled("b") {
					offer = withFingerprint(offer, c.wrongLine)
				}
				b.must(b.SetRemoteDescription(offer), "SetRemoteDescription(offer)")
				b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				answer := *b.LocalDescription()
				if isFooled("a") {
					answer = withFingerprint(answer, c.wrongLine)
				}
				a.must(a.SetRemoteDescription(answer), "SetRemoteDescription(answer)")
				for _, p := range []*peer{a, b} {
					w.reaches(p, PeerConnectionStateFailed)
				}
				time.Sleep(time.Minute)
				for _, p := range []*peer{a, b} {
					if s := p.SCTP().Transport().State(); s != DTLSTransportStateFailed {
						t.Errorf("%s: DTLS is %s, want failed", p.name, s)
					}
					if p.SCTP().Transport().GetRemoteCertificate() != nil {
						t.Errorf("%s shows a remote certificate", p.name)
					}
					p.mu.Lock()
					if len(p.received) != 0 {
						t.Errorf("%s has received %q", p.name, p.received)
					}
					if s := p.channels[0].ReadyState(); s == DataChannelStateOpen {
						t.Errorf("%s: the channel is %s", p.name, s)
					}
					heard := *failures[p.name]
					p.mu.Unlock()
					if len(heard) != 1 {
						t.Fatalf("%s: OnError heard %v, want one error", p.name, heard)
					}
					var failure *rtcerr.RTCError
					if !errors.As(heard[0], &failure) {
						t.Fatalf("%s: the error is %v, want an RTCError", p.name, heard[0])
					}
					want := rtcerr.DetailDTLSFailure // told by the peer's alert
					if isFooled(p.name) {
						want = rtcerr.DetailFingerprintFailure
					}
					if len(c.fooled) == 1 && failure.Detail != want || len(c.fooled) == 2 && failure.Detail != want && failure.Detail != rtcerr.DetailDTLSFailure {
						t.Errorf("%s: the error is %v, want %s", p.name, failure, want)
					}
				}
			})
		})
	}
}

// TestVirtualDescriptionsWithoutUsableFingerprint never lead to a connection.
func TestVirtualDescriptionsWithoutUsableFingerprint(t *testing.T) {
	for name, line := range map[string]string{
		"none":               "a=x-no-fingerprint",
		"of an unknown hash": "a=fingerprint:sha-0 AB:CD",
		"too short":          "a=fingerprint:sha-256 AB:CD",
		"no hexadecimal":     "a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("XY:", 32), ":"),
		"sha-1 alone":        "a=fingerprint:sha-1 " + strings.TrimSuffix(strings.Repeat("AB:", 20), ":"),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 1, func(w *world) {
				a, b := w.peer("a", simnet.Addrs("192.0.2.1")), w.peer("b", simnet.Addrs("192.0.2.2"))
				w.signal(a, b, fixed(time.Millisecond))
				a.channel("data", nil)
				a.must(a.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				b.must(b.SetRemoteDescription(*a.LocalDescription()), "SetRemoteDescription(offer)")
				b.must(b.SetLocalDescription(SessionDescription{}), "SetLocalDescription")
				time.Sleep(time.Second) // all is gathered
				before := a.snapshot()
				if err := a.SetRemoteDescription(withFingerprint(*b.LocalDescription(), line)); err != nil {
					if now := a.snapshot(); now != before {
						t.Errorf("a refused description changed\n%+v\ninto\n%+v", before, now)
					}
					return
				}
				w.reaches(a, PeerConnectionStateFailed)
			})
		})
	}
}
