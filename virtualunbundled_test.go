package webrtc

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// An unbundled call has a transport for each of audio, video and data.
type unbundled struct {
	w     *world
	a, b  *peer
	fromA []*source // video, audio
	fromB []*source
	atA   *audience
	atB   *audience
	chat  *DataChannel
}

func inUnbundledCall(t *testing.T, settings SettingEngine, scenario func(w *world, c *unbundled)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		w.net.SetDefaultPath(simnet.Path{Delay: 20 * time.Millisecond})
		c := &unbundled{w: w, a: w.peer("a", simnet.Addrs("192.0.2.1")), b: w.peerWith("b", settings, simnet.Addrs("192.0.2.2"))}
		// Each section that is added later has a transport too.
		c.a.must(c.a.Close(), "Close")
		c.a.open(Configuration{BundlePolicy: BundlePolicyMaxCompat})
		w.signal(c.a, c.b, fixed(time.Millisecond))
		for _, p := range []*peer{c.a, c.b} {
			camera, _ := p.source(MimeTypeVP8, "camera-"+p.name)
			voice, _ := p.source(MimeTypeOpus, "voice-"+p.name)
			if p == c.a {
				c.fromA = []*source{camera, voice}
			} else {
				c.fromB = []*source{camera, voice}
			}
		}
		c.chat = c.a.channel("chat", nil)
		c.atA, c.atB = c.a.audience(100*time.Millisecond), c.b.audience(100*time.Millisecond)
		c.a.exchanges(c.b, withoutBundle)
		w.within(10*time.Second, "both are connected", connected(c.a, c.b))
		scenario(w, c)
	})
}

func (c *unbundled) talk(n int) {
	together(n, 10*time.Millisecond, append(slices.Clone(c.fromA), c.fromB...)...)
}

// transports returns those of p's senders and of its data.
func (c *unbundled) transports(p *peer) []*DTLSTransport {
	var list []*DTLSTransport
	for _, s := range p.GetSenders() {
		list = append(list, s.Transport())
	}
	return append(list, p.SCTP().Transport())
}

// RFC 9143 §7.1: a peer that knows no bundle has each section on a transport of its
// own, in either role of DTLS, and all work beside each other.
func TestVirtualSectionsOnTransportsOfTheirOwn(t *testing.T) {
	for _, role := range []DTLSRole{DTLSRoleClient, DTLSRoleServer} {
		t.Run("the answerer is the "+role.String(), func(t *testing.T) {
			var settings SettingEngine
			if err := settings.SetAnsweringDTLSRole(role); err != nil {
				t.Fatal(err)
			}
			inUnbundledCall(t, settings, func(w *world, c *unbundled) {
				for _, p := range []*peer{c.a, c.b} {
					list := c.transports(p)
					for i, d := range list {
						if d == nil || slices.Contains(list[:i], d) || d.State() != DTLSTransportStateConnected {
							w.Errorf("%s: transport %d is %v", p.name, i, d)
						}
					}
				}
				c.talk(20)
				c.atB.gotAll(c.fromA)
				c.atA.gotAll(c.fromB)
				c.a.must(c.chat.SendText("hello"), "SendText")
				w.within(time.Second, "b hears a", c.b.got("hello"))
			})
		})
	}
}

// What a program writes of RTCP reaches the stream that it is about, wherever that
// is; reports and requests go with their streams.
func TestVirtualRTCPWithoutBundle(t *testing.T) {
	inUnbundledCall(t, SettingEngine{}, func(w *world, c *unbundled) {
		c.talk(5)
		var readers []*reading
		for _, s := range c.a.GetSenders() {
			readers = append(readers, reads(s.ReadRTCP))
		}
		for _, s := range c.a.GetSenders() {
			c.b.must(c.b.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(s.GetParameters().Encodings[0].SSRC)}}), "WriteRTCP")
		}
		c.talk(1000)
		for i, r := range readers {
			if n := len(of[*rtcp.PictureLossIndication](r.got())); n != 1 {
				w.Errorf("sender %d was asked for %d key frames, want 1", i, n)
			}
			reports := 0
			for _, p := range r.got() {
				if s, ok := p.(*rtcp.SenderReport); ok && len(s.Reports) == 1 {
					reports++
				}
			}
			if reports == 0 {
				w.Errorf("sender %d has read no reports: %s", i, kindsOf(r.got()))
			}
		}
	})
}

// A section that is put on hold, and an ICE restart, leave the others alone.
func TestVirtualHoldAndRestartWithoutBundle(t *testing.T) {
	inUnbundledCall(t, SettingEngine{}, func(w *world, c *unbundled) {
		c.talk(10)
		c.a.must(c.a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionInactive), "SetDirection")
		c.a.exchanges(c.b, withoutBundle)
		c.talk(10)
		for _, h := range []*audience{c.atA, c.atB} {
			for _, s := range h.sinks() {
				if held := s.track.Kind() == RTPCodecTypeVideo; held && !s.has(0, 9) || !held && !s.has(0, 19) || s.ended() != held {
					w.Errorf("%s: %v, ended %v, while video is on hold", s.track.ID(), s.got(), s.ended())
				}
			}
		}
		c.a.must(c.a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionSendrecv), "SetDirection")
		c.a.RestartICE()
		c.a.exchanges(c.b, withoutBundle)
		c.talk(10)
		w.within(10*time.Second, "both are connected", connected(c.a, c.b))
		c.talk(10)
		for _, h := range []*audience{c.atA, c.atB} {
			for _, s := range h.sinks() {
				if voice := s.track.Kind() == RTPCodecTypeAudio; voice && !s.has(0, 39) {
					w.Errorf("%s has a gap: %v", s.track.ID(), s.got())
				}
			}
			if got := h.last().got(); h.last().track.Kind() != RTPCodecTypeVideo || len(got) != 20 || got[0] != 20 {
				w.Errorf("after the hold %s has brought %v", h.last().track.ID(), got)
			}
		}
	})
}

// A transport whose path is gone takes its own media with it, and no other.
func TestVirtualOneTransportOfSeveralIsCut(t *testing.T) {
	inUnbundledCall(t, SettingEngine{}, func(w *world, c *unbundled) {
		c.talk(10)
		pair, err := c.a.GetSenders()[0].Transport().ICETransport().GetSelectedCandidatePair()
		c.a.must(err, "GetSelectedCandidatePair")
		at := func(c *ICECandidate) netip.AddrPort {
			return netip.AddrPortFrom(netip.MustParseAddr(c.Address), c.Port)
		}
		here, there := at(pair.Local), at(pair.Remote)
		w.net.SetFilter(func(p simnet.Packet) bool {
			return p.From != here && p.To != here && p.From != there && p.To != there
		})
		c.talk(10)
		for _, h := range []*audience{c.atA, c.atB} {
			for _, s := range h.sinks() {
				if video := s.track.Kind() == RTPCodecTypeVideo; video && !s.has(0, 9) || !video && !s.has(0, 19) {
					w.Errorf("%s: %v, with the path of video cut", s.track.ID(), s.got())
				}
			}
		}
		w.within(time.Minute, "a is failed", func() bool { return c.a.ConnectionState() == PeerConnectionStateFailed })
		if s := c.a.GetSenders()[1].Transport().ICETransport().State(); s != ICETransportStateConnected && s != ICETransportStateCompleted {
			w.Errorf("the transport of the voice is %s", s)
		}
		// What was written for nobody is not sent when the path is back.
		w.net.SetFilter(nil)
		c.a.RestartICE()
		c.a.exchanges(c.b, withoutBundle)
		w.within(time.Minute, "both are connected", connected(c.a, c.b))
		c.talk(10)
		for _, s := range c.atB.sinks() {
			if got := s.got(); len(got) == 0 || got[len(got)-1] != 29 {
				w.Errorf("%s has not come back: %v", s.track.ID(), got)
			}
		}
	})
}

// Interceptors see the streams of all transports.
func TestVirtualInterceptorsWithoutBundle(t *testing.T) {
	seen := &witness{name: "a"}
	registry := &interceptor.Registry{}
	registry.Add(seen)
	inWorld(t, 1, func(w *world) {
		a := w.peerOf("a", NewAPI(WithInterceptorRegistry(registry)), simnet.Addrs("192.0.2.1"))
		b := w.peer("b", simnet.Addrs("192.0.2.2"))
		w.signal(a, b, fixed(time.Millisecond))
		camera, _ := a.source(MimeTypeVP8, "camera")
		voice, _ := a.source(MimeTypeOpus, "voice")
		atB := b.audience(0)
		a.exchanges(b, withoutBundle)
		w.within(10*time.Second, "both are connected", connected(a, b))
		together(10, 10*time.Millisecond, camera, voice)
		atB.gotAll([]*source{camera, voice})
		if local, _, sent, _ := seen.calm(); len(local) != 2 || sent != 20 {
			w.Errorf("%d streams with %d packets were seen", len(local), sent)
		}
	})
}

// Sections come and go on transports of their own, which go with them.
func TestVirtualTransportsComeAndGo(t *testing.T) {
	inUnbundledCall(t, SettingEngine{}, func(w *world, c *unbundled) {
		for i := range 5 {
			before := len(*c.a.mediaTransports.Load())
			s, sender := c.a.source(MimeTypeVP8, fmt.Sprintf("more-%d", i))
			c.a.exchanges(c.b, withoutBundle)
			w.within(10*time.Second, "both are connected", connected(c.a, c.b))
			together(5, 10*time.Millisecond, s)
			c.atB.gotAll([]*source{s})
			if n := len(*c.a.mediaTransports.Load()); n != before+1 {
				w.Errorf("%d transports with media, %d before", n, before)
			}
			c.a.must(sender.Stop(), "Stop")
			c.a.exchanges(c.b, withoutBundle)
			time.Sleep(100 * time.Millisecond)
			for _, p := range []*peer{c.a, c.b} {
				if n := len(*p.mediaTransports.Load()); n != before {
					w.Errorf("%s: %d transports with media are left, %d before", p.name, n, before)
				}
			}
		}
		c.talk(10)
		c.atA.gotAll(c.fromB)
	})
}
